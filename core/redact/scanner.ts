/** Walks once over a text and calls the rule that each character can begin: all rules for the price of one loop. */
import { schemeAt } from './authorization.ts';
import { flagAt, netrcAt } from './flags.ts';
import { elementAt, pairAt, quotedAfterName, tupleAt } from './key-value.ts';
import type { Scan } from './scan.ts';
import { botTokenAt, clientSecretAt, shapeAt } from './shapes.ts';
import { authorityAt, bareUserinfoAt } from './url.ts';

const isWord = new Uint8Array(128);
for (let c = 48; c <= 57; c++) isWord[c] = 1;
for (let c = 65; c <= 90; c++) isWord[c] = isWord[c | 32] = 1;

/** The signs that a rule may begin at. */
const speaks = new Uint8Array(128);
for (const c of ':="\',\\%->&@$~') speaks[c.charCodeAt(0)] = 1;

/** Code units copied out of the string, a window at a time: reading an array costs a third of `charCodeAt`. */
const WINDOW = 16_384;
const windowBytes = Buffer.alloc(WINDOW * 2);
const units = new Uint16Array(windowBytes.buffer, windowBytes.byteOffset, WINDOW);

/** Adds the spans of all rules that a single character announces. */
export function scanText(scan: Scan): void {
  const { text } = scan;
  let at = 0;
  for (let base = 0; base < text.length; base += WINDOW) {
    if (at >= base + WINDOW) continue;
    const size = Math.min(WINDOW, text.length - base);
    windowBytes.write(size === text.length ? text : text.slice(base, base + size), 'utf16le');
    at = scanWindow(scan, base, size, at);
  }
}

function scanWindow(scan: Scan, base: number, size: number, from: number): number {
  let i = from - base;
  let inWord = scan.inWord;
  scan.inWord = false;
  while (i < size) {
    const c = units[i]!;
    if (c < 128 && isWord[c] === 1) {
      const end = inWord ? 0 : wordAt(scan, base + i, c) - base;
      inWord = false;
      if (end > i) i = end;
      else while (i < size && units[i]! < 128 && isWord[units[i]!] === 1) i++;
      scan.inWord = i === size;
    } else {
      inWord = false;
      i = c < 128 && speaks[c] === 1 ? signAt(scan, base + i, c) - base : i + 1;
    }
  }
  return base + i;
}

const isWordChar = (c: number): boolean => c < 128 && isWord[c] === 1;

function wordAt(scan: Scan, i: number, c: number): number {
  const folded = c | 32;
  if (folded === 98) {
    const next = scan.text.charCodeAt(i + 2) | 32;
    if (next === 97 || next === 115) {
      const end = schemeAt(scan, i);
      if (end > i) return end;
    }
  } else if (c === 112 && scan.text.startsWith('password', i)) {
    const end = netrcAt(scan, i);
    if (end > i) return end;
  }
  return shapeAt(scan, i);
}

function signAt(scan: Scan, i: number, c: number): number {
  const { text } = scan;
  switch (c) {
    case 58: // :
      return colonAt(scan, i);
    case 61: // =
      return pairAt(scan, i, i + 1);
    case 34: // "
    case 39: // '
      return text.charCodeAt(i - 1) === 32 && isWordChar(text.charCodeAt(i - 2))
        ? quotedAfterName(scan, i)
        : i + 1;
    case 44: // ,
      return isQuote(text.charCodeAt(i - 1)) ? tupleAt(scan, i) : i + 1;
    case 92: // \
      return backslashAt(scan, i);
    case 37: // %
      return percentAt(scan, i);
    case 45: // -
      return beginsArgument(text, i) ? flagAt(scan, i) : i + 1;
    default:
      return rareSignAt(scan, i, c);
  }
}

function rareSignAt(scan: Scan, i: number, c: number): number {
  const { text } = scan;
  switch (c) {
    case 62: // >
      return isWordChar(text.charCodeAt(i - 1)) ? elementAt(scan, i, i + 1) : i + 1;
    case 38: // &
      return text.startsWith('gt;', i + 1) ? elementAt(scan, i, i + 4) : i + 1;
    case 64: // @
      return bareUserinfoAt(scan, i);
    case 36: // $
      return Math.max(i + 1, shapeAt(scan, i));
    case 126: // ~
      return text.charCodeAt(i - 1) === 81 ? Math.max(i + 1, clientSecretAt(scan, i)) : i + 1;
    default:
      return i + 1;
  }
}

const isDigit = (c: number): boolean => c >= 48 && c <= 57;

const isQuote = (c: number): boolean => c === 34 || c === 39;

const beginsArgument = (text: string, i: number): boolean => {
  const before = text.charCodeAt(i - 1);
  return i === 0 || before === 32 || before === 9 || isQuote(before);
};

function colonAt(scan: Scan, i: number): number {
  const { text } = scan;
  const next = text.charCodeAt(i + 1);
  if (isDigit(next) && isDigit(text.charCodeAt(i - 1)) && isDigit(text.charCodeAt(i - 2))) return i + 1;
  if (next === 47 && text.charCodeAt(i + 2) === 47) return Math.max(i + 3, authorityAt(scan, i + 3, false));
  if (next === 92 && text.startsWith('\\/\\/', i + 1))
    return Math.max(i + 5, authorityAt(scan, i + 5, false));
  if (next === 65) {
    const end = botTokenAt(scan, i);
    if (end > i) return end;
  }
  return next === 58 || text.charCodeAt(i - 1) === 58 ? i + 1 : pairAt(scan, i, i + 1);
}

const UNICODE = /u00([0-9a-fA-F]{2})/y;

/** An escape ends a word before it and begins one after it: `\nsk-…` is a key at the start of a line. */
function backslashAt(scan: Scan, i: number): number {
  const { text } = scan;
  let at = i + 1;
  while (text.charCodeAt(at) === 92) at++;
  const c = text.charCodeAt(at);
  if (c === 110 || c === 114 || c === 116) return at + 1;
  if (c !== 117) return at;
  UNICODE.lastIndex = at;
  const code = UNICODE.exec(text)?.[1]?.toLowerCase();
  if (code === undefined) return at + 1;
  if (code === '3e') return elementAt(scan, i, at + 5);
  return code === '3d' || code === '3a' ? pairAt(scan, i, at + 5) : at + 5;
}

const ESCAPE = /%(25)?([0-9a-fA-F]{2})/y;
const AUTHORITY = /%(?:25)?3A(?:%(?:25)?2F){2}/iy;

function percentAt(scan: Scan, i: number): number {
  const { text } = scan;
  ESCAPE.lastIndex = i;
  const match = ESCAPE.exec(text);
  if (!match) return i + 1;
  const end = ESCAPE.lastIndex;
  const code = match[2]!.toLowerCase();
  if (code === '3a') {
    AUTHORITY.lastIndex = i;
    if (AUTHORITY.test(text))
      return Math.max(AUTHORITY.lastIndex, authorityAt(scan, AUTHORITY.lastIndex, true));
  }
  return code === '3d' || code === '3a' ? pairAt(scan, i, end, true) : end;
}
