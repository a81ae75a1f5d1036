/** Cuts a child's output into lines, whatever way it arrives, with a bound on how long one may be. */
/** Characters of a line that are kept; what follows up to its end is dropped and said. */
const MAX_LINE = 64 * 1024;

export interface Line {
  readonly text: string;
  /** The line was longer than what is kept. */
  readonly cut: boolean;
}

export class LineSplitter {
  private readonly onLine: (line: Line) => void;
  private pending = '';
  private cut = false;

  constructor(onLine: (line: Line) => void) {
    this.onLine = onLine;
  }

  /** The stream ended: a last line needs no line feed. */
  end(): void {
    if (this.pending !== '' || this.cut) this.emit();
  }

  push(text: string): void {
    let from = 0;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', from)) {
      this.append(text, from, at);
      this.emit();
      from = at + 1;
    }
    if (from < text.length) this.append(text, from, text.length);
  }

  private append(text: string, from: number, to: number): void {
    const room = MAX_LINE - this.pending.length;
    if (to - from > room) this.cut = true;
    if (room > 0) this.pending += text.slice(from, Math.min(to, from + room));
  }

  private emit(): void {
    const text = this.pending.endsWith('\r') ? this.pending.slice(0, -1) : this.pending;
    const { cut } = this;
    this.pending = '';
    this.cut = false;
    this.onLine({ text, cut });
  }
}
