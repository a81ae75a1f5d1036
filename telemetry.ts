/** Builds what railguard says of itself: log, metrics, redactor, reports of errors; and what it says when it fails. */
import { knownSecrets } from './config/known-secrets.ts';
import type { Config } from './config/load.ts';
import { version } from './config/version.ts';
import { systemClock } from './core/clock.ts';
import type { Core } from './core/core.ts';
import { Lifecycle } from './core/lifecycle.ts';
import { LineBudget } from './core/log-budget.ts';
import { FdSink, type Sink } from './core/log-sink.ts';
import { createLog } from './core/logger.ts';
import { Metrics } from './core/metrics.ts';
import { Redactor } from './core/redact.ts';
import { RecentRefusals } from './core/refusals.ts';
import type { Reporter } from './core/reporter.ts';

/** Core, and where its lines go: another process's may go there too. */
export interface Telemetry extends Core {
  readonly sink: Sink;
}

/** Loads Sentry when there is a DSN; that it can't be loaded is said and no reason to stop. */
export async function createCore(config: Config): Promise<Telemetry> {
  const { level, json, maxPerSecond } = config.logs;
  const clock = systemClock;
  const metrics = new Metrics({ version, replica: config.monitoring.replica }, clock);
  const redactor = countedRedactor(config, metrics);
  const sink = new FdSink();
  const budget = maxPerSecond === 0 ? undefined : new LineBudget(maxPerSecond, () => clock.monotonic());
  metrics.watchLogDrops(sink.dropped, ...(budget ? [budget.dropped] : []));
  let failure: unknown;
  const reporter = await openReporter(config, redactor).catch((error: unknown) => {
    failure = error;
    return undefined;
  });
  const redact = (line: string): string => redactor.text(line, 'log');
  const colour = process.stdout.isTTY && !json;
  const log = createLog({ level, json, sink, redact, colour, budget, reporter });
  if (failure !== undefined) log.warn('lifecycle', 'Sentry can not be loaded', { error: failure });
  const refusals = new RecentRefusals(clock, redactor);
  const core = { log, metrics, redactor, clock, lifecycle: new Lifecycle(), version, refusals, sink };
  return reporter === undefined ? core : { ...core, reporter };
}

function countedRedactor(config: Config, metrics: Metrics): Redactor {
  const redactions = metrics.counter('railguard_redactions_total', 'Secrets hidden.', ['kind', 'place']);
  const onRedact = (kind: string, place: string, count: number): void =>
    redactions.inc({ kind, place }, count);
  return new Redactor({ secrets: knownSecrets(config), onRedact });
}

async function openReporter({ logs }: Config, redactor: Redactor): Promise<Reporter | undefined> {
  const { sentryDsn, sentryEnvironment: environment, commit } = logs;
  if (sentryDsn === undefined) return undefined;
  const { Sentry } = await import('./core/sentry.ts');
  const release = commit ?? version;
  return new Sentry({ dsn: sentryDsn.reveal(), environment, release, redactor, clock: systemClock });
}

/** A fault of ours is written down, redacted, and costs at most the request that met it. */
export function guard({ log }: Core): void {
  for (const event of ['uncaughtException', 'unhandledRejection', 'warning'])
    process.removeAllListeners(event);
  process.on('uncaughtException', (error) => log.error('lifecycle', 'uncaught exception', { error }));
  process.on('unhandledRejection', (error) => log.error('lifecycle', 'unhandled rejection', { error }));
  process.on('warning', (error) => log.warn('lifecycle', 'warning', { error }));
}
