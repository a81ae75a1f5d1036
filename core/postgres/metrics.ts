/** What Prometheus sees of the pool and of the server behind it. */
import type { Gauge } from 'prom-client';
import type { Metrics } from '../metrics.ts';
import type { Pool } from './pool.ts';
import type { PoolerConsole } from './pooler/console.ts';
import type { Statistics } from './statistics.ts';

const WAIT_BUCKETS = [0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30];
/** Applications name themselves: beyond these they share a label. */
const MAX_APPLICATIONS = 20;

/** Declares the `railguard_db_*` metrics; throws when that was done before. */
export function poolMetrics(
  pool: Pool,
  statistics: Statistics,
  pooler: PoolerConsole | undefined,
  metrics: Metrics,
): void {
  const wait = metrics.histogram(
    'railguard_db_pool_wait_seconds',
    'Time from asking for a connection to having one, or giving up.',
    WAIT_BUCKETS,
  );
  pool.waiters.onWait = (milliseconds) => wait.observe(milliseconds / 1000);
  metrics.gauge('railguard_db_pool_connections', 'Connections of a pool.', ['pool', 'state'], (gauge) => {
    const { idle, active, overflow_in_use } = pool.figures();
    gauge.set({ pool: 'railguard', state: 'idle' }, idle);
    gauge.set({ pool: 'railguard', state: 'active' }, active);
    gauge.set({ pool: 'railguard', state: 'overflow' }, overflow_in_use);
    if (pooler !== undefined) poolerGauge(pooler, gauge);
  });
  metrics.gauge('railguard_db_pool_waiting', 'Borrowers without a connection.', [], (gauge) =>
    gauge.set(pool.figures().waiting),
  );
  metrics.counter(
    'railguard_db_pool_timeouts_total',
    'Borrowers that got no connection in time.',
    [],
    () => pool.figures().timeouts,
  );
  serverMetrics(statistics, metrics);
}

/** The columns of SHOW POOLS that count connections, summed over its pools. */
const POOLER_STATES = {
  cl_active: 'client_active',
  cl_waiting: 'client_waiting',
  sv_active: 'server_active',
  sv_idle: 'server_idle',
} as const;

function poolerGauge(pooler: PoolerConsole, gauge: Gauge<string>): void {
  void pooler.refresh();
  for (const [column, state] of Object.entries(POOLER_STATES)) {
    let sum = 0;
    for (const row of pooler.last()?.pools ?? [])
      if (row.database !== 'pgbouncer') sum += Number(row[column] ?? 0);
    gauge.set({ pool: 'pgbouncer', state }, sum);
  }
}

function serverMetrics(statistics: Statistics, metrics: Metrics): void {
  metrics.gauge(
    'railguard_db_server_connections',
    'Connections of the database server.',
    ['application', 'state'],
    (gauge) => {
      void statistics.refresh();
      gauge.reset();
      const named = new Set<string>();
      for (const { application, state, count } of statistics.last()?.by_application ?? []) {
        if (named.size < MAX_APPLICATIONS) named.add(application);
        gauge.inc({ application: named.has(application) ? application : 'other', state }, count);
      }
    },
  );
  metrics.gauge(
    'railguard_db_server_max_connections',
    'Connections that the database server allows.',
    [],
    (gauge) => gauge.set(statistics.last()?.max_connections ?? 0),
  );
}
