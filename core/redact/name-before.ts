/** Finds and judges the name in front of a separator, reading backwards past quotes, brackets and escapes. */
import { judgeName, NAME_TAILS, type NameVerdict } from './names.ts';

export const LONGEST_NAME = 72;
const CACHED_NAMES = 4096;

/** By three folded letters; a name of two letters stands after anything. */
const tails = new Uint8Array(1 << 15);
for (const tail of NAME_TAILS) {
  const [c = 0, b = 0, a = 0] = [...tail].reverse().map((letter) => letter.charCodeAt(0) & 31);
  for (let any = 0; any < 32; any++)
    if (tail.length === 2 || any === a) tails[(any << 10) | (b << 5) | c] = 1;
}

/** Cheaply: whether a name whose last letter is at `last` can matter. */
function mayMatter(text: string, last: number): boolean {
  const c = text.charCodeAt(last);
  const b = text.charCodeAt(last - 1);
  if (c > 127 || b > 127 || c < 65) return false;
  const a = last > 1 ? text.charCodeAt(last - 2) : 0;
  if (tails[((a & 31) << 10) | ((b & 31) << 5) | (c & 31)] === 1) return true;
  if ((c | 32) !== 100 || (b | 32) !== 105) return false;
  const owner = (isLetter(a) ? a : text.charCodeAt(last - 3)) | 32;
  return owner === 110 || owner === 115;
}

const isLetter = (c: number): boolean => (c | 32) >= 97 && (c | 32) <= 122;

const inName = new Uint8Array(128);
for (const c of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-[]%$')
  inName[c.charCodeAt(0)] = 1;

const verdicts = new Map<string, NameVerdict>();

/** `judgeName`, remembered. */
export function judge(name: string): NameVerdict {
  let verdict = verdicts.get(name);
  if (verdict === undefined) {
    verdict = judgeName(name);
    if (verdicts.size >= CACHED_NAMES) verdicts.clear();
    verdicts.set(name, verdict);
  }
  return verdict;
}

export interface Name {
  readonly verdict: NameVerdict;
  readonly quoted: boolean;
  readonly inParens: boolean;
  readonly start: number;
}

const ESCAPE = /(?:&quot;|&#34;|&#39;|&#x27;|&apos;|%(?:25)?2[27]|\\+u002[27]|%5[Dd])$/;

/** Whether the character `c` before `end` can close an escaped quote or bracket. */
function endsEscape(text: string, end: number, c: number): boolean {
  if (c === 59) return true;
  const before = text.charCodeAt(end - 2);
  return ((c === 50 || c === 55) && before === 50) || ((c | 32) === 100 && before === 53);
}

/** Where the letters of a name that ends before `at` end, past its quote, bracket or escape. */
function nameEnd(text: string, at: number): { end: number; quoted: boolean; inParens: boolean } {
  let end = at;
  while (end > 0 && at - end < 4 && (text.charCodeAt(end - 1) === 32 || text.charCodeAt(end - 1) === 9))
    end--;
  let quoted = false;
  let inParens = false;
  for (let steps = 0; steps < 3 && end > 0; steps++) {
    const c = text.charCodeAt(end - 1);
    if (c === 34 || c === 39 || c === 96) {
      end--;
      while (end > 0 && text.charCodeAt(end - 1) === 92) end--;
      quoted = true;
    } else if (c === 93) end--;
    else if (c === 41) {
      end--;
      inParens = true;
    } else if (endsEscape(text, end, c)) {
      const closing = ESCAPE.exec(text.slice(Math.max(0, end - 8), end));
      if (!closing) break;
      end -= closing[0].length;
      quoted ||= !/5d$/i.test(closing[0]);
    } else break;
  }
  return { end, quoted, inParens };
}

/** The common case, before anything is allocated: a letter, perhaps a quote, and no name that could matter. */
function cannotMatter(text: string, at: number): boolean {
  let last = at - 1;
  let c = text.charCodeAt(last);
  if (c === 34 || c === 39) c = text.charCodeAt(--last);
  if (endsEscape(text, last + 1, c)) return false;
  while (c >= 48 && c <= 57) c = text.charCodeAt(--last);
  if (isLetter(c)) return !mayMatter(text, last);
  return c !== 32 && c !== 9 && c !== 34 && c !== 39 && c !== 41 && c !== 92 && c !== 93 && c !== 96;
}

/** The name that ends before `at`, judged; undefined if it cannot matter. */
export function nameBefore(text: string, at: number): Name | undefined {
  if (cannotMatter(text, at)) return undefined;
  const { end, quoted, inParens } = nameEnd(text, at);
  let tail = end - 1;
  while (tail > 1 && text.charCodeAt(tail) >= 48 && text.charCodeAt(tail) <= 57) tail--;
  if (tail < 1 || !mayMatter(text, tail)) return undefined;
  let start = tail - 1;
  const least = Math.max(0, end - LONGEST_NAME);
  while (start > least && isNameChar(text.charCodeAt(start - 1))) start--;
  start = afterEscape(text, start, tail);
  const before = text.charCodeAt(start - 1);
  if (before === 58 && text.endsWith('[redacted', start - 1)) return undefined;
  const longer = before === 32 ? withWordBefore(text, start, end, quoted) : start;
  if (longer < start) {
    const verdict = judge(text.slice(longer, end));
    if (verdict.is === 'secret') return { verdict, quoted, inParens, start: longer };
  }
  return { verdict: judge(text.slice(start, end)), quoted, inParens, start };
}

const isNameChar = (c: number): boolean => c < 128 && inName[c] === 1;

function afterEscape(text: string, start: number, tail: number): number {
  if (text.charCodeAt(start - 1) !== 92) return start;
  const c = text.charCodeAt(start);
  if (c === 117) return Math.min(tail, start + 5);
  return c === 110 || c === 114 || c === 116 ? Math.min(tail, start + 1) : start;
}

/** `API key: x` and `"Client Secret": "x"`: a name of two words. */
function withWordBefore(text: string, start: number, end: number, quoted: boolean): number {
  if (!quoted && !/^(?:key|pass|id|code)$/i.test(text.slice(start, end))) return start;
  const words = /(?:[A-Za-z]{2,12}[ ])$/.exec(text.slice(Math.max(0, start - 13), start));
  return words ? start - words[0].length : start;
}
