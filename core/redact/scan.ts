/** What the rules share while one text is looked through. */
import type { NameVerdict } from './names.ts';
import type { Spans } from './spans.ts';
import { Closings } from './values.ts';

const MOST_READS = 8;

export class Scan {
  readonly text: string;
  readonly spans: Spans;
  readonly closings = new Closings();
  /** A name given as a value (`name: DB_PASSWORD`), waiting for the value that belongs to it. */
  label: { readonly verdict: NameVerdict; readonly at: number } | undefined;
  /** Up to here the run of characters holds no `@`. */
  noUserinfoUntil = 0;
  #bareUntil = 0;
  #bareRejected = 0;
  /** Whether the last window of the text ended inside a word. */
  inWord = false;
  /** Up to here no pattern that failed on this run of characters need be tried again. */
  deadUntil = 0;
  /** The same for JSON Web Tokens. */
  deadTokenUntil = 0;

  constructor(text: string, spans: Spans) {
    this.text = text;
    this.spans = spans;
  }

  /** Notes that the bare value up to `end` was no secret. */
  rejectBare(start: number, end: number): void {
    this.#bareRejected = start < this.#bareUntil ? this.#bareRejected + 1 : 1;
    this.#bareUntil = Math.max(this.#bareUntil, end);
  }

  /** True inside an unbroken run that was read often enough: `key=key=key=…` must not cost its square. */
  isTired(at: number): boolean {
    return at < this.#bareUntil && this.#bareRejected > MOST_READS;
  }
}
