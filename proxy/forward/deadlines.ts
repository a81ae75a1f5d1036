/** One timer for all calls: a deadline costs a number, not a timer (late by at most the interval). */

/** Something with a moment at which it has waited long enough. */
export interface Timed {
  /** Milliseconds on the monotonic clock; Infinity while nothing is awaited. */
  deadline: number;
  /** Where it stands among those that wait, -1 for nowhere; Deadlines writes it. */
  place: number;
  expire(): void;
}

export class Deadlines {
  /** An array: a Set leaves old tables behind, which keep every call they held until the next full collection. */
  private readonly waiting: Timed[] = [];
  private readonly timer: NodeJS.Timeout;

  /** `interval` in milliseconds. */
  constructor(interval: number) {
    this.timer = setInterval(() => this.sweep(), interval);
    this.timer.unref();
  }

  add(timed: Timed): void {
    timed.place = this.waiting.push(timed) - 1;
  }

  delete(timed: Timed): void {
    const { place } = timed;
    if (place < 0) return;
    timed.place = -1;
    const last = this.waiting.pop() as Timed;
    if (last === timed) return;
    this.waiting[place] = last;
    last.place = place;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Backwards: who expires gives its place to one that was looked at. */
  private sweep(): void {
    const now = performance.now();
    for (let i = this.waiting.length - 1; i >= 0; i--) {
      const timed = this.waiting[i];
      if (timed !== undefined && timed.deadline <= now) timed.expire();
    }
  }
}
