/** When to try again after a failure: soon at first, then ever later, never in step with other replicas. */

/** Milliseconds. */
const FIRST = 100;
const LAST = 5_000;

export class BackOff {
  private readonly retry: () => void;
  private failures = 0;
  private timer: NodeJS.Timeout | undefined;

  /** `retry` is called when it is time. */
  constructor(retry: () => void) {
    this.retry = retry;
  }

  /** Has nothing succeeded since the last failure? */
  get failing(): boolean {
    return this.failures > 0;
  }

  /** Is it too early to try again? */
  get waiting(): boolean {
    return this.timer !== undefined;
  }

  /** Failures of attempts made together count once. */
  failed(): void {
    if (this.waiting) return;
    const delay = Math.min(FIRST * 2 ** this.failures++, LAST) * (0.5 + Math.random() / 2);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.retry();
    }, delay);
    this.timer.unref();
  }

  succeeded(): void {
    this.failures = 0;
    this.stop();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
