/** What the rate limit asks of a store, whichever it is. */
import type { Decision, Policy } from './gcra.ts';

export interface Store {
  /** Stands in the metric's `store` label. */
  readonly name: 'memory' | 'redis' | 'postgres';
  /**
   * Counts one request of the key, in one atomic step, on the store's own clock. `now` (whole microseconds)
   * stands in for that clock: for tests, and for replaying a schedule. Rejects when the store fails.
   */
  decide(key: string, policy: Policy, now?: number): Decision | Promise<Decision>;
  /** Lets go of timers; connections belong to whoever opened them. */
  close(): void;
}

/** What the filter asks: an answer in bounded time, whatever the store does. */
export interface Limiter {
  /** Throws (or rejects with) a `store_unavailable` Problem when the operator chose to refuse without a store. */
  decide(key: string, policy: Policy): Decision | Promise<Decision>;
}
