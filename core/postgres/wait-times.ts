/** The last thousand waits for a connection, and what half and almost all of them stayed under. */

const KEPT = 1024;

export class WaitTimes {
  private readonly values = new Float64Array(KEPT);
  private count = 0;

  /** Milliseconds. */
  record(wait: number): void {
    this.values[this.count++ % KEPT] = wait;
  }

  /** Milliseconds, to two digits; 0 when nobody asked yet. */
  quantiles(): { readonly p50: number; readonly p99: number } {
    const sorted = this.values.slice(0, Math.min(this.count, KEPT)).sort();
    const at = (share: number): number => {
      const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
      return Math.round(value * 100) / 100;
    };
    return { p50: at(0.5), p99: at(0.99) };
  }
}
