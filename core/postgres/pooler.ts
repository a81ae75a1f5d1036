/** The pooler between an app and its database: one that is found there, or one that railguard runs. */
import type { Clock } from '../clock.ts';
import type { Log } from '../logger.ts';
import { otherDatabase } from './address.ts';
import { PoolerConsole } from './pooler/console.ts';
import type { PoolerSettings } from './pooler/files.ts';
import { ManagedPooler } from './pooler/managed.ts';

export { PoolerUnfit } from './pooler/managed.ts';

export interface PoolerOptions extends PoolerSettings {
  readonly kind: 'detect' | 'managed';
  readonly applicationName: string;
}

export interface Pooler {
  readonly console: PoolerConsole;
  /** Only when railguard runs it. */
  readonly managed: ManagedPooler | undefined;
}

/** Throws PoolerUnfit when it is to be run and can't be. */
export function openPooler(options: PoolerOptions, log: Log, clock: Clock): Pooler {
  const { kind, url, applicationName } = options;
  const managed = kind === 'managed' ? new ManagedPooler(options, log) : undefined;
  const consoleUrl = managed?.consoleUrl ?? { reveal: () => otherDatabase(url, 'pgbouncer') };
  return { managed, console: new PoolerConsole(consoleUrl, applicationName, clock) };
}
