/** Rate limits in PostgreSQL: one statement a decision, on the database's clock, for where there is no Redis. */
import { type Decision, decision, type Policy } from './gcra.ts';
import type { Store } from './store.ts';

/** The part of a `pg` pool that is used. */
export interface Querier {
  query(
    text: string,
    values: unknown[],
  ): Promise<{ readonly rows: unknown[]; readonly rowCount: number | null }>;
}

/**
 * In the schema `railguard`, which is there. Unlogged: a crash of the database forgets counts of seconds. Room in
 * each page keeps updates off the index.
 */
export const RATE_LIMIT_DDL = `
CREATE UNLOGGED TABLE IF NOT EXISTS railguard.rate_limit (
  key text PRIMARY KEY,
  tat bigint NOT NULL,
  verdict bigint NOT NULL
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
`;

const NOW = '(extract(epoch from clock_timestamp()) * 1000000)::bigint';

/** The clock is read once, before the row: `excluded.tat` carries it (less an interval) into the other branch. */
const AT = '(excluded.tat - $2::bigint)';
const AHEAD = `least(greatest(r.tat - ${AT}, 0), $3::bigint + $2::bigint)`;

/**
 * The step of gcra.ts: $2 interval, $3 tolerance. The row lock puts rivals in order. `verdict` is how far ahead
 * the key runs afterwards, negative after a refusal: what can't be told from the new time alone.
 */
const DECIDE = `
INSERT INTO railguard.rate_limit AS r (key, tat, verdict)
SELECT $1, clock.now + $2::bigint, $2::bigint FROM (SELECT coalesce($4::bigint, ${NOW}) AS now) AS clock
ON CONFLICT (key) DO UPDATE SET (tat, verdict) = (
  SELECT ${AT} + ahead + CASE WHEN ahead <= $3::bigint THEN $2::bigint ELSE 0 END,
    CASE WHEN ahead <= $3::bigint THEN ahead + $2::bigint ELSE -ahead END
  FROM (SELECT ${AHEAD} AS ahead) AS state)
RETURNING verdict`;

/** A bounded bite of rows nobody needs; rows that another replica is deleting are left to it. */
const DELETE_IDLE = `
DELETE FROM railguard.rate_limit WHERE ctid = ANY (ARRAY (
  SELECT ctid FROM railguard.rate_limit WHERE tat < ${NOW} LIMIT $1::int FOR UPDATE SKIP LOCKED))`;

export interface PostgresStoreOptions {
  /** Milliseconds between two sweeps of idle rows. */
  readonly sweepEvery?: number;
  /** Rows one statement deletes at most, and statements one sweep runs at most. */
  readonly bite?: number;
  readonly bites?: number;
}

export class PostgresStore implements Store {
  readonly name = 'postgres';
  private readonly sql: Querier;
  private readonly bite: number;
  private readonly bites: number;
  private readonly timer: NodeJS.Timeout;
  private sweeping = false;

  /** The table must be there: RATE_LIMIT_DDL makes it. */
  constructor(sql: Querier, { sweepEvery = 10_000, bite = 5_000, bites = 20 }: PostgresStoreOptions = {}) {
    this.sql = sql;
    this.bite = bite;
    this.bites = bites;
    this.timer = setInterval(() => void this.sweep(), sweepEvery);
    this.timer.unref();
  }

  async decide(key: string, policy: Policy, now?: number): Promise<Decision> {
    const values = [`${policy.name}:${key}`, policy.interval, policy.tolerance, now ?? null];
    const { rows } = await this.sql.query(DECIDE, values);
    const verdict = Number((rows[0] as { verdict: string }).verdict);
    return decision(verdict > 0, Math.abs(verdict), policy);
  }

  /** Deletes rows that are idle. Never rejects: a failed sweep is the next one's work. */
  async sweep(): Promise<void> {
    if (this.sweeping) return;
    this.sweeping = true;
    try {
      for (let i = 0; i < this.bites; i++) {
        const { rowCount } = await this.sql.query(DELETE_IDLE, [this.bite]);
        if ((rowCount ?? 0) < this.bite) break;
      }
    } catch {
      // The decisions themselves tell when the database is gone.
    } finally {
      this.sweeping = false;
    }
  }

  close(): void {
    clearInterval(this.timer);
  }
}
