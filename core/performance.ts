/** How the traffic fares over the last five minutes: rates, errors and latencies, counted in fixed memory. */

/** Milliseconds. */
const SLOT = 2000;
const SLOTS = 150;
/** Latency bins grow by a tenth from 0.1 ms: a quantile is right to 5 %. */
const FIRST = 0.0001;
const GROWTH = 1.1;
const BINS = 170;
const SCALE = 1 / Math.log(GROWTH);
const ORIGIN = Math.log(FIRST);
/** The newest whole slots that make "now". */
const NOW_SLOTS = 5;

export interface Quantiles {
  /** Milliseconds; null without requests. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

export interface PerformanceReading extends Quantiles {
  /** How much of the five minutes has been seen. */
  readonly window_seconds: number;
  readonly requests: number;
  /** A second, over the window. */
  readonly rate: number;
  /** A second, over the last ten seconds. */
  readonly rate_now: number;
  /** Share of answers of 500 and above, 0 to 1. */
  readonly error_rate: number;
  readonly client_errors: number;
  readonly server_errors: number;
  readonly refused: number;
}

/** Oldest first, one number a step; the unfinished slot is left out. */
export interface PerformanceSeries {
  readonly step_seconds: number;
  readonly rate: readonly number[];
  readonly errors: readonly number[];
  readonly refused: readonly number[];
  readonly latency: { readonly step_seconds: number; readonly points: readonly Quantiles[] };
}

/** What happened in one slot, for another process of this machine. */
export interface SlotReport {
  /** Milliseconds since the slot began. */
  readonly age: number;
  /** Requests, client errors, server errors, refusals. */
  readonly counts: readonly [number, number, number, number];
  /** Latency bin and count, by turns. */
  readonly bins: readonly number[];
}

export class Performance {
  private readonly requests = new Float64Array(SLOTS);
  private readonly clientErrors = new Float64Array(SLOTS);
  private readonly serverErrors = new Float64Array(SLOTS);
  private readonly refusals = new Float64Array(SLOTS);
  private readonly bins = new Uint32Array(SLOTS * BINS);
  private readonly startedAt: number;
  /** Number of the slot since the clock's beginning, and where it lies. */
  private current: number;
  private index: number;

  /** The newest slot that was reported. */
  private reported: number;

  /** `now` in milliseconds on the monotonic clock. */
  constructor(now: number) {
    this.startedAt = now;
    this.current = Math.floor(now / SLOT);
    this.index = this.current % SLOTS;
    this.reported = this.current - 1;
  }

  /** One request ended. A tunnel (101) counts, but how long it stood open is no latency. */
  request(status: number, seconds: number, now: number): void {
    this.advance(now);
    const { index } = this;
    this.requests[index]!++;
    if (status >= 500) this.serverErrors[index]!++;
    else if (status >= 400) this.clientErrors[index]!++;
    if (status !== 101) this.bins[index * BINS + bin(seconds)]!++;
  }

  refusal(now: number): void {
    this.advance(now);
    this.refusals[this.index]!++;
  }

  /** The slots that came to their end since the last report, empty ones left out. */
  report(now: number): SlotReport[] {
    this.advance(now);
    const reports: SlotReport[] = [];
    for (let slot = Math.max(this.reported + 1, this.current - SLOTS + 1); slot < this.current; slot++) {
      const index = slot % SLOTS;
      const counts = this.columns().map((column) => column[index]!) as [number, number, number, number];
      if (counts.every((count) => count === 0)) continue;
      const bins: number[] = [];
      for (let i = 0; i < BINS; i++) {
        const count = this.bins[index * BINS + i]!;
        if (count > 0) bins.push(i, count);
      }
      reports.push({ age: now - slot * SLOT, counts, bins });
    }
    this.reported = this.current - 1;
    return reports;
  }

  /** Adds what another process reported. */
  absorb({ age, counts, bins }: SlotReport, now: number): void {
    this.advance(now);
    const slot = Math.floor((now - age) / SLOT);
    if (slot < 0 || slot > this.current || this.current - slot >= SLOTS) return;
    const index = slot % SLOTS;
    for (const [i, column] of this.columns().entries()) column[index]! += counts[i]!;
    for (let i = 0; i < bins.length; i += 2) this.bins[index * BINS + bins[i]!]! += bins[i + 1]!;
  }

  private columns(): Float64Array[] {
    return [this.requests, this.clientErrors, this.serverErrors, this.refusals];
  }

  read(now: number): PerformanceReading {
    this.advance(now);
    const seen = Math.min(now - this.startedAt, SLOTS * SLOT) / 1000;
    const requests = sum(this.requests);
    const errors = sum(this.serverErrors);
    return {
      window_seconds: Math.round(seen),
      requests,
      rate: round(requests / Math.max(seen, 1)),
      rate_now: round(this.recent(this.requests, now)),
      error_rate: requests === 0 ? 0 : Math.round((errors / requests) * 10_000) / 10_000,
      client_errors: sum(this.clientErrors),
      server_errors: errors,
      refused: sum(this.refusals),
      ...this.quantiles(0, SLOTS),
    };
  }

  series(now: number): PerformanceSeries {
    this.advance(now);
    const perSecond = (values: Float64Array): number[] =>
      Array.from({ length: SLOTS - 1 }, (_, i) => values[(this.index + 1 + i) % SLOTS]! / (SLOT / 1000));
    const points: Quantiles[] = [];
    for (let slot = 0; slot < SLOTS; slot += NOW_SLOTS) points.push(this.quantiles(slot, NOW_SLOTS));
    return {
      step_seconds: SLOT / 1000,
      rate: perSecond(this.requests),
      errors: perSecond(this.serverErrors),
      refused: perSecond(this.refusals),
      latency: { step_seconds: (NOW_SLOTS * SLOT) / 1000, points },
    };
  }

  private recent(values: Float64Array, now: number): number {
    const seconds = Math.min(NOW_SLOTS * SLOT, Math.max(now - this.startedAt, 1000)) / 1000;
    let total = 0;
    // The unfinished slot would pull the figure down; it is used while there is nothing else.
    const from = now - this.startedAt < SLOT * 2 ? 0 : 1;
    for (let back = from; back < NOW_SLOTS + from; back++)
      total += values[(this.index - back + SLOTS) % SLOTS]!;
    return total / seconds;
  }

  /** Over `count` slots, the oldest being 0. */
  private quantiles(from: number, count: number): Quantiles {
    const merged = new Float64Array(BINS);
    let total = 0;
    for (let slot = from; slot < from + count; slot++) {
      const base = ((this.index + 1 + slot) % SLOTS) * BINS;
      for (let i = 0; i < BINS; i++) {
        const value = this.bins[base + i]!;
        merged[i]! += value;
        total += value;
      }
    }
    const at = (share: number): number | null => {
      if (total === 0) return null;
      let left = Math.ceil(total * share);
      for (let i = 0; i < BINS; i++) {
        left -= merged[i]!;
        if (left <= 0) return milliseconds(i);
      }
      return milliseconds(BINS - 1);
    };
    return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
  }

  /** Empties the slots that were passed over. */
  private advance(now: number): void {
    const slot = Math.floor(now / SLOT);
    if (slot <= this.current) return;
    const passed = Math.min(slot - this.current, SLOTS);
    for (let i = 1; i <= passed; i++) this.empty((this.current + i) % SLOTS);
    if (passed === SLOTS) for (let i = 0; i < SLOTS; i++) this.empty(i);
    this.current = slot;
    this.index = slot % SLOTS;
  }

  private empty(index: number): void {
    this.requests[index] = 0;
    this.clientErrors[index] = 0;
    this.serverErrors[index] = 0;
    this.refusals[index] = 0;
    this.bins.fill(0, index * BINS, (index + 1) * BINS);
  }
}

function bin(seconds: number): number {
  if (!(seconds > FIRST)) return 0;
  const index = Math.floor((Math.log(seconds) - ORIGIN) * SCALE);
  return index < BINS ? index : BINS - 1;
}

/** The middle of a bin. */
const milliseconds = (index: number): number => precise(FIRST * GROWTH ** (index + 0.5) * 1000);

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
const round = (value: number): number => Math.round(value * 100) / 100;
/** Three significant digits. */
const precise = (value: number): number => Number(value.toPrecision(3));
