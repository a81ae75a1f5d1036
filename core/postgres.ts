/** The database as the rest of railguard knows it: the pool, the schema, the server's view, and how it fares. */
import type { Core } from './core.ts';
import type { Probe, ProbeResult } from './lifecycle.ts';
import type { Hidden } from './postgres/address.ts';
import { Connector } from './postgres/connector.ts';
import { poolMetrics } from './postgres/metrics.ts';
import type { Migration } from './postgres/migrations.ts';
import { Pool } from './postgres/pool.ts';
import type { Pooler } from './postgres/pooler.ts';
import { Schema } from './postgres/schema.ts';
import { Statistics, THRESHOLDS } from './postgres/statistics.ts';

export type { Hidden } from './postgres/address.ts';
export type { Migration } from './postgres/migrations.ts';
export type { Pool } from './postgres/pool.ts';

export interface PostgresOptions {
  readonly url: Hidden;
  readonly poolMinSize: number;
  readonly poolMaxSize: number;
  readonly poolMaxOverflow: number;
  /** Milliseconds. */
  readonly poolTimeout: number;
  readonly applicationName: string;
  /** In order; what is new goes to the end. */
  readonly migrations: readonly Migration[];
  /** Shown in the metrics beside the pool. */
  readonly pooler?: Pooler | undefined;
}

export interface DatabaseHealth {
  readonly status: 'healthy' | 'warning' | 'critical';
  readonly message?: string;
  readonly figures: Readonly<Record<string, number | boolean>>;
  readonly thresholds: typeof THRESHOLDS;
}

type PostgresCore = Pick<Core, 'log' | 'metrics' | 'clock'>;

/** Milliseconds that borrowers get to finish when the pool closes. */
const CLOSE_GRACE = 3_000;

export class Postgres {
  readonly pool: Pool;
  readonly statistics: Statistics;
  readonly schema: Schema;

  /**
   * Connects in the background: what asks before there is a connection waits, and fails with a code when there is no
   * server. Throws a TypeError, or what `fs` throws, when the URL or a file it names can't be read.
   */
  constructor(options: PostgresOptions, { log, metrics, clock }: PostgresCore) {
    const { url, applicationName } = options;
    this.pool = new Pool(
      {
        min: options.poolMinSize,
        max: options.poolMaxSize,
        overflow: options.poolMaxOverflow,
        timeout: options.poolTimeout,
      },
      new Connector({ url, applicationName }),
      clock,
    );
    let there: boolean | undefined;
    this.pool.onReach = (reachable, error) => {
      if (reachable && there === false) log.info('lifecycle', 'the database answers again');
      if (!reachable && there !== false) log.error('lifecycle', 'the database can not be reached', { error });
      there = reachable;
    };
    this.statistics = new Statistics(this.pool, clock);
    this.schema = new Schema(this.pool, options.migrations, log);
    poolMetrics(this.pool, this.statistics, options.pooler?.console, metrics);
  }

  /** Never takes this instance out of service: the proxy works without a database. */
  get probe(): Probe {
    return { name: 'database', critical: false, check: () => this.check() };
  }

  /** From what is known; waits at most 2.5 s for the server's view. */
  async health(): Promise<DatabaseHealth> {
    const server = await this.statistics.read();
    const { size, idle, active, waiting, timeouts } = this.pool.figures();
    const figures: Record<string, number | boolean> = { size, idle, active, waiting, timeouts };
    if (server !== undefined) {
      const { used, max_connections, reserved, load, oldest_transaction_seconds, waiting_locks, stale } =
        server;
      Object.assign(figures, { used, max_connections, reserved, load, oldest_transaction_seconds });
      Object.assign(figures, { waiting_locks, stale });
    }
    const common = { figures, thresholds: THRESHOLDS };
    if (size === 0) return { status: 'critical', message: 'The database can not be reached.', ...common };
    if (server === undefined || server.stale)
      return { status: 'warning', message: 'The database did not answer in time.', ...common };
    if (server.status !== 'healthy') {
      const message = `${server.used} of ${server.max_connections - server.reserved} connections are in use.`;
      return { status: server.status, message, ...common };
    }
    const { problem } = this.schema;
    if (problem !== undefined) return { status: 'warning', message: sentence(problem), ...common };
    return { status: 'healthy', ...common };
  }

  /** Closes the pool; last of all. */
  async close(): Promise<void> {
    this.schema.stop();
    await this.pool.close(CLOSE_GRACE);
  }

  private async check(): Promise<ProbeResult> {
    const { status, message, figures } = await this.health();
    return { ok: status === 'healthy', ...(message !== undefined && { message }), figures };
  }
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
