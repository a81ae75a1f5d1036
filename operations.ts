/** Puts together what an operator looks at: the system's readings, the health checks, the dashboard. */
import os from 'node:os';
import type { Admin } from './admin/admin.ts';
import { createDashboard } from './admin/dashboard/dashboard.ts';
import type { PoolView, Sources } from './admin/dashboard/sources.ts';
import type { HealthCheck } from './admin/health/check.ts';
import { componentsCheck } from './admin/health/checks/components.ts';
import { type DatabaseSource, databaseCheck } from './admin/health/checks/database.ts';
import { performanceCheck } from './admin/health/checks/performance.ts';
import { aiProvidersCheck, type SecretsSource, secretsCheck } from './admin/health/checks/secrets.ts';
import { systemCheck } from './admin/health/checks/system.ts';
import { upstreamCheck } from './admin/health/checks/upstream.ts';
import { ComprehensiveHealth, comprehensiveRoute, healthGauge } from './admin/health/comprehensive.ts';
import type { Config } from './config/load.ts';
import type { AuditStore } from './core/audit.ts';
import type { Component } from './core/components.ts';
import type { Core } from './core/core.ts';
import type { Probe } from './core/lifecycle.ts';
import type { Pooler } from './core/postgres/pooler.ts';
import type { Postgres } from './core/postgres.ts';
import type { SessionDirectory } from './core/sessions.ts';
import { SystemMonitor } from './core/system.ts';

export interface OperationsParts {
  readonly core: Core;
  readonly upstream: Probe;
  /** The traffic; this process's own when absent. */
  readonly traffic?: Sources['metrics'] | undefined;
  readonly components: () => readonly Component[];
  readonly sessions: SessionDirectory | undefined;
  readonly secrets: SecretsSource;
  readonly audit: AuditStore;
  readonly pooler: Pooler | undefined;
}

export interface Operations {
  close(): void;
}

/** Adds its endpoints to the admin port. */
export function openOperations(config: Config, admin: Admin, parts: OperationsParts): Operations {
  const { core } = parts;
  const { clock, log, version, lifecycle } = core;
  const metrics = parts.traffic ?? core.metrics;
  const { environment } = config.logs;
  const { replica, volume } = config.monitoring;
  const disks = [process.cwd(), os.tmpdir(), ...(volume === undefined ? [] : [volume])];
  const system = new SystemMonitor({ clock, disks });
  const health = new ComprehensiveHealth({ checks: checks(system, parts), clock, log, version, environment });
  healthGauge(health, core.metrics);
  const { postgres } = core;
  const sources: Sources = {
    clock,
    version,
    environment,
    replica,
    metrics,
    health,
    components: parts.components,
    refusals: core.refusals,
    pool: postgres === undefined ? undefined : () => poolView(postgres, parts.pooler),
    secrets: parts.secrets,
    sessions: parts.sessions,
    audit: parts.audit,
  };
  const { auth, access } = admin;
  const dashboard = createDashboard({ sources, lifecycle, auth, access });
  for (const route of [comprehensiveRoute(health), ...dashboard.routes]) admin.registerRoute(route);
  return {
    close() {
      system.stop();
      dashboard.close();
    },
  };
}

function checks(
  system: SystemMonitor,
  { core, upstream, components, secrets, traffic }: OperationsParts,
): HealthCheck[] {
  const { postgres, clock } = core;
  const metrics = traffic ?? core.metrics;
  return [
    systemCheck(system),
    databaseCheck(postgres === undefined ? undefined : databaseSource(postgres)),
    aiProvidersCheck(secrets),
    componentsCheck(components),
    secretsCheck(secrets),
    performanceCheck(metrics.performance, clock),
    upstreamCheck(upstream, metrics),
  ];
}

function databaseSource(postgres: Postgres): DatabaseSource {
  return {
    health: () => postgres.health(),
    async ping(timeout) {
      const query = { text: 'SELECT 1', query_timeout: timeout };
      try {
        await postgres.pool.with((client) => client.query(query), timeout);
      } catch (error) {
        // With room left in the pool, it is the server that did not give another connection.
        const { active, max, overflow } = postgres.pool.figures();
        const full = active >= max + overflow;
        if ((error as { code?: unknown }).code === 'pool_timeout' && !full)
          throw new Error('the server gave no connection in time', { cause: error });
        throw error;
      }
    },
  };
}

async function poolView(postgres: Postgres, pooler: Pooler | undefined): Promise<PoolView> {
  const server = await postgres.statistics.read();
  const state = pooler?.console.state;
  const shown = pooler === undefined || state === 'absent' ? undefined : `PgBouncer, ${state}`;
  return { railguard: postgres.pool.figures(), server, pooler: shown };
}
