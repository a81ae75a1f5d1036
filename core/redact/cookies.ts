/** Hides every cookie's value but the attributes' and the few that say nothing about anyone. */
import { isPlaceholder } from './placeholders.ts';
import type { Scan } from './scan.ts';
import { CERTAINTY } from './spans.ts';
import { openingQuote } from './values.ts';

const PAIR = /(?:[;,]?[ \t]*|%3B(?:%20|\+)?)([^\s=;,"'\\%]{1,128})(?:=|%3D)/y;
const FLAG = /;[ \t]*(?:HttpOnly|Secure|Partitioned)(?=[;,"'\\\s]|$)/iy;
const ATTRIBUTE = /^(?:path|domain|expires|max-age|samesite|priority|version|comment)$/i;
const HARMLESS =
  /^(?:_ga\w*|_gid|_gat\w*|theme|lang|language|locale|tz|timezone|currency|color[-_]?scheme|cookie_?consent)$/i;

/** Reads a `Cookie` or `Set-Cookie` value from `at`; returns where it ends. */
export function cookiesAt(scan: Scan, at: number): number {
  const { text } = scan;
  let from = text.charCodeAt(at) === 91 ? at + 1 : at;
  const list = from > at;
  for (;;) {
    const quote = openingQuote(text, from);
    const close = quote ? scan.closings.find(text, quote.open, quote.start) : -1;
    const end = pairs(scan, quote ? quote.start : from, close < 0 ? text.length : close);
    if (!list || !quote || close < 0) return close < 0 ? end : close;
    from = close + quote.open.length;
    const comma = /[ \t]*,[ \t]*/y;
    comma.lastIndex = from;
    if (!comma.test(text)) return from;
    from = comma.lastIndex;
  }
}

function pairs(scan: Scan, from: number, limit: number): number {
  const { text } = scan;
  let at = from;
  while (at < limit) {
    FLAG.lastIndex = at;
    if (FLAG.test(text)) {
      at = FLAG.lastIndex;
      continue;
    }
    PAIR.lastIndex = at;
    const name = PAIR.exec(text)?.[1];
    if (name === undefined || PAIR.lastIndex > limit) break;
    const start = PAIR.lastIndex;
    const attribute = ATTRIBUTE.test(name);
    const end = valueEnd(text, start, limit, attribute);
    const shown =
      attribute || HARMLESS.test(name) || isPlaceholder(text.slice(start, Math.min(end, start + 256)));
    if (!shown) scan.spans.add(start, end, 'cookie', CERTAINTY.key);
    at = end;
  }
  return at;
}

/** A cookie's value holds no blank (RFC 6265 section 4.1.1), an attribute's may. */
function valueEnd(text: string, from: number, limit: number, attribute: boolean): number {
  for (let i = from; i < limit; i++) {
    const c = text.charCodeAt(i);
    if (c === 59 || c === 34 || c === 39 || c === 92 || c === 10 || c === 13) return i;
    if (!attribute && (c <= 32 || (c === 44 && text.charCodeAt(i + 1) === 32))) return i;
  }
  return limit;
}
