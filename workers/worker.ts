/** One of several processes behind the public port: a data plane, and a line to the primary for all the rest. */
import cluster from 'node:cluster';
import type { AddressInfo } from 'node:net';
import { load } from '../config/load.ts';
import { Audit } from '../core/audit.ts';
import type { Core } from '../core/core.ts';
import type { ProbeResult } from '../core/lifecycle.ts';
import { closeRedis, openRedis } from '../core/redis.ts';
import type { RevocationRequest, SessionDirectory } from '../core/sessions.ts';
import { tuneV8 } from '../core/v8.ts';
import { DataPlane } from '../proxy/proxy.ts';
import { createCore, guard } from '../telemetry.ts';
import { askedCentral } from './central.ts';
import { Line } from './line.ts';
import { levelsOf, type Report } from './report.ts';
import { shareOf } from './share.ts';

/** What the primary was started with. */
export interface Start {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly tty: boolean;
  /** The public port; known here when PORT is 0, too. */
  readonly port: number;
}

/** A port that could not be opened. */
export interface Refused {
  readonly code: string | undefined;
  readonly port: number | undefined;
}

const EX_USAGE = 64;
const EX_UNAVAILABLE = 69;
/** Milliseconds. */
const REPORT_EVERY = 1000;
const REPORTER_GRACE = 2000;

/** Runs until the primary, or a signal, says to drain; resolves to the exit code. */
export async function runWorker(): Promise<number> {
  if (cluster.worker === undefined || process.send === undefined) {
    process.stderr.write('railguard: a worker is started by railguard itself, with WORKERS\n');
    return EX_USAGE;
  }
  const line = new Line({
    send: (message) => void process.send?.(message, undefined, undefined, () => undefined),
    onMessage: (take) => void process.on('message', take),
  });
  const draining = drainAsked(line);
  const { env, cwd, tty, port } = await line.ask<Start>('start');
  const loaded = load(env, { cwd, tty });
  if ('errors' in loaded) return EX_USAGE;
  const config = shareOf(loaded.config, port);
  const core = await createCore(config);
  guard(core);
  tuneV8();
  const audit = new Audit({ ...core, sinks: [{ write: (event) => line.tell('audit', event) }] });
  const url = config.redis.url?.reveal();
  const redis = url === undefined ? undefined : await openRedis(url, core.log);
  const plane = new DataPlane(config, core, { audit, redis, central: askedCentral(config, line) });
  const address = await opened(plane, line);
  if (address === undefined) return EX_UNAVAILABLE;
  answerFor(plane, core, line);
  core.lifecycle.serving();
  const reporting = reports(plane, core, line);
  await line.ask('ready', address);
  const timeout = (await draining) ?? config.listeners.shutdownTimeout;
  core.lifecycle.drain();
  await plane.drain(timeout);
  clearInterval(reporting);
  if (redis !== undefined) await closeRedis(redis);
  await Promise.all([core.log.flush(), core.reporter?.flush(REPORTER_GRACE)]);
  // Answered when all that was told before has arrived.
  await line.ask('bye', await core.metrics.state()).catch(() => undefined);
  return 0;
}

/** Resolves to the time that is given, undefined with a signal; what comes later changes nothing. */
function drainAsked(line: Line): Promise<number | undefined> {
  return new Promise((resolve) => {
    line.on<number>('drain', resolve);
    // A terminal sends its signals to all processes at once.
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(undefined));
  });
}

async function opened(plane: DataPlane, line: Line): Promise<AddressInfo | undefined> {
  try {
    return await plane.listen();
  } catch (error) {
    const { code, port } = error as NodeJS.ErrnoException & { port?: number };
    await line.ask('refused', { code, port } satisfies Refused).catch(() => undefined);
    return undefined;
  }
}

function answerFor({ sessions }: DataPlane, { metrics }: Core, line: Line): void {
  line.on('metrics', () => metrics.state());
  if (sessions === undefined) return;
  line.on<Parameters<SessionDirectory['list']>[0]>('list', (query) => sessions.list(query));
  line.on<{ id: string; reason: string }>('end', ({ id, reason }) => sessions.end(id, reason));
  line.on<RevocationRequest>('revoke', (request) => sessions.revoke(request));
}

function reports(plane: DataPlane, core: Core, line: Line): NodeJS.Timeout {
  const { metrics, clock, refusals } = core;
  const others = plane.probes.filter((probe) => probe !== plane.upstreamProbe);
  const report = async (): Promise<void> => {
    const probes: Record<string, ProbeResult> = {};
    for (const probe of others) probes[probe.name] = await probe.check();
    line.tell('report', {
      levels: levelsOf(metrics),
      performance: metrics.performance.report(clock.monotonic()),
      refusals: refusals?.news(),
      components: plane.components(),
      probes,
    } satisfies Report);
  };
  const failed = (error: unknown): void => core.log.error('lifecycle', 'a worker can not report', { error });
  void report().catch(failed);
  return setInterval(() => void report().catch(failed), REPORT_EVERY);
}
