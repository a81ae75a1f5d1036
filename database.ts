/** Puts together what lives on the database: the pool, the schema, the audit store, the pooler; and ends them in order. */
import { poolRoute } from './admin/pool.ts';
import type { Route } from './admin/route.ts';
import { SECRETS_MIGRATION } from './admin/secrets/state/postgres.ts';
import type { Config } from './config/load.ts';
import type { AuditSink, AuditStore } from './core/audit.ts';
import { AUDIT_MIGRATION, PostgresAudit } from './core/audit-postgres.ts';
import type { Core } from './core/core.ts';
import type { Probe } from './core/lifecycle.ts';
import { openPooler, type Pooler, PoolerUnfit } from './core/postgres/pooler.ts';
import { Postgres } from './core/postgres.ts';
import { RATE_LIMIT_DDL } from './proxy/stores/postgres.ts';
import { REVOCATIONS_DDL } from './proxy/stores/revocations/postgres.ts';

/** Milliseconds. */
const AUDIT_GRACE = 5_000;
const POOLER_GRACE = 5_000;

/** In order; what is new goes to the end, and nothing that was released changes. */
const MIGRATIONS = [
  AUDIT_MIGRATION,
  { name: 'rate_limit', sql: RATE_LIMIT_DDL },
  { name: 'revocations', sql: REVOCATIONS_DDL },
  SECRETS_MIGRATION,
];

/** The database can't be used as it is configured; the message says what to mend. */
export class DatabaseUnfit extends Error {}

export class Database {
  readonly postgres: Postgres | undefined;
  readonly pooler: Pooler | undefined;
  readonly audit: PostgresAudit | undefined;

  /** Without DATABASE_URL there is nothing in it. Throws DatabaseUnfit. `memory` answers for the audit meanwhile. */
  constructor({ database }: Config, core: Omit<Core, 'postgres'>, memory: AuditStore) {
    const { url, pooler, auditRetentionDays: retentionDays } = database;
    if (url === undefined) return;
    try {
      if (pooler !== 'off')
        this.pooler = openPooler(poolerOptions(database, url, pooler), core.log, core.clock);
      const postgres = new Postgres({ ...database, url, migrations: MIGRATIONS, pooler: this.pooler }, core);
      this.postgres = postgres;
      this.audit = new PostgresAudit(
        { pool: postgres.pool, schema: postgres.schema, fallback: memory, retentionDays },
        core,
      );
    } catch (error) {
      throw new DatabaseUnfit(reason(error), { cause: error });
    }
  }

  get sinks(): AuditSink[] {
    return this.audit === undefined ? [] : [this.audit];
  }

  get routes(): Route[] {
    return [poolRoute(this.postgres, this.pooler)];
  }

  get probes(): Probe[] {
    return this.postgres === undefined ? [] : [this.postgres.probe];
  }

  /** When nothing more is recorded: writes what waits, then closes the pool. */
  async close(): Promise<void> {
    await this.pooler?.managed?.stop(POOLER_GRACE);
    await this.audit?.close(AUDIT_GRACE);
    await this.postgres?.close();
  }
}

function poolerOptions(
  database: Config['database'],
  url: NonNullable<Config['database']['url']>,
  kind: 'detect' | 'managed',
) {
  const { poolerHost: host, poolerPort: port, poolerMode: mode } = database;
  return { ...database, url, kind, host, port, mode };
}

function reason(error: unknown): string {
  if (error instanceof PoolerUnfit || error instanceof TypeError) return error.message;
  const { code, path } = error as NodeJS.ErrnoException;
  if (code === undefined || path === undefined) throw error;
  return `DATABASE_URL names the file ${path}, which can not be read (${code})`;
}
