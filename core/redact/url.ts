/** Hides the password in the authority of a URL, also in one that is itself encoded or escaped. */
import { looksHex, looksRandom } from './chance.ts';
import { isPlaceholder } from './placeholders.ts';
import type { Scan } from './scan.ts';
import { CERTAINTY } from './spans.ts';

const LONGEST_AUTHORITY = 1024;
interface Marks {
  readonly stop: RegExp;
  readonly at: RegExp;
  readonly colon: RegExp;
  readonly path: RegExp;
}

const PLAIN: Marks = { stop: /[\s"'<>`\\]/, at: /@/, colon: /:/, path: /[/?#]/ };
const ENCODED: Marks = { stop: /[\s"'<>`\\&?#]/, at: /%40/i, colon: /%3a/i, path: /%2f|%3f|%23/i };

const ESCAPED_SIGN = /^%(?!3a)/i;

/** Reads the authority that begins at `from`, behind `://` or its encoded form. Returns where to go on. */
export function authorityAt(scan: Scan, from: number, encoded: boolean): number {
  if (encoded ? ESCAPED_SIGN.test(scan.text.slice(from, from + 3)) : !hasUserinfo(scan, from)) return from;
  const marks = encoded ? ENCODED : PLAIN;
  const window = scan.text.slice(from, from + LONGEST_AUTHORITY);
  const stop = window.search(marks.stop);
  const all = stop < 0 ? window : window.slice(0, stop);
  const end = userinfoEnd(all, marks);
  if (end < 0) return from;
  const split = all.slice(0, end).search(marks.colon);
  if (split < 0) return userOnly(scan, from, all.slice(0, end));
  const start = split + (encoded ? 3 : 1);
  if (isPlaceholder(all.slice(start, end))) return from;
  scan.spans.add(from + start, from + end, 'url-password', CERTAINTY.key);
  return from + end;
}

/** Most URLs hold no `@`, and need nothing cut out of the text to know it. */
function hasUserinfo(scan: Scan, from: number): boolean {
  const { text } = scan;
  const first = text.charCodeAt(from);
  if (first === 47 || (first === 58 && text.charCodeAt(from + 1) === 47)) return false;
  const limit = Math.min(text.length, from + LONGEST_AUTHORITY);
  for (let i = Math.max(from, scan.noUserinfoUntil); i < limit; i++) {
    const c = text.charCodeAt(i);
    if (c === 64) return true;
    if (c <= 32 || c === 34 || c === 39 || c === 60 || c === 62 || c === 92 || c === 96) return false;
    scan.noUserinfoUntil = i;
  }
  return false;
}

/** The last `@` before the path; beyond a `/` only where what stands before it can be no host and port. */
function userinfoEnd(all: string, marks: Marks): number {
  const path = all.search(marks.path);
  const authority = path < 0 ? all : all.slice(0, path);
  const inside = lastMatch(authority, marks.at);
  if (inside >= 0) return inside;
  const separator = authority.search(marks.colon);
  if (path < 0 || separator < 0 || authority.startsWith('[')) return -1;
  if (/^(?::|%3a)\d{0,5}$/i.test(authority.slice(separator))) return -1;
  const later = lastMatch(all, marks.at);
  return later > path && /^(?:@|%40)[\w.-]+(?::\d+)?(?:[/?%]|$)/.test(all.slice(later)) ? later : -1;
}

function lastMatch(text: string, pattern: RegExp): number {
  let last = -1;
  for (const match of text.matchAll(new RegExp(pattern.source, 'gi'))) last = match.index;
  return last;
}

function userOnly(scan: Scan, from: number, user: string): number {
  const secret = user.length >= 16 && (looksRandom(user) || looksHex(user));
  if (!secret) return from;
  scan.spans.add(from, from + user.length, 'url-user', CERTAINTY.key);
  return from + user.length;
}

/** `user:password@host:port` and `user:password@tcp(host)` without a scheme; the `@` is at `at`. */
export function bareUserinfoAt(scan: Scan, at: number): number {
  const { text } = scan;
  if (!/^@(?:(?:tcp|udp|unix)\(|[\w.-]{1,253}:\d{2,5}(?![\w.])|\[)/.test(text.slice(at, at + 264)))
    return at + 1;
  const before = text.slice(Math.max(0, at - 200), at);
  const match = /(?:^|[\s"'`=(,])([\w.%-]{1,64}):([^\s"'`@/]{3,128})$/.exec(before);
  const password = match?.[2];
  if (password === undefined || isPlaceholder(password)) return at + 1;
  scan.spans.add(at - password.length, at, 'url-password', CERTAINTY.key);
  return at + 1;
}
