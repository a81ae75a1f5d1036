/** Reads PgBouncer's admin console, which speaks simple queries alone: at most every ten seconds, never for long. */
import type { Clock } from '../../clock.ts';
import type { Hidden } from '../address.ts';
import { Connector } from '../connector.ts';
import { sqlState } from '../failure.ts';
import type { Link } from '../link.ts';

export type Row = Readonly<Record<string, string | number | null>>;

export interface PoolerReading {
  readonly version: string;
  /** Rows of SHOW POOLS, SHOW STATS and the settings of SHOW CONFIG that bound a pool; figures as numbers. */
  readonly pools: readonly Row[];
  readonly stats: readonly Row[];
  readonly config: Row;
}

/** `absent`: what answers is no PgBouncer. `refused`: it is one, or may be, but its console is closed to us. */
export type PoolerState = 'ok' | 'absent' | 'refused' | 'unreachable';

/** Milliseconds. */
const FRESH = 10_000;
const TIMEOUT = 2_000;

const SETTINGS = new Set([
  'pool_mode',
  'min_pool_size',
  'default_pool_size',
  'reserve_pool_size',
  'reserve_pool_timeout',
  'max_client_conn',
  'max_db_connections',
  'query_wait_timeout',
  'server_idle_timeout',
  'server_lifetime',
]);

export class PoolerConsole {
  /** Of the last attempt; undefined before there was one. */
  state: PoolerState | undefined;
  private readonly connector: Connector;
  private readonly clock: Clock;
  private reading: Promise<void> | undefined;
  private askedAt = Number.NEGATIVE_INFINITY;
  private latest: PoolerReading | undefined;

  /** `url` names the database `pgbouncer`. */
  constructor(url: Hidden, applicationName: string, clock: Clock) {
    this.connector = new Connector({
      url,
      applicationName,
      connectTimeout: TIMEOUT,
      statementTimeout: TIMEOUT,
      bare: true,
    });
    this.clock = clock;
  }

  /** What was read last, up to ten seconds ago; undefined when the last attempt failed. Never rejects. */
  async read(): Promise<PoolerReading | undefined> {
    await this.refresh();
    return this.latest;
  }

  /** The same without waiting. */
  last(): PoolerReading | undefined {
    return this.latest;
  }

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
      const link = await this.connector.open();
      try {
        this.latest = await show(link);
        this.state = 'ok';
      } finally {
        await link.end();
      }
    } catch (error) {
      this.latest = undefined;
      this.state = stateAfter(error);
    }
  }
}

function stateAfter(error: unknown): PoolerState {
  switch (sqlState(error)) {
    case undefined:
      return 'unreachable';
    // PostgreSQL has no database of that name, or one that knows no SHOW POOLS.
    case '3D000':
    case '42704':
      return 'absent';
    default:
      return 'refused';
  }
}

async function show({ client }: Link): Promise<PoolerReading> {
  const rows = async (what: string): Promise<Row[]> =>
    (await client.query<Record<string, string | null>>(`SHOW ${what}`)).rows.map(figured);
  const pools = await rows('POOLS');
  const stats = await rows('STATS');
  const settings = await rows('CONFIG');
  const version = Object.values((await rows('VERSION'))[0] ?? {})[0];
  const bounds = settings.filter(({ key }) => SETTINGS.has(String(key)));
  return {
    version: /\d+(?:\.\d+)+/.exec(String(version))?.[0] ?? 'unknown',
    pools,
    stats,
    config: figured(Object.fromEntries(bounds.map(({ key, value }) => [key, value]))),
  };
}

/** Totals arrive as text: the wide integers of SQL. */
function figured(row: Readonly<Record<string, string | number | null | undefined>>): Row {
  const figure = (value: string | number | null | undefined): string | number | null =>
    typeof value === 'string' && /^\d{1,15}(\.\d+)?$/.test(value) ? Number(value) : (value ?? null);
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, figure(value)]));
}
