/** railguard's database side as the composition root opens it, with a log that is kept and metrics of its own. */
import { systemClock } from '../../core/clock.ts';
import { Metrics } from '../../core/metrics.ts';
import { type Migration, Postgres } from '../../core/postgres.ts';
import { keptLog } from '../unit/core/lines.ts';

export function testCore() {
  const { log, kept } = keptLog();
  return { log, kept, metrics: new Metrics({ version: 'test' }), clock: systemClock };
}

export function openTestPostgres(url: string, migrations: readonly Migration[], core = testCore()) {
  const options = {
    url: { reveal: () => url },
    poolMinSize: 2,
    poolMaxSize: 5,
    poolMaxOverflow: 5,
    poolTimeout: 5_000,
    applicationName: 'railguard-test',
    migrations,
  };
  return { ...core, postgres: new Postgres(options, core) };
}
