/** What the dashboard is given to look at; a part that is not there shows as such. */
import type { AuditStore } from '../../core/audit.ts';
import type { Clock } from '../../core/clock.ts';
import type { Component } from '../../core/components.ts';
import type { Metrics } from '../../core/metrics.ts';
import type { PoolFigures } from '../../core/postgres/pool.ts';
import type { ServerReading } from '../../core/postgres/statistics.ts';
import type { RecentRefusals } from '../../core/refusals.ts';
import type { SessionDirectory } from '../../core/sessions.ts';
import type { SecretsSource } from '../health/checks/secrets.ts';
import type { Comprehensive } from '../health/comprehensive.ts';

export interface PoolView {
  readonly railguard: PoolFigures;
  readonly server: ServerReading | undefined;
  /** `managed, running`; undefined where there is none. */
  readonly pooler: string | undefined;
}

export interface Sources {
  readonly clock: Clock;
  readonly version: string;
  readonly environment: string;
  readonly replica: string | undefined;
  readonly metrics: Pick<Metrics, 'performance' | 'inFlight' | 'connections' | 'upstreamConnections'>;
  readonly health: { read(): Promise<Comprehensive> };
  readonly components: () => readonly Component[];
  readonly refusals: RecentRefusals | undefined;
  readonly pool: (() => Promise<PoolView>) | undefined;
  readonly secrets: SecretsSource | undefined;
  readonly sessions: SessionDirectory | undefined;
  readonly audit: AuditStore | undefined;
}
