/** Keeps trying until railguard's schema stands, so that a database that comes late or poor in rights stops nothing. */
import type { Log } from '../logger.ts';
import { PostgresFailure, sqlState } from './failure.ts';
import { type Migration, migrate, migrationAdvice } from './migrations.ts';
import type { Pool } from './pool.ts';

/** Milliseconds until the next attempt: rights are given by hand, a database comes back by itself. */
const AFTER_REFUSAL = 60_000;
const AFTER_OUTAGE = 1_000;

export class Schema {
  /** What keeps it from standing; undefined while nothing is known to. */
  problem: string | undefined;
  private readonly pool: Pool;
  private readonly migrations: readonly Migration[];
  private readonly log: Log;
  private readonly retryAfter: number;
  private standing = false;
  private stopped = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(pool: Pool, migrations: readonly Migration[], log: Log, retryAfter = AFTER_REFUSAL) {
    this.pool = pool;
    this.migrations = migrations;
    this.log = log;
    this.retryAfter = retryAfter;
    void this.attempt();
  }

  get ready(): boolean {
    return this.standing;
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private async attempt(): Promise<void> {
    try {
      const applied = await migrate(this.pool, this.migrations);
      this.standing = true;
      this.problem = undefined;
      this.log.info('lifecycle', 'the database schema stands', { applied });
    } catch (error) {
      if (!this.stopped) this.later(error);
    }
  }

  private later(error: unknown): void {
    const outage = error instanceof PostgresFailure || sqlState(error) === undefined;
    if (!outage) {
      const advice = migrationAdvice(error);
      if (advice !== this.problem) this.log.error('lifecycle', advice, { error });
      this.problem = advice;
    }
    this.timer = setTimeout(() => void this.attempt(), outage ? AFTER_OUTAGE : this.retryAfter);
    this.timer.unref();
  }
}
