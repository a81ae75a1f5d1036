/** Collects what is to be hidden in one text and writes the text anew once: no rule sees another rule's output. */

/** The more a rule knows about what it found, the more its name for it counts. */
export const CERTAINTY = { key: 1, shape: 2, exact: 3 } as const;

export interface Span {
  start: number;
  end: number;
  kind: string;
  certainty: number;
  /** Quotes to set around the mark, where a bare number stood in a JSON document. */
  quote: string;
}

const OPEN = '[redacted:';
const LONGEST_MARK = 80;

/** What stands in the place of a secret of this kind. */
export const mark = (kind: string): string => `${OPEN}${kind}]`;

/** True when a mark, whoever wrote it, begins at `at`. */
export const isMarkAt = (text: string, at: number): boolean =>
  text.charCodeAt(at) === 91 && text.startsWith('redacted', at + 1);

export class Spans {
  readonly #found: Span[] = [];

  get empty(): boolean {
    return this.#found.length === 0;
  }

  add(start: number, end: number, kind: string, certainty: number, quote = ''): void {
    if (end > start) this.#found.push({ start, end, kind, certainty, quote });
  }

  /** Sorted, without overlap, without what lies in a mark that this redactor wrote itself. */
  merged(text: string, kinds: ReadonlySet<string>): Span[] {
    const outside = text.includes(OPEN)
      ? this.#found.filter((s) => !insideMark(text, s, kinds))
      : this.#found;
    outside.sort((a, b) => a.start - b.start || b.end - a.end);
    const merged: Span[] = [];
    for (const span of outside) {
      const last = merged.at(-1);
      if (last && span.start < last.end) join(last, span);
      else merged.push(span);
    }
    return merged;
  }
}

function join(into: Span, span: Span): void {
  const share = (span.end - span.start) * 2 >= into.end - into.start;
  if (share && span.certainty > into.certainty) {
    into.kind = span.kind;
    into.certainty = span.certainty;
  }
  into.end = Math.max(into.end, span.end);
}

function insideMark(text: string, span: Span, kinds: ReadonlySet<string>): boolean {
  const from = Math.max(0, span.start - LONGEST_MARK);
  const open = text.slice(from, span.start + OPEN.length).lastIndexOf(OPEN);
  if (open < 0) return false;
  const inside = text.slice(from + open + OPEN.length, from + open + LONGEST_MARK);
  const close = inside.indexOf(']');
  return close >= 0 && span.end <= from + open + OPEN.length + close + 1 && kinds.has(inside.slice(0, close));
}

/** Writes `text` with a mark in the place of each span. */
export function render(text: string, spans: readonly Span[]): string {
  let output = '';
  let at = 0;
  for (const { start, end, kind, quote } of spans) {
    output += text.slice(at, start) + quote + mark(kind) + quote;
    at = end;
  }
  return output + text.slice(at);
}
