/** Hides the value behind a name that says it is secret, whatever notation the pair is written in. */
import { authorizationAt } from './authorization.ts';
import { looksHex, looksRandom } from './chance.ts';
import { cookiesAt } from './cookies.ts';
import { judge, LONGEST_NAME, type Name, nameBefore } from './name-before.ts';
import type { NameVerdict } from './names.ts';
import { isComplaint, isPlaceholder } from './placeholders.ts';
import type { Scan } from './scan.ts';
import { CERTAINTY } from './spans.ts';
import { bareEnd, bareValue, openingQuote, type Value } from './values.ts';

const LONGEST_LABEL_GAP = 160;
const SCHEME = /^(?:Bearer|Basic|Token|ApiKey|Api-Key|SSWS|Bot|JWT)\s+(?=\S)/i;

const isDigits = (value: string, most: number): boolean =>
  value.length <= most && /^\d+(?:\.\d+)?$/.test(value);

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
  const at = valueStart(scan.text, to, name.inParens, name.quoted);
  const next = valueAt(scan, name, at, encoded);
  return Math.max(next, to);
}

const NEXT_LINE = /\r?\n[ \t]+(?=["'][^"'\r\n]{0,512}["'](?![ \t]*[:=]))/y;

function valueStart(text: string, from: number, inParens: boolean, wraps = false): number {
  const gap = /[=>]{0,2}(?:[ \t]|%20|\+(?=%))*/y;
  gap.lastIndex = from;
  gap.test(text);
  const at = gap.lastIndex;
  if (wraps && (text.charCodeAt(at) === 10 || text.charCodeAt(at) === 13)) {
    NEXT_LINE.lastIndex = at;
    return NEXT_LINE.test(text) ? NEXT_LINE.lastIndex : at;
  }
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
  // `"token": { "value": "x" }`
  if (verdict.is === 'secret' && scan.text.charCodeAt(at) === 123) scan.label = { verdict, at };
  if (scan.isTired(at)) return at;
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
  if (!isSecret(verdict, head, open === '', prose)) {
    if (open === '') scan.rejectBare(start, end);
    return start;
  }
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
  const part =
    /(?:\\*["'])?(?:; ?[\w*-]{1,20}=[^\r\n\\]{0,80})?(?:(?:\r?\n|\\r\\n|\\n)[A-Z][\w-]{1,30}: [^\r\n\\]{0,80})?(?:\r?\n|\\r\\n|\\n){2}/y;
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

const OPENING = /(?:<|&lt;|\\u003c)(?:[\w.-]{1,16}:)?$/i;

/** `<password>x</password>`: the tag's `>` is at `at`. */
export function elementAt(scan: Scan, at: number, to: number): number {
  const { text } = scan;
  const name = nameBefore(text, at);
  if (name === undefined || !OPENING.test(text.slice(Math.max(0, name.start - 24), name.start))) return to;
  if (name.verdict.is === 'none') return to;
  let end = to;
  while (end < text.length && end - to < 4096) {
    const c = text.charCodeAt(end);
    if (c === 60 || c === 10 || (c === 38 && text.startsWith('lt;', end + 1))) break;
    end++;
  }
  if (end < text.length && text.charCodeAt(end) === 10) return to;
  const value = { start: to, end, open: '', whole: true };
  if (name.verdict.is === 'label') noteLabel(scan, value);
  const named = name.verdict.is === 'value' && scan.label && name.start - scan.label.at < LONGEST_LABEL_GAP;
  const verdict = named && scan.label ? scan.label.verdict : name.verdict;
  if (verdict.is !== 'secret' && verdict.is !== 'maybe') return to;
  return hide(scan, name, verdict, value, false);
}

/** `PASSWORD 'x'`, `IDENTIFIED BY 'x'`: a quote at `at` right after a name and a blank. */
export function quotedAfterName(scan: Scan, at: number): number {
  const { text } = scan;
  const before = text.slice(Math.max(0, at - 24), at);
  if (
    !/(?:(?:^|[^\w])(?:[\w.-]*_)?(?:password|passwd|pwd|passphrase|secret|token|api_?key)|identified by|password as) $/i.test(
      before,
    )
  )
    return at + 1;
  const value = readValue(scan, at, false);
  if (value.open === '') return at + 1;
  const head = text.slice(value.start, Math.min(value.end, value.start + 256));
  if (isPlaceholder(head) || isComplaint(head) || head.length < 4) return at + 1;
  scan.spans.add(value.start, value.end, 'password', CERTAINTY.key);
  return value.end;
}
