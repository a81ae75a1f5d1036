/** The server's own view of who is connected: one cheap query, at most every ten seconds, never waited for long. */
import type pg from 'pg';
import type { Clock } from '../clock.ts';
import { PostgresFailure } from './failure.ts';
import type { Pool } from './pool.ts';

export interface ApplicationCount {
  readonly application: string;
  readonly user: string;
  /** As pg_stat_activity says it; `hidden` where the role may not see it. */
  readonly state: string;
  readonly count: number;
}

export interface ServerFigures {
  readonly max_connections: number;
  /** Client connections, of every database of the server. */
  readonly used: number;
  /** Kept back for superusers and reserved roles. */
  readonly reserved: number;
  readonly by_application: readonly ApplicationCount[];
  readonly oldest_transaction_seconds: number;
  readonly waiting_locks: number;
  /** Some connections belong to roles whose state this role may not see. */
  readonly restricted: boolean;
}

export interface ServerReading extends ServerFigures {
  /** Share of what ordinary roles may use, 0 to 1. */
  readonly load: number;
  readonly status: 'healthy' | 'warning' | 'critical';
  readonly age_seconds: number;
  /** The last attempt to read it again failed. */
  readonly stale: boolean;
}

export const THRESHOLDS = { warning: 0.8, critical: 0.95 } as const;

/** Milliseconds. */
const FRESH = 10_000;
const STATEMENT_TIMEOUT = 2_000;
const GRACE = 500;

/** A role without pg_read_all_stats sees other roles' connections with their state and kind left out. */
const QUERY = `
WITH clients AS (
  SELECT coalesce(nullif(application_name, ''), '(none)') AS application, coalesce(usename, '(none)') AS "user",
    coalesce(state, 'hidden') AS state, wait_event_type, xact_start, pid
  FROM pg_stat_activity
  WHERE backend_type = 'client backend' OR (backend_type IS NULL AND datid IS NOT NULL)
), groups AS (
  SELECT application, "user", state, count(*)::int AS count FROM clients GROUP BY 1, 2, 3
  ORDER BY count(*) DESC, 1, 2, 3 LIMIT 200
)
SELECT current_setting('max_connections')::int AS max_connections,
  current_setting('superuser_reserved_connections')::int
    + coalesce(current_setting('reserved_connections', true), '0')::int AS reserved,
  (SELECT count(*)::int FROM clients) AS used,
  (SELECT coalesce(json_agg(groups), '[]') FROM groups) AS by_application,
  (SELECT coalesce(extract(epoch FROM now() - min(xact_start)), 0)::float8 FROM clients
    WHERE pid <> pg_backend_pid()) AS oldest_transaction_seconds,
  (SELECT count(*)::int FROM clients WHERE wait_event_type = 'Lock') AS waiting_locks,
  (SELECT coalesce(bool_or(state = 'hidden'), false) FROM clients) AS restricted`;

export class Statistics {
  private readonly pool: Pool;
  private readonly clock: Clock;
  private reading: Promise<void> | undefined;
  private askedAt = Number.NEGATIVE_INFINITY;
  private readAt = 0;
  private figures: ServerFigures | undefined;
  private stale = false;

  constructor(pool: Pool, clock: Clock) {
    this.pool = pool;
    this.clock = clock;
  }

  /** What was read last, up to ten seconds ago or as far back as the server last answered; never rejects. */
  async read(): Promise<ServerReading | undefined> {
    await this.refresh();
    return this.last();
  }

  /** The same without waiting: for a scrape. The query it starts serves the next one. */
  last(): ServerReading | undefined {
    if (this.figures === undefined) return undefined;
    const { max_connections, reserved, used } = this.figures;
    const load = used / Math.max(1, max_connections - reserved);
    const status =
      load >= THRESHOLDS.critical ? 'critical' : load >= THRESHOLDS.warning ? 'warning' : 'healthy';
    const age = (this.clock.monotonic() - this.readAt) / 1000;
    return {
      ...this.figures,
      load: Math.round(load * 1000) / 1000,
      status,
      age_seconds: Math.round(age * 10) / 10,
      stale: this.stale,
    };
  }

  /** Asks the server unless it was asked less than ten seconds ago; resolves within 2.5 s, whatever came of it. */
  refresh(): Promise<void> {
    const now = this.clock.monotonic();
    if (this.reading === undefined && now - this.askedAt >= FRESH) {
      this.askedAt = now;
      this.reading = this.ask().finally(() => {
        this.reading = undefined;
      });
    }
    return this.reading ?? Promise.resolve();
  }

  private async ask(): Promise<void> {
    try {
      this.figures = await this.pool.transaction(async (client) => {
        await client.query(timed(`SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT}`));
        const { rows } = await client.query(timed(QUERY));
        return rows[0] as ServerFigures;
      }, STATEMENT_TIMEOUT);
      this.readAt = this.clock.monotonic();
      this.stale = false;
    } catch (error) {
      // The pool says why; here the age of the figures tells it.
      this.stale = true;
      // The server was not asked, so it may be as soon as it can be.
      if (error instanceof PostgresFailure) this.askedAt = Number.NEGATIVE_INFINITY;
    }
  }
}

/** The server cancels at the statement's time; one that is frozen can't, so this side gives up as well. */
function timed(text: string): pg.QueryConfig {
  const query: pg.QueryConfig & { query_timeout: number } = {
    text,
    query_timeout: STATEMENT_TIMEOUT + GRACE,
  };
  return query;
}
