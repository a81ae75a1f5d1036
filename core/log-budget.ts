/** How many lines leave in a second: over the limit the expendable go first, before anything is spent on them. */

/** `first`: debug, and successful requests. `next`: other info lines. What must be kept asks nothing. */
export type Expendable = 'first' | 'next';

/** Share of the limit that `first` leaves to the others. */
const RESERVED = 0.1;
const SECOND = 1000;

export class LineBudget {
  /** Lines refused since the start. */
  readonly dropped: Record<Expendable, number> = { first: 0, next: 0 };
  /** When each of the last lines left, as a ring: no second holds more than its size, wherever it begins. */
  private readonly times: Float64Array;
  private readonly shares: Readonly<Record<Expendable, number>>;
  private readonly now: () => number;
  private at = 0;

  /** `perSecond` is at least 1; `now` gives milliseconds on a monotonic clock. */
  constructor(perSecond: number, now: () => number) {
    this.times = new Float64Array(perSecond).fill(Number.NEGATIVE_INFINITY);
    this.shares = { first: Math.ceil(perSecond * (1 - RESERVED)), next: perSecond };
    this.now = now;
  }

  /** Has a line room? A refused one is counted; one that has room takes it when it is written. */
  admits(kind: Expendable): boolean {
    const size = this.times.length;
    const back = (this.at - this.shares[kind] + size) % size;
    if ((this.times[back] as number) <= this.now() - SECOND) return true;
    this.dropped[kind]++;
    return false;
  }

  /** A line is on its way, whether it asked or not. */
  wrote(): void {
    this.times[this.at] = this.now();
    this.at = (this.at + 1) % this.times.length;
  }
}
