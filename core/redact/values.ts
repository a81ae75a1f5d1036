/** Finds where a value ends, in every notation a log line may hold: quoted, escaped, encoded or bare. */

/** Where a value lies: `open` is the quote as it is written, '' for a bare one. */
export interface Value {
  readonly start: number;
  readonly end: number;
  readonly open: string;
  /** False where the search stopped before the end, as a value this long must first be worth it. */
  readonly whole: boolean;
}

/** How much of a bare value is read before it is known to be secret. In characters. */
export const FIRST_LOOK = 512;

/** A bare value that begins at `start`, read no further than `FIRST_LOOK`. */
export function bareValue(text: string, start: number, encoded: boolean): Value {
  const limit = start + FIRST_LOOK;
  const end = bareEnd(text, start, encoded, Math.min(limit, text.length));
  return { start, end, open: '', whole: end < limit };
}

const QUOTE =
  /(?:[bBrRuUfFN]|Some\(|SecretStr\(|String\()?(\\{0,15}["'`]|%(?:25)?2[27]|&quot;|&apos;|&#(?:3[49]|x2[27]);|\\{1,7}u002[27])/y;
const PAIR_FOLLOWS = /[ \t]?[\w.%[\]-]{1,40}(?: [\w.]{1,20}){0,2}[ \t]?(?:=|:|%3[Dd])/y;
const AMPERSAND_PAIR = /(?:amp;|lt;|quot;|#|[\w.%[\]-]{1,64}(?:=|$))/y;
const ESCAPED_STOP = /\\+(?:[nrt"'`]|u00(?:0[aAdD9]|2[267])|x0[aAdD]|u003[cCeE])/y;
const ENCODED_STOP = /%(?:25)?(?:2[26]|0[adAD]|3[bB])/y;

const sticks = (pattern: RegExp, text: string, at: number): boolean => {
  pattern.lastIndex = at;
  return pattern.test(text);
};

/** The quote that opens at `at`, as written, and where its content begins. */
export function openingQuote(text: string, at: number): { open: string; start: number } | undefined {
  QUOTE.lastIndex = at;
  const match = QUOTE.exec(text);
  return match ? { open: match[1]!, start: QUOTE.lastIndex } : undefined;
}

/** Remembers searches for a closing quote that failed, so that many open quotes cost no more than one. */
export class Closings {
  #failed: Map<string, number> | undefined;
  #lineStart = 0;
  #lineEnd = -1;

  /** Index of the quote that closes `open`, or -1: on the same line and at the same depth of escaping. */
  find(text: string, open: string, from: number): number {
    const failed = this.#failed?.get(open);
    if (failed !== undefined && from < failed) return -1;
    const depth = open.length - 1;
    const plain = open.charCodeAt(0) === 92 || depth === 0;
    let at = text.indexOf(open, from);
    const limit = this.#endOfLine(text, from);
    while (at >= 0 && at < limit) {
      if (!plain || backslashes(text, at, from) === 0) return at;
      at = text.indexOf(open, at + open.length);
    }
    this.#failed ??= new Map();
    this.#failed.set(open, limit);
    return -1;
  }

  #endOfLine(text: string, from: number): number {
    if (from >= this.#lineStart && from <= this.#lineEnd) return this.#lineEnd;
    const end = text.indexOf('\n', from);
    this.#lineStart = from;
    this.#lineEnd = end < 0 ? text.length : end;
    return this.#lineEnd;
  }
}

/** Backslashes before a quote that take its meaning away: a pair of them takes nothing. */
function backslashes(text: string, at: number, from: number): number {
  let count = 0;
  while (at - count - 1 >= from && text.charCodeAt(at - count - 1) === 92) count++;
  return text.charCodeAt(at) === 92 ? count : count % 2;
}

/**
 * End of a bare value: blank, quote, or a mark after which a next pair, a closing bracket or nothing comes.
 * At `limit` or, where an escape straddles it, one beyond.
 */
export function bareEnd(text: string, from: number, encoded: boolean, limit = text.length): number {
  let i = from;
  /** In a run of backslashes that is known not to lead to a stop: looked at once, however long it is. */
  let runEnd = from;
  for (; i < limit; i++) {
    const c = text.charCodeAt(i);
    if (c <= 32 || c === 34 || c === 39 || c === 96 || c === 0xa0) return i;
    if (c === 92) {
      if (i >= runEnd) {
        if (sticks(ESCAPED_STOP, text, i)) return i;
        for (runEnd = i + 1; text.charCodeAt(runEnd) === 92; ) runEnd++;
      }
      i++;
    } else if (c === 37) {
      if (encoded && sticks(ENCODED_STOP, text, i)) return i;
    } else if (stopsAt(text, i, c)) return i;
  }
  return Math.min(i, text.length);
}

function stopsAt(text: string, i: number, c: number): boolean {
  switch (c) {
    case 38: // &
      return i + 1 >= text.length || sticks(AMPERSAND_PAIR, text, i + 1) || isEdge(text, i + 1);
    case 44: // ,
    case 59: // ;
      return isEdge(text, i + 1) || sticks(PAIR_FOLLOWS, text, i + 1);
    case 41: // )
    case 93: // ]
    case 125: // }
      return isEdge(text, i + 1) || isCloser(text.charCodeAt(i + 1));
    case 60: // <
      return text.charCodeAt(i + 1) === 47;
    case 62: // >
      return isEdge(text, i + 1);
    case 124: // |
      return isEdge(text, i + 1);
    default:
      return false;
  }
}

const isCloser = (c: number): boolean =>
  c === 41 || c === 93 || c === 125 || c === 44 || c === 59 || c === 46 || c === 58 || c === 60 || c === 62;

function isEdge(text: string, at: number): boolean {
  if (at >= text.length) return true;
  const c = text.charCodeAt(at);
  return c <= 32 || c === 34 || c === 39 || c === 96 || c === 92;
}
