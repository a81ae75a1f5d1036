/** What the rules share while one text is looked through. */
import type { NameVerdict } from './names.ts';
import type { Spans } from './spans.ts';
import { Closings } from './values.ts';

export class Scan {
  readonly text: string;
  readonly spans: Spans;
  readonly closings = new Closings();
  /** A name given as a value (`name: DB_PASSWORD`), waiting for the value that belongs to it. */
  label: { readonly verdict: NameVerdict; readonly at: number } | undefined;
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
}
