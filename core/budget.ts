/** How often something may be done that anybody can cause: so many a second, and as many at once. */
export class Budget {
  private readonly perSecond: number;
  private readonly now: () => number;
  private left: number;
  private filledAt: number;

  /** `now` gives milliseconds on a monotonic clock. */
  constructor(perSecond: number, now: () => number) {
    this.perSecond = perSecond;
    this.now = now;
    this.left = perSecond;
    this.filledAt = now();
  }

  /** True when one more may be done, which is then counted. */
  take(): boolean {
    this.fill();
    if (this.left < 1) return false;
    this.left -= 1;
    return true;
  }

  /** True when nothing may be done at the moment. */
  get spent(): boolean {
    this.fill();
    return this.left < 1;
  }

  private fill(): void {
    const time = this.now();
    this.left = Math.min(this.perSecond, this.left + ((time - this.filledAt) / 1000) * this.perSecond);
    this.filledAt = time;
  }
}
