/** Who waits for a connection: first come, first served, none for longer than its time, and how long they waited. */
import type { Clock } from '../clock.ts';
import { PostgresFailure } from './failure.ts';
import type { Link } from './link.ts';
import { WaitTimes } from './wait-times.ts';

interface Waiter {
  readonly resolve: (link: Link) => void;
  readonly reject: (error: PostgresFailure) => void;
  readonly since: number;
  readonly timer: NodeJS.Timeout;
}

const MAX_WAITING = 10_000;

export class Waiters {
  /** Called with the milliseconds each borrower waited, whatever came of it. */
  onWait: ((wait: number) => void) | undefined;
  /** How many waited in vain. */
  timeouts = 0;
  readonly times = new WaitTimes();
  private readonly clock: Clock;
  private readonly waiting = new Set<Waiter>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  get size(): number {
    return this.waiting.size;
  }

  /** Resolves to what `serve` is given; rejects after `timeout` ms, or at once when too many wait. */
  join(timeout: number): Promise<Link> {
    if (this.size >= MAX_WAITING)
      return Promise.reject(new PostgresFailure('pool_overrun', 'too many wait for a connection'));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.leave(waiter);
        this.timeouts++;
        reject(new PostgresFailure('pool_timeout', `no connection came free within ${timeout} ms`));
      }, timeout);
      const waiter: Waiter = { resolve, reject, timer, since: this.clock.monotonic() };
      this.waiting.add(waiter);
    });
  }

  /** Gives the connection to whoever waits longest; false when nobody does. */
  serve(link: Link): boolean {
    const [waiter] = this.waiting;
    if (waiter === undefined) return false;
    this.leave(waiter);
    waiter.resolve(link);
    return true;
  }

  refuseAll(error: PostgresFailure): void {
    for (const waiter of this.waiting) {
      this.leave(waiter);
      waiter.reject(error);
    }
  }

  /** Milliseconds; 0 for who did not have to wait. */
  waited(wait: number): void {
    this.times.record(wait);
    this.onWait?.(wait);
  }

  private leave(waiter: Waiter): void {
    clearTimeout(waiter.timer);
    this.waiting.delete(waiter);
    this.waited(this.clock.monotonic() - waiter.since);
  }
}
