/** The rate limit as slowly and plainly as it can be said: what the stores are compared with. */
import fc from 'fast-check';
import { definePolicy, type Policy } from '../../../../proxy/stores/gcra.ts';

/**
 * A request passes when, for every earlier one that passed, enough intervals fit between that one and now for all
 * that passed since, less the tolerance. No state but the list of those that passed; whole microseconds as BigInt.
 */
export class Reference {
  private readonly passed: bigint[] = [];
  private readonly interval: bigint;
  private readonly tolerance: bigint;

  constructor(policy: Policy) {
    this.interval = BigInt(policy.interval);
    this.tolerance = BigInt(policy.tolerance);
  }

  request(now: number): boolean {
    const allowed = this.wait(BigInt(now)) <= 0n;
    if (allowed) this.passed.push(BigInt(now));
    return allowed;
  }

  /** How many more would pass at this very time. */
  remaining(now: number): number {
    const copy = this.passed.length;
    let count = 0;
    while (this.request(now)) count++;
    this.passed.length = copy;
    return count;
  }

  private wait(now: bigint): bigint {
    let longest = 0n;
    this.passed.forEach((then, i) => {
      const since = BigInt(this.passed.length - i);
      const wait = then + since * this.interval - this.tolerance - now;
      if (wait > longest) longest = wait;
    });
    return longest;
  }
}

export interface Arrival {
  readonly key: string;
  /** Microseconds after the start; never less than the one before. */
  readonly at: number;
}

export interface Schedule {
  readonly policy: Policy;
  readonly arrivals: readonly Arrival[];
}

/** Bursts, lulls and edges: gaps are nothing, a few microseconds, about an interval, or about a whole burst. */
export function schedules(maxLength: number): fc.Arbitrary<Schedule> {
  return fc
    .record({
      limit: fc.integer({ min: 1, max: 600 }),
      window: fc.constantFrom(1, 60, 3600),
      burst: fc.integer({ min: 1, max: 12 }),
    })
    .chain(({ limit, window, burst }) => {
      const policy = definePolicy('property', limit, window, burst);
      const around = (size: number) => fc.integer({ min: Math.max(0, size - 2), max: size + 2 });
      const gap = fc.oneof(
        { weight: 4, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.integer({ min: 1, max: 5 }) },
        { weight: 4, arbitrary: around(policy.interval) },
        { weight: 2, arbitrary: fc.integer({ min: 1, max: policy.interval * 3 }) },
        { weight: 1, arbitrary: around(policy.interval + policy.tolerance) },
      );
      const arrival = fc.record({ key: fc.constantFrom('a', 'b', 'c'), gap });
      return fc.array(arrival, { minLength: 1, maxLength }).map((steps) => {
        let at = 0;
        const arrivals = steps.map(({ key, gap }) => {
          at += gap;
          return { key, at };
        });
        return { policy, arrivals };
      });
    });
}
