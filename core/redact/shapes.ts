/** Finds keys by their maker's shape: the first letters choose which few patterns are tried. */
import { looksRandom } from './chance.ts';
import type { Scan } from './scan.ts';
import { CERTAINTY } from './spans.ts';
import { VENDORS } from './vendors.ts';

interface Shape {
  readonly kind: string;
  readonly pattern: RegExp;
  readonly random: boolean;
}

const literally = (literal: string): string => literal.replace(/[$.|?*+()[\]{}^\\/]/g, '\\$&');
const code = (start: string, length: number): number => {
  let sum = 0;
  for (let i = 0; i < length; i++) sum = (sum << 7) | start.charCodeAt(i);
  return sum;
};

const byTwo = new Uint8Array(1 << 14);
/** By the first two, three or four characters, as many as the beginning has. */
const byLength: readonly Map<number, Shape[]>[] = [new Map(), new Map(), new Map()];

for (const { kind, starts, rest, random } of VENDORS) {
  for (const start of starts) {
    const shape = { kind, pattern: new RegExp(literally(start) + rest, 'y'), random: random === true };
    byTwo[code(start, 2)] = 1;
    const length = Math.min(4, start.length);
    const map = byLength[length - 2]!;
    map.set(code(start, length), [...(map.get(code(start, length)) ?? []), shape]);
  }
}
byTwo[code('ey', 2)] = 1;

/** Every kind of mark that a shape can leave. */
export const SHAPE_KINDS: readonly string[] = [
  ...new Set(VENDORS.map(({ kind }) => kind)),
  'jwt',
  'telegram',
  'azure',
  'mailchimp',
];

/** Tries the shapes that can begin with the word at `at`; returns the end of the key, or `at`. */
export function shapeAt(scan: Scan, at: number): number {
  const { text } = scan;
  const a = text.charCodeAt(at);
  const b = text.charCodeAt(at + 1);
  if (a > 127 || !(b <= 127) || byTwo[(a << 7) | b] === 0) return at;
  const c = text.charCodeAt(at + 2);
  if (a === 101 && b === 121 && c === 74) return jwtAt(scan, at);
  const key = (a << 7) | b;
  let end = at;
  if (c < 128) {
    const d = text.charCodeAt(at + 3);
    const three = (key << 7) | c;
    if (d < 128) end = tryShapes(scan, at, byLength[2]!.get((three << 7) | d));
    if (end === at) end = tryShapes(scan, at, byLength[1]!.get(three));
  }
  return end > at ? end : tryShapes(scan, at, byLength[0]!.get(key));
}

function tryShapes(scan: Scan, at: number, shapes: readonly Shape[] | undefined): number {
  if (shapes === undefined) return at;
  for (const { kind, pattern, random } of shapes) {
    if (random && at < scan.deadUntil) continue;
    pattern.lastIndex = at;
    if (!pattern.test(scan.text)) continue;
    const end = pattern.lastIndex;
    if (random && !drawn(scan.text.slice(at, Math.min(end, at + 160)))) {
      scan.deadUntil = end;
      continue;
    }
    scan.spans.add(at, end, kind, CERTAINTY.shape);
    return end;
  }
  return at;
}

/** A key without lower-case letters cannot mix classes as `looksRandom` wants. */
const drawn = (text: string): boolean =>
  looksRandom(text) || (/^[A-Z0-9]+$/.test(text) && /[0-9].*[0-9]/.test(text) && text.length >= 16);

const isTokenChar = (c: number): boolean =>
  (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || (c >= 48 && c <= 57) || c === 45 || c === 95;

function runEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && isTokenChar(text.charCodeAt(at))) at++;
  return at;
}

/** A JSON Web Token, signed (three parts), encrypted (five) or cut short after its claims. */
function jwtAt(scan: Scan, at: number): number {
  const { text } = scan;
  if (at < scan.deadTokenUntil) return at;
  const ends = [runEnd(text, at)];
  while (ends.length < 5 && text.charCodeAt(ends.at(-1)!) === 46) ends.push(runEnd(text, ends.at(-1)! + 1));
  const [header = at, claims = at] = ends;
  const whole = ends.length > 1 && header - at >= 12 && claims - header > 4;
  if (!whole || (ends.length === 2 && !text.startsWith('eyJ', header + 1))) {
    scan.deadTokenUntil = ends.at(-1)!;
    return at;
  }
  scan.spans.add(at, ends.at(-1)!, 'jwt', CERTAINTY.shape);
  return ends.at(-1)!;
}

const BOT = /:AA[\w-]{32,34}(?![\w-])/y;

/** A Telegram bot's token: digits before the colon at `at`, `AA` after it. */
export function botTokenAt(scan: Scan, at: number): number {
  BOT.lastIndex = at;
  if (!BOT.test(scan.text)) return at;
  const digits = /\d{8,10}$/.exec(scan.text.slice(Math.max(0, at - 10), at));
  if (!digits) return at;
  scan.spans.add(at - digits[0].length, BOT.lastIndex, 'telegram', CERTAINTY.shape);
  return BOT.lastIndex;
}

const CLIENT_SECRET = /[A-Za-z0-9_~.]{3}\dQ~[\w.~-]{31,34}/y;

/** An Azure client secret: the tilde after `8Q` at `at`. */
export function clientSecretAt(scan: Scan, at: number): number {
  CLIENT_SECRET.lastIndex = Math.max(0, at - 5);
  if (!CLIENT_SECRET.test(scan.text)) return at;
  scan.spans.add(at - 5, CLIENT_SECRET.lastIndex, 'azure', CERTAINTY.shape);
  return CLIENT_SECRET.lastIndex;
}
