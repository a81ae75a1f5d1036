/** Hides what follows a command line's flag: `--password x`, `curl -u user:x`, `["--token", "x"]`. */
import { looksRandom } from './chance.ts';
import { cookiesAt } from './cookies.ts';
import { judgeName } from './names.ts';
import { isPlaceholder } from './placeholders.ts';
import type { Scan } from './scan.ts';
import { CERTAINTY } from './spans.ts';
import { bareEnd, openingQuote } from './values.ts';

const FLAG = /--?([A-Za-z][\w.-]{0,48})(?:[ \t]+|\\*["'],[ \t]*(?=\\*["']))(?=[^\s-])/y;
const GLUED = /-p(?=[^\s-])/y;
const USERS = /^(?:u|user|proxy-user|U|proxy)$/;
const CLIENTS =
  /\b(?:sshpass|mysql\w*|mariadb\w*|docker|podman|helm|az|mongo\w*|redis-cli|valkey-cli|ldap\w+|mosquitto_\w+|smbclient|sqlcmd|rabbitmqadmin|ftp|lftp|wget|htpasswd|openssl|keytool)\b/;
const CLIENT_FLAGS = /^[pawP]$/;

/** Reads the flag at `at`; returns where to go on. */
export function flagAt(scan: Scan, at: number): number {
  const { text } = scan;
  FLAG.lastIndex = at;
  const name = FLAG.exec(text)?.[1];
  if (name === undefined || (name.length > 3 && name.startsWith('p') && name !== 'password')) {
    const end = gluedAt(scan, at);
    if (end > at + 1 || name === undefined) return end;
  }
  const value = FLAG.lastIndex;
  if (USERS.test(name)) return userAt(scan, value);
  if (name === 'b' || name === 'cookie') return Math.max(at + 1, cookiesAt(scan, value));
  const verdict = name.length > 1 ? judgeName(name) : undefined;
  const byClient = CLIENT_FLAGS.test(name) && CLIENTS.test(text.slice(Math.max(0, at - 120), at));
  if (!byClient && verdict?.is !== 'secret' && verdict?.is !== 'maybe') return at + 1;
  const { start, end } = argument(scan, value);
  const head = text.slice(start, Math.min(end, start + 256));
  if (isPlaceholder(head) || head.length < 3 || (byClient && /^\d{2,5}(?::\d+)?$/.test(head))) return at + 1;
  if (verdict?.is === 'maybe' && !looksRandom(head)) return at + 1;
  scan.spans.add(start, end, verdict?.kind || 'password', CERTAINTY.key);
  return end;
}

/** `mysql -psecret`: the password follows its flag without a blank. */
function gluedAt(scan: Scan, at: number): number {
  const { text } = scan;
  GLUED.lastIndex = at;
  if (!GLUED.test(text) || !/\b(?:mysql\w*|mariadb\w*|sshpass)\b/.test(text.slice(Math.max(0, at - 120), at)))
    return at + 1;
  const { start, end } = argument(scan, GLUED.lastIndex);
  if (isPlaceholder(text.slice(start, Math.min(end, start + 256)))) return at + 1;
  scan.spans.add(start, end, 'password', CERTAINTY.key);
  return end;
}

function argument(scan: Scan, at: number): { start: number; end: number } {
  const quote = openingQuote(scan.text, at);
  const close = quote ? scan.closings.find(scan.text, quote.open, quote.start) : -1;
  const start = quote ? quote.start : at;
  return { start, end: close >= 0 ? close : bareEnd(scan.text, start, false) };
}

/** `user:password`; a pair of numbers is a user and a group. */
function userAt(scan: Scan, at: number): number {
  const { start, end } = argument(scan, at);
  const head = scan.text.slice(start, Math.min(end, start + 512));
  const split = head.indexOf(':');
  if (split < 0 || /^\d+:\d+$/.test(head) || head.startsWith('//', split + 1)) return start;
  if (isPlaceholder(head.slice(split + 1))) return start;
  scan.spans.add(start + split + 1, end, 'password', CERTAINTY.key);
  return end;
}

const LOGIN = /password[ \t]+(\S{2,})/y;

/** `machine h login u password x`, as .netrc writes it; the word `password` is at `at`. */
export function netrcAt(scan: Scan, at: number): number {
  LOGIN.lastIndex = at;
  const value = LOGIN.exec(scan.text.slice(0, at + 512))?.[1];
  if (value === undefined || isPlaceholder(value)) return at;
  if (!/\b(?:login|machine|default)\s+\S+\s+$/.test(scan.text.slice(Math.max(0, at - 120), at))) return at;
  const end = bareEnd(scan.text, LOGIN.lastIndex - value.length, false);
  scan.spans.add(LOGIN.lastIndex - value.length, end, 'password', CERTAINTY.key);
  return end;
}
