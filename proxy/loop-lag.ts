/** How late the event loop runs, and what share of new requests to turn away for it: less than all, so that work goes on. */

export interface LoopLagOptions {
  /** Milliseconds that the loop may run late, again and again, before anything is shed; 0 never sheds. */
  readonly limit: number;
  /** Told when shedding begins and when it is over. */
  readonly onChange?: (shedding: boolean, lag: number) => void;
}

/** Milliseconds between two samples. */
const EVERY = 50;
/** Samples in a row over the limit before it counts: one pause of the garbage collector is no overload. */
const PATIENCE = 3;
/** Per cent. */
const UP = 20;
const DOWN = 10;
/** Never all: a loop that only refuses does no work, and could not tell when it is well again. */
const MOST = 95;

export class LoopLag {
  private readonly options: LoopLagOptions;
  private over = 0;
  private level = 0;
  private owed = 0;
  private timer: NodeJS.Timeout | undefined = undefined;

  constructor(options: LoopLagOptions) {
    this.options = options;
  }

  /** Share of new requests that is shed now, 0 to 0.95. */
  get share(): number {
    return this.level / 100;
  }

  /** Samples from now on, until `stop`. */
  start(): void {
    if (this.options.limit === 0) return;
    let due = performance.now() + EVERY;
    this.timer = setInterval(() => {
      const now = performance.now();
      this.sample(now - due);
      due = now + EVERY;
    }, EVERY);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** `late` in milliseconds. Rises over the limit, falls under half of it, and stays as it is between the two. */
  sample(late: number): void {
    const { limit } = this.options;
    const before = this.level;
    this.over = late > limit ? this.over + 1 : 0;
    if (this.over >= PATIENCE) this.level = Math.min(MOST, this.level + UP);
    else if (late < limit / 2) this.level = this.level <= DOWN ? 0 : this.level - DOWN;
    if ((before === 0) !== (this.level === 0)) this.options.onChange?.(this.level > 0, late);
  }

  /** Is this one to be turned away? Spreads the share evenly over those who ask. */
  sheds(): boolean {
    if (this.level === 0) return false;
    this.owed += this.level;
    if (this.owed < 100) return false;
    this.owed -= 100;
    return true;
  }
}
