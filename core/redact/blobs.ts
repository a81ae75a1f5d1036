/** Looks into long unbroken runs: secrets wrapped in base64 or hexadecimal, and keys that only a sentence names. */
import { looksHex, looksRandom } from './chance.ts';
import { CERTAINTY, type Spans } from './spans.ts';

const LEAST = 20;
const DECODED_LEAST = 16;
const LONGEST_NAMED = 512;
const MAILCHIMP = /^[0-9a-f]{32}-us\d{1,2}$/;

const inRun = new Uint8Array(128);
for (const c of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-')
  inRun[c.charCodeAt(0)] = 1;
const isRun = (c: number): boolean => c < 128 && inRun[c] === 1;

const BEFORE =
  /(?<![A-Za-z]|page[_-]|next[_-]|tion[_-])(?:(?:api|access|secret|private|auth|signing|encryption|license)[ _-]?(?:key|token)s?|tokens?|secrets?|passwords?|passphrase|credentials?|auth(?:entication|orization|enticated)?|api[ _-]?key|bearer|unauthorized|login|signed)(?:[ ,]+[a-z]{1,12}){0,3}[ ]*(?:[:=]|->|=>)?[ ]*\\?["'`(<[]?$/i;
const NEAR =
  /(?<![A-Za-z]|page[_-]|next[_-]|tion[_-])(?:(?:api|access|secret|private) )?(?:key|token|secret|password|credential)s?(?: (?:is|was|provided|supplied|given|used|value|received))?[ ]*[:=]?[ ]*\\?["'`]?$/i;

/** What the decoded text holds: the kind of the first secret, if any. */
export type Inspect = (decoded: string) => string | undefined;

/** Adds spans for all long runs that hold a secret. */
export function findBlobs(text: string, spans: Spans, inspect: Inspect | undefined): void {
  let at = 0;
  while (at + LEAST <= text.length) {
    let back = at + LEAST - 1;
    while (back >= at && isRun(text.charCodeAt(back))) back--;
    if (back >= at) {
      at = back + 1;
      continue;
    }
    let end = at + LEAST;
    while (end < text.length && isRun(text.charCodeAt(end))) end++;
    run(text, afterEscape(text, at), end, spans, inspect);
    at = end + 1;
  }
}

/** A run may begin with the last letters of an escape: `\n`, `%3D`, `\u003d`. */
function afterEscape(text: string, at: number): number {
  const before = text.charCodeAt(at - 1);
  if (before === 37) return at + (text.startsWith('25', at) ? 4 : 2);
  if (before !== 92) return at;
  return at + (text.charCodeAt(at) === 117 ? 5 : 1);
}

function run(text: string, start: number, end: number, spans: Spans, inspect: Inspect | undefined): void {
  if (inspect !== undefined) {
    let from = start;
    // `/` is a letter of base64 too: what follows a path may be a run of its own.
    for (let tries = 0; tries < 5 && end - from >= LEAST; tries++) {
      const kind = decode(text, from, end, inspect);
      if (kind !== undefined) {
        spans.add(from, afterPadding(text, end), kind, CERTAINTY.shape);
        return;
      }
      const slash = text.slice(from, end).indexOf('/');
      if (slash < 0) break;
      from += slash + 1;
    }
  }
  if (end - start > LONGEST_NAMED) return;
  const value = text.slice(start, end);
  if (value.length < 38 && value.startsWith('-us', 32) && MAILCHIMP.test(value)) {
    spans.add(start, end, 'mailchimp', CERTAINTY.shape);
  } else if (namedByProse(text, start, value)) {
    spans.add(start, afterPadding(text, end), 'token', CERTAINTY.key);
  }
}

function namedByProse(text: string, start: number, value: string): boolean {
  if (value.length < 36 && value.includes('/')) return false;
  const before = text.charCodeAt(start - 1);
  const sign = before === 34 || before === 39 ? text.charCodeAt(start - 2) : before;
  if (sign === 58 || sign === 61) return false;
  const hex = looksHex(value);
  if (!hex && !looksRandom(value, LEAST)) return false;
  return (hex ? NEAR : BEFORE).test(text.slice(Math.max(0, start - 64), start));
}

function afterPadding(text: string, end: number): number {
  let at = end;
  while (at < end + 2 && text.charCodeAt(at) === 61) at++;
  if (at === end) while (at < end + 6 && /^%3d/i.test(text.slice(at, at + 3))) at += 3;
  return at;
}

const sixBits = new Int8Array(128).fill(-1);
for (let i = 0; i < 64; i++) {
  sixBits['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.charCodeAt(i)] = i;
}
sixBits[45] = 62;
sixBits[95] = 63;

const isPrintable = (byte: number): boolean =>
  (byte >= 32 && byte < 127) || byte === 10 || byte === 13 || byte === 9;

/** Whether the first twelve bytes behind this base64 are text: most runs are not, and cost no decoding. */
function wrapsText(text: string, at: number): boolean {
  for (let i = at; i < at + 16; i += 4) {
    const bits =
      (sixBits[text.charCodeAt(i)]! << 18) |
      (sixBits[text.charCodeAt(i + 1)]! << 12) |
      (sixBits[text.charCodeAt(i + 2)]! << 6) |
      sixBits[text.charCodeAt(i + 3)]!;
    if (!isPrintable((bits >> 16) & 255) || !isPrintable((bits >> 8) & 255) || !isPrintable(bits & 255))
      return false;
  }
  return true;
}

const hexDigit = (c: number): number =>
  c >= 48 && c <= 57 ? c - 48 : (c >= 97 && c <= 102) || (c >= 65 && c <= 70) ? (c | 32) - 87 : -1;

function wrapsTextInHex(text: string, at: number): boolean {
  for (let i = at; i < at + 16; i += 2) {
    const high = hexDigit(text.charCodeAt(i));
    const low = hexDigit(text.charCodeAt(i + 1));
    if (high < 0 || low < 0 || !isPrintable((high << 4) | low)) return false;
  }
  return true;
}

function decode(text: string, start: number, end: number, inspect: Inspect): string | undefined {
  if (end - start < LEAST) return undefined;
  const hex = end - start >= 2 * DECODED_LEAST && wrapsTextInHex(text, start);
  if (!hex && !wrapsText(text, start)) return undefined;
  const decoded = Buffer.from(text.slice(start, end), hex ? 'hex' : 'base64').toString('utf8');
  return decoded.length < DECODED_LEAST - 2 ? undefined : inspect(decoded);
}
