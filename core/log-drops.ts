/** Says once in a while how many log lines were lost: a gap that nobody mentions looks like silence. */

type Counts = Readonly<Record<string, number>>;

/** Milliseconds between two looks. */
const EVERY = 10_000;

export class DropReport {
  private readonly counts: readonly Counts[];
  private readonly say: (message: string, dropped: number) => void;
  private said = 0;

  /** `counts` are read again and again; `say` is called when they grew. */
  constructor(counts: readonly Counts[], say: (message: string, dropped: number) => void) {
    this.counts = counts;
    this.say = say;
    setInterval(() => this.look(`in the last ${EVERY / 1000} s`), EVERY).unref();
  }

  /** Says now what was not said yet. */
  look(since: string): void {
    let total = 0;
    for (const count of this.counts) for (const lines of Object.values(count)) total += lines;
    const dropped = total - this.said;
    this.said = total;
    if (dropped > 0) this.say(`${dropped} log lines dropped ${since}`, dropped);
  }
}
