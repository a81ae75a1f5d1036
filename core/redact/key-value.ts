/** Hides the value behind a name that says it is secret, whatever notation the pair is written in. */
import { authorizationAt } from './authorization.ts';
import { looksHex, looksRandom } from './chance.ts';
import { cookiesAt } from './cookies.ts';
import { judgeName, NAME_TAILS, type NameVerdict } from './names.ts';
import { isComplaint, isPlaceholder } from './placeholders.ts';
import type { Scan } from './scan.ts';
import { CERTAINTY } from './spans.ts';
import { bareEnd, bareValue, openingQuote, type Value } from './values.ts';

const LONGEST_NAME = 72;
const LONGEST_LABEL_GAP = 160;
const CACHED_NAMES = 4096;
const SCHEME = /^(?:Bearer|Basic|Token|ApiKey|Api-Key|SSWS|Bot|JWT)\s+(?=\S)/i;

/** By three folded letters; a name of two letters stands after anything. */
const tails = new Uint8Array(1 << 15);
for (const tail of NAME_TAILS) {
  const [c = 0, b = 0, a = 0] = [...tail].reverse().map((letter) => letter.charCodeAt(0) & 31);
  for (let any = 0; any < 32; any++) if (tail.length === 2 || any === a) tails[(any << 10) | (b << 5) | c] = 1;
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
for (const c of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-[]%$') inName[c.charCodeAt(0)] = 1;

const verdicts = new Map<string, NameVerdict>();

function judge(name: string): NameVerdict {
  let verdict = verdicts.get(name);
  if (verdict === undefined) {
    verdict = judgeName(name);
    if (verdicts.size >= CACHED_NAMES) verdicts.clear();
    verdicts.set(name, verdict);
  }
  return verdict;
}

interface Name {
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
  while (end > 0 && at - end < 4 && (text.charCodeAt(end - 1) === 32 || text.charCodeAt(end - 1) === 9)) end--;
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
      const escape = ESCAPE.exec(text.slice(Math.max(0, end - 8), end));
      if (!escape) break;
      end -= escape[0].length;
      quoted ||= !/5d$/i.test(escape[0]);
    } else break;
  }
  return { end, quoted, inParens };
}

/** The common case, before anything is allocated: a letter, perhaps a quote, and no name that could matter. */
function cannotMatter(text: string, at: number): boolean {
  const c = text.charCodeAt(at - 1);
  const last = c === 34 || c === 39 ? at - 2 : at - 1;
  return isLetter(last === at - 1 ? c : text.charCodeAt(last)) && !mayMatter(text, last) && !endsEscape(text, last + 1, text.charCodeAt(last));
}

/** The name that ends before `at`, judged; undefined if it cannot matter. */
function nameBefore(text: string, at: number): Name | undefined {
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

const isDigits = (value: string, most: number): boolean => value.length <= most && /^\d+(?:\.\d+)?$/.test(value);

/** Whether the value behind this name must be hidden; `head` is its beginning, at most 256 characters. */
function isSecret(verdict: NameVerdict, head: string, bare: boolean, prose: boolean): boolean {
  if (isPlaceholder(head)) return false;
  if (verdict.is === 'maybe' || verdict.is === 'label') {
    if (verdict.kind === 'key' && head.includes(':')) return false;
    return looksRandom(head) || looksHex(head);
  }
  if (!bare && isComplaint(head)) return false;
  if (isDigits(head, verdict.kind === 'token' ? 9 : 3)) return false;
  if (verdict.kind !== 'password') return head.length >= 3 && !prose;
  return head.length >= 2;
}

/** Judges the pair whose separator is at [`from`, `to`); returns where to go on reading. */
export function pairAt(scan: Scan, from: number, to: number, encoded = false): number {
  const name = nameBefore(scan.text, from);
  if (name === undefined || name.verdict.is === 'none') return to;
  const at = valueStart(scan.text, to, name.inParens);
  const next = valueAt(scan, name, at, encoded);
  return Math.max(next, to);
}

function valueStart(text: string, from: number, inParens: boolean): number {
  const gap = /[=>]{0,2}(?:[ \t]|%20|\+(?=%))*/y;
  gap.lastIndex = from;
  gap.test(text);
  const at = gap.lastIndex;
  return inParens && text.charCodeAt(at) === 40 ? at + 1 : at;
}

function valueAt(scan: Scan, name: Name, at: number, encoded: boolean): number {
  let { verdict } = name;
  const { label } = scan;
  if (verdict.is === 'value') {
    scan.label = undefined;
    if (label === undefined || name.start - label.at > LONGEST_LABEL_GAP) return at;
    verdict = label.verdict;
  }
  if (verdict.is === 'authorization') return authorizationAt(scan, at, encoded);
  if (verdict.is === 'cookie') return cookiesAt(scan, at);
  if (scan.text.charCodeAt(at) === 91) return listAt(scan, name, verdict, at + 1, encoded);
  const value = readValue(scan, at, encoded);
  if (verdict.is === 'label') noteLabel(scan, value);
  return hide(scan, name, verdict, value, encoded);
}

/** `["a", "b"]`: each string in turn; Go prints `[a]` bare. */
function listAt(scan: Scan, name: Name, verdict: NameVerdict, from: number, encoded: boolean): number {
  const gap = /[ \t]*,?[ \t]*/y;
  let at = from;
  for (let items = 0; items < 64; items++) {
    const value = readValue(scan, at, encoded);
    if (value.open === '' && items > 0) return at;
    hide(scan, name, verdict, value, encoded);
    gap.lastIndex = value.end + value.open.length;
    gap.test(scan.text);
    at = gap.lastIndex;
    if (value.open === '' || scan.text.charCodeAt(at) === 93) return at;
  }
  return at;
}

function readValue(scan: Scan, at: number, encoded: boolean): Value {
  const { text } = scan;
  const quote = openingQuote(text, at);
  if (quote) {
    const end = scan.closings.find(text, quote.open, quote.start);
    if (end >= 0) return { start: quote.start, end, open: quote.open, whole: true };
    return bareValue(text, quote.start, encoded);
  }
  const c = text.charCodeAt(at);
  if (c === 123 && text.charCodeAt(at + 1) !== 123) return { start: at, end: at, open: '', whole: true };
  if (c === 124 || (c === 62 && text.charCodeAt(at - 1) === 32)) return blockScalar(text, at);
  return bareValue(text, at, encoded);
}

/** YAML's `password: |` holds its value in the next, deeper line. */
function blockScalar(text: string, at: number): Value {
  const lead = /[|>][+-]?[ \t]*\r?\n[ \t]+/y;
  lead.lastIndex = at;
  return bareValue(text, lead.test(text) ? lead.lastIndex : at, false);
}

function hide(scan: Scan, name: Name, verdict: NameVerdict, value: Value, encoded: boolean): number {
  const { text } = scan;
  const { start, open } = value;
  let { end } = value;
  const head = text.slice(start, Math.min(end, start + 256));
  const prose = open === '' && /^[a-z]{1,14}$/.test(head) && /^ [a-z]/.test(text.slice(end, end + 2));
  if (/^\/[\w.-]/.test(head) && /pwd$/i.test(text.slice(name.start, name.start + 12))) return end;
  if (!isSecret(verdict, head, open === '', prose)) return Math.min(end, start);
  if (!value.whole) end = bareEnd(text, end, encoded);
  const scheme = SCHEME.exec(head);
  const quote = open === '' && name.quoted && isDigits(head, 64) ? jsonQuote(text, name) : '';
  scan.spans.add(start + (scheme?.[0].length ?? 0), end, verdict.kind || 'secret', CERTAINTY.key, quote);
  return end;
}

/** A number behind a quoted name: JSON wants the mark in quotes, written as the name's own. */
function jsonQuote(text: string, name: Name): string {
  const quote = /(\\*["'])$/.exec(text.slice(Math.max(0, name.start - 8), name.start));
  return quote?.[1] ?? '';
}

/** Remembers a name given as a value, and reads the form part whose header it stands in. */
function noteLabel(scan: Scan, value: Value): void {
  const { text } = scan;
  if (value.end - value.start > LONGEST_NAME || value.end <= value.start) return;
  const verdict = judge(text.slice(value.start, value.end));
  if (verdict.is === 'none' || verdict.is === 'label' || verdict.is === 'value') return;
  scan.label = { verdict, at: value.end };
  const part = /(?:\\*["'])?(?:; ?[\w*-]{1,20}=[^\r\n\\]{0,80})?(?:(?:\r?\n|\\r\\n|\\n)[A-Z][\w-]{1,30}: [^\r\n\\]{0,80})?(?:\r?\n|\\r\\n|\\n){2}/y;
  part.lastIndex = value.end;
  if (!part.test(text) || verdict.is === 'maybe') return;
  const start = part.lastIndex;
  const end = bareEnd(text, start, false);
  if (!isPlaceholder(text.slice(start, Math.min(end, start + 256)))) {
    scan.spans.add(start, end, verdict.kind, CERTAINTY.key);
  }
}

/** `("authorization", "Bearer x")`: a pair written as two strings, the comma at `at`. */
export function tupleAt(scan: Scan, at: number): number {
  const name = nameBefore(scan.text, at);
  if (name === undefined || !name.quoted || !/["']/.test(scan.text.charAt(name.start - 1))) return at + 1;
  const { verdict } = name;
  const start = valueStart(scan.text, at + 1, false);
  if (!openingQuote(scan.text, start)) return at + 1;
  if (verdict.is === 'authorization') return Math.max(at + 1, authorizationAt(scan, start, false));
  if (verdict.is === 'cookie') return Math.max(at + 1, cookiesAt(scan, start));
  if (verdict.is !== 'secret' && verdict.is !== 'maybe') return at + 1;
  hide(scan, name, { is: 'maybe', kind: verdict.kind }, readValue(scan, start, false), false);
  return at + 1;
}

/** `<password>x</password>`: the tag's `>` is at `at`. */
export function elementAt(scan: Scan, at: number, to: number): number {
  const { text } = scan;
  const name = nameBefore(text, at);
  if (name === undefined || !/[<:;/]/.test(text.charAt(name.start - 1))) return to;
  if (name.verdict.is !== 'secret' && name.verdict.is !== 'maybe') return to;
  let end = to;
  while (end < text.length && end - to < 4096) {
    const c = text.charCodeAt(end);
    if (c === 60 || c === 10 || (c === 38 && text.startsWith('lt;', end + 1))) break;
    end++;
  }
  if (end < text.length && text.charCodeAt(end) === 10) return to;
  return hide(scan, name, name.verdict, { start: to, end, open: '', whole: true }, false);
}

/** `PASSWORD 'x'`, `IDENTIFIED BY 'x'`: a quote at `at` right after a name and a blank. */
export function quotedAfterName(scan: Scan, at: number): number {
  const { text } = scan;
  const before = text.slice(Math.max(0, at - 24), at);
  if (!/(?:(?:^|[^\w])(?:[\w.-]*_)?(?:password|passwd|pwd|passphrase|secret|token|api_?key)|identified by|password as) $/i.test(before)) return at + 1;
  const value = readValue(scan, at, false);
  if (value.open === '') return at + 1;
  const head = text.slice(value.start, Math.min(value.end, value.start + 256));
  if (isPlaceholder(head) || isComplaint(head) || head.length < 4) return at + 1;
  scan.spans.add(value.start, value.end, 'password', CERTAINTY.key);
  return value.end;
}
