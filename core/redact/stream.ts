/** Redacts a text that arrives in pieces: what a border may have cut is held back, and never more than a bound. */
import { render, type Span } from './spans.ts';

export interface RedactStream {
  /** Takes the next piece and returns what may leave already. */
  push(chunk: string): string;
  /** Returns what was held back; the stream is over. */
  end(): string;
}

interface Locator {
  locate(text: string): { spans: Span[]; openKey: number };
  count(spans: readonly Span[], place: string): void;
}

/** In characters. A line longer than this is cut at a blank or a comma outside every secret. */
const MOST_HELD = 65_536;
const MARGIN = 4_096;
const CONTEXT = 2_048;
const CONTEXT_LINES = 3;

export class LineStream implements RedactStream {
  readonly #locator: Locator;
  readonly #place: string;
  /** The raw end of what left already: a rule may need to read the lines before a value. */
  #context = '';
  #held = '';
  #inKey = false;

  constructor(locator: Locator, place: string) {
    this.#locator = locator;
    this.#place = place;
  }

  push(chunk: string): string {
    const keyMayEnd = this.#inKey && (chunk.includes('-') || this.#held.length > MOST_HELD);
    this.#held += chunk;
    if (this.#held.length > MOST_HELD) return this.#drain(false);
    if (this.#inKey && !(keyMayEnd && this.#held.includes('-----END'))) return '';
    return chunk.includes('\n') ? this.#drain(false) : '';
  }

  end(): string {
    return this.#drain(true);
  }

  #drain(last: boolean): string {
    let output = '';
    for (;;) {
      const before = this.#held.length;
      output += this.#release(last);
      const more = this.#held.length > MOST_HELD && this.#held.length < before;
      if (!more) return output;
    }
  }

  #release(last: boolean): string {
    const from = this.#context.length;
    const text = this.#context + this.#held;
    const { spans, openKey } = this.#locator.locate(text);
    const until = last ? text.length : this.#border(text, from, spans, openKey);
    this.#inKey = !last && openKey >= 0;
    if (until <= from) return '';
    const inside = spans.filter((span) => span.start >= from && span.end <= until);
    this.#locator.count(inside, this.#place);
    const shifted = inside.map((span) => ({ ...span, start: span.start - from, end: span.end - from }));
    const output = render(text.slice(from, until), shifted);
    this.#held = text.slice(until);
    this.#context = contextOf(text, until);
    return output;
  }

  /** How far the text may leave: whole lines, before an open key, never inside a secret. */
  #border(text: string, from: number, spans: readonly Span[], openKey: number): number {
    const limit = openKey >= 0 ? text.lastIndexOf('\n', openKey) + 1 : text.length;
    const line = text.lastIndexOf('\n', limit - 1) + 1;
    const border = before(spans, line);
    if (border > from || text.length - from <= MOST_HELD) return border;
    return this.#cut(text, from, spans);
  }

  /** One line beyond the bound: cut it, or shorten the secret that fills it (what goes would be hidden anyway). */
  #cut(text: string, from: number, spans: readonly Span[]): number {
    const far = before(spans, blankBefore(text, text.length - MARGIN));
    if (far > from) return far;
    const span = spans.find(({ end }) => end > from);
    if (!span || span.end - from < 4 * MARGIN) return before(spans, text.length - MARGIN, from + 1);
    const keep = Math.max(from, span.start) + MARGIN;
    this.#held =
      text.slice(from, keep) + text.slice(Math.max(keep, span.end - MARGIN + ((span.end - keep) % 4)));
    return from;
  }
}

/** The last place at or before `border` that no span covers. */
function before(spans: readonly Span[], border: number, least = 0): number {
  const covering = spans.find((span) => span.start < border && span.end > border);
  return covering ? Math.max(least, covering.start) : border;
}

function blankBefore(text: string, at: number): number {
  for (let i = at; i > at - MARGIN && i > 0; i--) {
    const c = text.charCodeAt(i - 1);
    if (c === 32 || c === 44 || c === 10 || c === 38 || c === 59) return i;
  }
  return at;
}

function contextOf(text: string, until: number): string {
  let start = until;
  for (let lines = 0; lines <= CONTEXT_LINES && start > 0; lines++) {
    const next = text.lastIndexOf('\n', start - 2) + 1;
    if (until - next > CONTEXT) break;
    start = next;
  }
  return start < until ? text.slice(start, until) : text.slice(Math.max(0, until - 256), until);
}
