/** The composition root: builds core, proxy and admin, hands things over, starts, drains and ends the process. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { createAdmin } from './admin/admin.ts';
import { auditRoute } from './admin/audit.ts';
import { openSecrets } from './admin/secrets/open.ts';
import { secretsRoute } from './admin/secrets/route.ts';
import { UsageCount } from './admin/secrets/usage.ts';
import { sessionRoutes } from './admin/sessions.ts';
import { effective } from './config/docs.ts';
import type { Config } from './config/load.ts';
import { Audit, type AuditStore, LogAudit, RingAudit } from './core/audit.ts';
import type { Core } from './core/core.ts';
import type { Probe } from './core/lifecycle.ts';
import type { Hidden } from './core/postgres.ts';
import { closeRedis, openRedis } from './core/redis.ts';
import { tuneV8 } from './core/v8.ts';
import { Database, DatabaseUnfit } from './database.ts';
import { openOperations } from './operations.ts';
import { REPORTABLE } from './proxy/chain.ts';
import { DataPlane } from './proxy/proxy.ts';
import { createCore, guard, type Telemetry } from './telemetry.ts';
import type { Fleet } from './workers/fleet.ts';

/** Exit codes of sysexits(3). */
const EX_USAGE = 64;
const EX_UNAVAILABLE = 69;
/** Milliseconds that reports of errors get to leave at the end. */
const REPORT_GRACE = 2000;

export interface Addresses {
  readonly public: AddressInfo;
  readonly admin: AddressInfo;
}

export interface ServeOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly warnings: readonly string[];
  /** Where `.env` and relative paths were looked for; the working directory if not given. */
  readonly cwd?: string;
  /** Both ports are open. */
  readonly onReady?: (addresses: Addresses) => void;
  /** Starts what lives and dies with railguard, once the ports are open; `pooled` is the database by way of the pooler. */
  readonly companion?: (core: Core, pooled: Hidden | undefined) => Companion;
  /** Ends it in place of a signal; then the handlers of the process, which is not ours, are left alone. */
  readonly stop?: AbortSignal;
}

/** A process that railguard runs for: its end ends us, and its exit code is ours. */
export interface Companion extends Probe {
  readonly ended: Promise<number>;
  stop(signal: NodeJS.Signals): Promise<number>;
}

/** Runs until a signal ends it; resolves to the exit code. */
export async function serve(config: Config, options: ServeOptions): Promise<number> {
  const unknown = config.rollout.reportOnly.filter((name) => !REPORTABLE.has(name));
  if (unknown.length > 0) {
    const names = [...REPORTABLE].join(', ');
    process.stderr.write(
      `railguard: REPORT_ONLY: no filter ${unknown.join(', ')} can report only; use ${names}\n`,
    );
    return EX_USAGE;
  }
  const base = await createCore(config);
  for (const warning of options.warnings) base.log.warn('lifecycle', warning);
  if (options.stop === undefined) {
    guard(base);
    tuneV8();
  }
  const events = new RingAudit();
  const database = openDatabase(config, base, events);
  if (database === undefined) return EX_USAGE;
  const core = { ...base, postgres: database.postgres };
  const several = config.listeners.workers > 1;
  const redis =
    config.redis.url === undefined || several
      ? undefined
      : await openRedis(config.redis.url.reveal(), core.log);
  const usage = new UsageCount();
  const audit = new Audit({ ...core, sinks: [events, usage, new LogAudit(core.log), ...database.sinks] });
  const secrets = openSecrets(config, core, audit);
  const proxy = several
    ? await openFleet(config, { core, audit }, options)
    : new DataPlane(config, core, { audit, redis });
  const probes = [...proxy.probes, ...database.probes];
  const admin = createAdmin({
    core,
    probes,
    listeners: config.listeners,
    effective: effective(config),
    metrics: 'traffic' in proxy ? proxy : undefined,
    audit,
  });
  for (const route of [auditRoute(database.audit ?? events), ...sessionRoutes(proxy.sessions)])
    admin.registerRoute(route);
  for (const route of [...database.routes, secretsRoute(secrets, usage)]) admin.registerRoute(route);
  const operations = openOperations(config, admin, {
    core,
    upstream: proxy.upstreamProbe,
    traffic: 'traffic' in proxy ? proxy.traffic : undefined,
    components: () => proxy.components(),
    sessions: proxy.sessions,
    secrets,
    audit: database.audit ?? events,
    pooler: database.pooler,
  });
  const stopping = options.stop === undefined ? stopSignal(core) : aborted(options.stop);
  let companion: Companion | undefined;
  try {
    const addresses = { admin: await admin.listen(), public: await proxy.listen() };
    companion = options.companion?.(core, database.pooler?.managed?.url);
    if (companion !== undefined) probes.push(companion);
    core.lifecycle.serving();
    secrets.start();
    core.log.info('lifecycle', 'railguard is serving', {
      port: addresses.public.port,
      admin_port: addresses.admin.port,
    });
    options.onReady?.(addresses);
  } catch (error) {
    await admin.close();
    await database.close();
    return refusePort(core, error);
  }
  const signal = await Promise.race([stopping, ...(companion === undefined ? [] : [companion.ended])]);
  core.lifecycle.drain();
  core.log.info('lifecycle', 'draining');
  await proxy.drain(config.listeners.shutdownTimeout);
  const code = (await companion?.stop(typeof signal === 'string' ? signal : 'SIGTERM')) ?? 0;
  operations.close();
  await admin.close();
  await secrets.close();
  if (redis !== undefined) await closeRedis(redis);
  await database.close();
  core.log.info('lifecycle', 'stopped');
  await Promise.all([core.log.flush(), core.reporter?.flush(REPORT_GRACE)]);
  return code;
}

/** Several processes behind the public port: they have the data planes, this one all the rest. */
async function openFleet(
  config: Config,
  parts: { readonly core: Telemetry; readonly audit: Audit },
  { env, cwd = process.cwd() }: ServeOptions,
): Promise<Fleet> {
  const { Fleet } = await import('./workers/fleet.ts');
  // Beside this file, as source and built.
  const main = join(import.meta.dirname, `main${extname(import.meta.filename)}`);
  return new Fleet(config, { ...parts, main, start: { env, cwd, tty: process.stdout.isTTY === true } });
}

/** Undefined when it can't be used as configured, which has been said then. */
function openDatabase(config: Config, core: Core, memory: AuditStore): Database | undefined {
  try {
    return new Database(config, core, memory);
  } catch (error) {
    if (!(error instanceof DatabaseUnfit)) throw error;
    process.stderr.write(`railguard: ${error.message}\n`);
    return undefined;
  }
}

const aborted = async (stop: AbortSignal): Promise<void> => {
  if (!stop.aborted) await once(stop, 'abort');
};

/** The first signal resolves; a second one ends the process at once. */
function stopSignal({ log }: Core): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let signals = 0;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (++signals > 1) process.exit(signal === 'SIGINT' ? 130 : 143);
      log.info('lifecycle', 'signal received', { signal });
      resolve(signal);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}

async function refusePort({ log }: Core, error: unknown): Promise<number> {
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  const reason =
    code === 'EADDRINUSE' ? 'is taken' : code === 'EACCES' ? 'may not be opened' : 'can not be opened';
  await log.flush();
  process.stderr.write(
    `railguard: port ${port ?? '?'} ${reason} (${code ?? error}); choose another PORT or ADMIN_PORT\n`,
  );
  return EX_UNAVAILABLE;
}
