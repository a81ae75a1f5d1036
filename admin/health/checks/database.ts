/** How the database fares, as the pool and the server itself tell it. */
import type { DatabaseHealth } from '../../../core/postgres.ts';
import type { CheckResult, HealthCheck } from '../check.ts';

export interface DatabaseSource {
  health(): Promise<DatabaseHealth>;
  /** One round trip; rejects, with a `code`, when there is no answer within `timeout` ms. */
  ping(timeout: number): Promise<void>;
}

/** Milliseconds: less than the check as a whole may take. */
const PATIENCE = 1500;

/** Undefined without DATABASE_URL: nothing to check is healthy. */
export function databaseCheck(database: DatabaseSource | undefined): HealthCheck {
  return {
    name: 'database',
    async run() {
      if (database === undefined) return { status: 'healthy', configured: false };
      // The server's figures may be ten seconds old: whether it answers is asked now.
      const failure = await database.ping(PATIENCE).then(() => undefined, trouble);
      if (failure !== undefined) return failure;
      const { status, message, figures, thresholds } = await database.health();
      return { status, ...(message !== undefined && { message }), configured: true, ...figures, thresholds };
    },
  };
}

function trouble(error: { readonly code?: unknown }): CheckResult {
  const known = { configured: true };
  switch (error.code) {
    case 'database_unreachable':
      return { status: 'critical', message: 'The database can not be reached.', ...known };
    case 'pool_timeout':
      return { status: 'critical', message: 'No connection to the database came free in time.', ...known };
    default:
      return { status: 'critical', message: 'The database did not answer in time.', ...known };
  }
}
