/** The one pool of connections: a floor that stays open, a size that is kept while busy, an overflow that is not kept. */
import type pg from 'pg';
import type { Clock } from '../clock.ts';
import { BackOff } from './back-off.ts';
import { breaksConnection, PostgresFailure } from './failure.ts';
import type { Link } from './link.ts';
import { Waiters } from './waiters.ts';

export interface PoolOptions {
  /** Opened at once and kept. */
  readonly min: number;
  /** Kept while there is work for them. */
  readonly max: number;
  /** Opened beyond that when all are busy, closed when they come back and nobody waits. */
  readonly overflow: number;
  /** Milliseconds a borrower waits. */
  readonly timeout: number;
  /** Milliseconds without work after which what exceeds the floor is closed. */
  readonly idleTimeout?: number;
  /** Milliseconds after which a connection is replaced. */
  readonly lifetime?: number;
}

/** Where the pool gets its connections. */
export interface LinkSource {
  open(): Promise<Link>;
}

export interface PoolFigures {
  readonly min: number;
  readonly max: number;
  readonly overflow: number;
  /** Open connections: idle and active. */
  readonly size: number;
  readonly idle: number;
  readonly active: number;
  readonly overflow_in_use: number;
  readonly waiting: number;
  readonly wait_ms: { readonly p50: number; readonly p99: number };
  readonly timeouts: number;
}

const ROUND = 250;

export class Pool {
  /** Called when the last connection is lost or none can be opened, and when there is one again. */
  onReach: ((reachable: boolean, error?: unknown) => void) | undefined;
  private readonly options: Required<PoolOptions>;
  private readonly source: LinkSource;
  private readonly clock: Clock;
  private readonly idle: Link[] = [];
  private readonly busy = new Set<Link>();
  readonly waiters: Waiters;
  private readonly backOff: BackOff;
  private readonly rounds: NodeJS.Timeout;
  private opening = 0;
  private closing = 0;
  private closed = false;
  private failure: unknown;

  /** Opens the floor in the background. */
  constructor(options: PoolOptions, source: LinkSource, clock: Clock) {
    this.options = { idleTimeout: 10_000, lifetime: 30 * 60_000, ...options };
    this.source = source;
    this.clock = clock;
    this.waiters = new Waiters(clock);
    this.backOff = new BackOff(() => this.fill());
    this.rounds = setInterval(() => this.round(), ROUND);
    this.rounds.unref();
    this.fill();
  }

  /** Is a connection open, or may the next attempt still bring one? */
  get reachable(): boolean {
    return this.live > 0 || !this.backOff.failing;
  }

  /** Why the last attempt to connect failed; undefined after one that did not. */
  get lastFailure(): unknown {
    return this.failure;
  }

  /**
   * A connection to be given back. Rejects with a PostgresFailure: at once when the database is away, else after
   * `timeout` ms (the pool's own if not given).
   */
  borrow(timeout = this.options.timeout): Promise<Link> {
    if (this.closed) return Promise.reject(new PostgresFailure('pool_closed', 'the pool is closed'));
    for (let link = this.idle.pop(); link !== undefined; link = this.idle.pop()) {
      if (!link.usable) continue;
      this.busy.add(link);
      this.waiters.waited(0);
      return Promise.resolve(link);
    }
    if (!this.reachable) return Promise.reject(this.unreachable());
    const link = this.waiters.join(timeout);
    this.fill();
    return link;
  }

  /** Takes a borrowed connection back; a broken one is closed. Throws when it is not out. */
  release(link: Link, broken = false): void {
    if (!this.busy.delete(link)) throw new Error('a connection was given back that is not out');
    const old = link.expiresAt <= this.clock.monotonic();
    if (broken || this.closed || old || !link.usable) this.dismiss(link);
    else this.offer(link);
  }

  /** Runs with one connection; one that an error shows to be broken does not come back. */
  async with<T>(run: (client: pg.Client) => Promise<T>, timeout?: number): Promise<T> {
    const link = await this.borrow(timeout);
    let broken = true;
    try {
      const result = await run(link.client);
      broken = false;
      return result;
    } catch (error) {
      broken = breaksConnection(error);
      throw error;
    } finally {
      this.release(link, broken);
    }
  }

  query(text: string, values?: unknown[]): Promise<pg.QueryResult> {
    return this.with((client) => client.query(text, values));
  }

  /** All or nothing. Rejects with what stopped it. */
  transaction<T>(run: (client: pg.Client) => Promise<T>, timeout?: number): Promise<T> {
    return this.with(async (client) => {
      await client.query('BEGIN');
      try {
        const result = await run(client);
        await client.query('COMMIT');
        return result;
      } catch (error) {
        if (!breaksConnection(error)) await client.query('ROLLBACK');
        throw error;
      }
    }, timeout);
  }

  figures(): PoolFigures {
    const { min, max, overflow } = this.options;
    const size = this.live;
    return {
      min,
      max,
      overflow,
      size,
      idle: this.idle.length,
      active: this.busy.size,
      overflow_in_use: Math.max(0, size - max),
      waiting: this.waiters.size,
      wait_ms: this.waiters.times.quantiles(),
      timeouts: this.waiters.timeouts,
    };
  }

  /** Refuses new borrowers, gives those who have a connection `grace` ms, then cuts what is left. */
  async close(grace: number): Promise<void> {
    this.closed = true;
    clearInterval(this.rounds);
    this.backOff.stop();
    this.waiters.refuseAll(new PostgresFailure('pool_closed', 'the pool is closed'));
    for (const link of this.idle.splice(0)) this.dismiss(link);
    const deadline = this.clock.monotonic() + grace;
    while (this.total > 0 && this.clock.monotonic() < deadline) await pause(10);
    await Promise.all([...this.busy].map((link) => link.end()));
  }

  private get live(): number {
    return this.idle.length + this.busy.size;
  }

  /** What the server may count as ours. */
  private get total(): number {
    return this.live + this.opening + this.closing;
  }

  /** Opens what the floor and the waiting need. After a failure one attempt at a time, when the back-off says so. */
  private fill(): void {
    const { min, max, overflow } = this.options;
    while (!this.closed && !this.backOff.waiting && this.total < max + overflow) {
      const wanted = this.opening < this.waiters.size || this.live + this.opening < min;
      if (!wanted || (this.backOff.failing && this.opening > 0)) return;
      void this.open();
    }
  }

  private async open(): Promise<void> {
    this.opening++;
    try {
      const link = await this.source.open();
      this.opening--;
      this.welcome(link);
    } catch (error) {
      this.opening--;
      this.failed(error);
    }
    this.fill();
  }

  private welcome(link: Link): void {
    if (this.live === 0) this.onReach?.(true);
    this.failure = undefined;
    this.backOff.succeeded();
    // Spread, so that connections opened together are not replaced together.
    link.expiresAt = this.clock.monotonic() + this.options.lifetime * (0.8 + Math.random() * 0.2);
    link.onLost = () => this.lost(link);
    if (this.closed || !link.usable) this.dismiss(link);
    else this.offer(link);
  }

  private failed(error: unknown): void {
    this.failure = error;
    this.backOff.failed();
    if (this.live > 0) return;
    this.onReach?.(false, error);
    this.waiters.refuseAll(this.unreachable());
  }

  /** To whoever waits longest; to nobody if that would keep an overflow open. */
  private offer(link: Link): void {
    this.busy.add(link);
    if (this.waiters.serve(link)) return;
    this.busy.delete(link);
    if (this.live >= this.options.max) {
      this.dismiss(link);
    } else {
      link.idleSince = this.clock.monotonic();
      this.idle.push(link);
    }
  }

  /** Counted until the server has let go of it, so that the whole never exceeds its bound there. */
  private dismiss(link: Link): void {
    link.onLost = undefined;
    this.closing++;
    void link.end().finally(() => {
      this.closing--;
      this.fill();
    });
  }

  private lost(link: Link): void {
    const index = this.idle.indexOf(link);
    if (index >= 0) this.idle.splice(index, 1);
    // One that is out is given back by its borrower, whose query fails.
    this.fill();
  }

  private round(): void {
    const now = this.clock.monotonic();
    const { min, idleTimeout } = this.options;
    // The longest idle stand first.
    while (this.live > min && this.idle.length > 0) {
      const oldest = this.idle[0] as Link;
      if (now - oldest.idleSince < idleTimeout) break;
      this.idle.shift();
      this.dismiss(oldest);
    }
    const old = this.idle.findIndex((link) => link.expiresAt <= now);
    if (old >= 0) this.dismiss(this.idle.splice(old, 1)[0] as Link);
    this.fill();
  }

  private unreachable(): PostgresFailure {
    return new PostgresFailure('database_unreachable', 'the database can not be reached', this.failure);
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
