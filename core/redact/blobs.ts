/** Looks into long unbroken runs: secrets wrapped in base64 or hexadecimal, and keys that only a sentence names. */
import { looksHex, looksRandom } from './chance.ts';
import { CERTAINTY, type Spans } from './spans.ts';

const LEAST = 20;
const DECODED_LEAST = 16;

const inRun = new Uint8Array(128);
for (const c of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-') inRun[c.charCodeAt(0)] = 1;
const isRun = (c: number): boolean => c < 128 && inRun[c] === 1;

const BEFORE =
  /(?:(?:api|access|secret|private|auth|signing|encryption|license)[ _-]?(?:key|token)s?|tokens?|secrets?|passwords?|passphrase|credentials?|auth(?:entication|orization|enticated)?|api[ _-]?key|bearer|unauthorized|login|signed)(?:[ ,]+[a-z]{1,12}){0,3}[ ]*(?:[:=]|->|=>)?[ ]*\\?["'`(<[]?$/i;
const NEAR = /(?:key|token|secret|password|credential)s?(?: (?:is|was|provided|supplied|given|used|value|received))?[ ]*[:=]?[ ]*\\?["'`]?$/i;

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
    for (const from of beginnings(text, start, end)) {
      const kind = decode(text, from, end, inspect);
      if (kind === undefined) continue;
      spans.add(from, afterPadding(text, end), kind, CERTAINTY.shape);
      return;
    }
  }
  if (end - start > 512) return;
  const value = text.slice(start, end);
  if (/^[0-9a-f]{32}-us\d{1,2}$/.test(value)) spans.add(start, end, 'mailchimp', CERTAINTY.shape);
  else if (!value.includes('/') ? namedByProse(text, start, value) : value.length >= 36 && namedByProse(text, start, value)) {
    spans.add(start, afterPadding(text, end), 'token', CERTAINTY.key);
  }
}

function namedByProse(text: string, start: number, value: string): boolean {
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

/** The run itself, and, as `/` is also a letter of base64, what follows a path. */
function* beginnings(text: string, start: number, end: number): Generator<number> {
  yield start;
  let slash = start;
  for (let tries = 0; tries < 4; tries++) {
    slash = text.indexOf('/', slash) + 1;
    if (slash === 0 || end - slash < LEAST) return;
    yield slash;
  }
}

const isText = (decoded: string): boolean => /^[\x20-\x7e\t\r\n]*$/.test(decoded);

function decode(text: string, start: number, end: number, inspect: Inspect): string | undefined {
  const head = text.slice(start, start + 16);
  const hex = (end - start) % 2 === 0 && end - start >= 2 * DECODED_LEAST && /^[0-9a-fA-F]{16}$/.test(head);
  const encoding = hex && isText(Buffer.from(head, 'hex').toString('latin1')) ? 'hex' : 'base64';
  if (!isText(Buffer.from(head, encoding).toString('latin1'))) return undefined;
  const decoded = Buffer.from(text.slice(start, end), encoding).toString('utf8');
  return decoded.length < DECODED_LEAST - 2 ? undefined : inspect(decoded);
}
