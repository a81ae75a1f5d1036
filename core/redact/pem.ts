/** Hides the body of private keys in PEM armour, by searching for fixed strings: no input makes it slow. */
import { CERTAINTY, type Spans } from './spans.ts';

const BEGIN = '-----BEGIN';
const END = '-----END';
/** A private key longer than this is none. In characters. */
export const LONGEST_PEM = 32_768;

const BLANK = '(?: |%20|\\+|\\\\u0020)';
const LABEL = new RegExp(
  `${BLANK}(?:[A-Z0-9]{1,12}${BLANK}){0,3}PRIVATE${BLANK}KEY(?:${BLANK}BLOCK)?-----`,
  'y',
);
const BODY_PART =
  /[A-Za-z0-9+/=]+|%[0-9A-F]{2}|(?:\r?\n|(?:\\{1,4}[rn])+)[ \t]*(?=[A-Za-z0-9+/=]{16}|[A-Za-z0-9+/]{2,}={1,2}|\r?\n|\\|Proc-|DEK-)|(?:Proc-Type|DEK-Info): [^\n\\]{0,80}/y;

/** Adds a span for every private key's body. Returns where a key begins that has no end yet, or -1. */
export function findPem(text: string, spans: Spans): number {
  let open = -1;
  let end = -2;
  let at = text.indexOf(BEGIN);
  while (at >= 0) {
    LABEL.lastIndex = at + BEGIN.length;
    let next = at + BEGIN.length;
    if (LABEL.test(text)) {
      const body = LABEL.lastIndex;
      if (end !== -1 && end < body) end = text.indexOf(END, body);
      const closed = end >= 0 && end - body <= LONGEST_PEM;
      next = closed ? end : bodyEnd(text, body);
      spans.add(body, next, 'private-key', CERTAINTY.shape);
      if (!closed && open < 0 && text.length - body <= LONGEST_PEM) open = at;
    }
    at = text.indexOf(BEGIN, next);
  }
  return open;
}

/** Without an end mark: as far as the lines look like a key's. */
function bodyEnd(text: string, from: number): number {
  let end = from;
  BODY_PART.lastIndex = from;
  while (end - from < LONGEST_PEM && BODY_PART.test(text)) end = BODY_PART.lastIndex;
  while (end > from && text.charCodeAt(end - 1) <= 32) end--;
  return end;
}
