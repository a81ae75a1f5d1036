/** What both ports share, built once by the composition root and handed down. */
import type { Clock } from './clock.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Log } from './logger.ts';
import type { Metrics } from './metrics.ts';
import type { Postgres } from './postgres.ts';
import type { Redactor } from './redact.ts';
import type { RecentRefusals } from './refusals.ts';
import type { Reporter } from './reporter.ts';

export interface Core {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly redactor: Redactor;
  readonly clock: Clock;
  readonly lifecycle: Lifecycle;
  readonly version: string;
  /** Notes who was turned away lately, for those who look. */
  readonly refusals?: RecentRefusals | undefined;
  /** Where errors are reported besides the log, with SENTRY_DSN. */
  readonly reporter?: Reporter | undefined;
  /** Only with DATABASE_URL; it may be away at any time. */
  readonly postgres?: Postgres | undefined;
}
