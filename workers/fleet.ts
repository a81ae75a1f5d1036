/** The workers together, in the place of a data plane: started, replaced when they die, drained, and seen as one. */
import cluster from 'node:cluster';
import net, { type AddressInfo } from 'node:net';
import type { Config } from '../config/load.ts';
import type { Audit, AuditEvent } from '../core/audit.ts';
import type { Component } from '../core/components.ts';
import type { Exposition } from '../core/exposition.ts';
import type { Probe } from '../core/lifecycle.ts';
import type { MetricsState } from '../core/metrics.ts';
import { lasting, render, sum } from '../core/metrics-sum.ts';
import type { SessionDirectory } from '../core/sessions.ts';
import { reach } from '../proxy/forward/http1.ts';
import { UpstreamHealth } from '../proxy/upstream-health.ts';
import type { Telemetry } from '../telemetry.ts';
import { CentralDesk } from './central.ts';
import { AskedDirectory } from './directory.ts';
import { Member } from './member.ts';
import { relayLines } from './relayed-lines.ts';
import { mergedComponents, mergedProbe, type Report, Traffic } from './report.ts';
import type { Refused, Start } from './worker.ts';

export interface FleetParts {
  readonly core: Telemetry;
  readonly audit: Audit;
  readonly start: Omit<Start, 'port'>;
  /** File of the command line, which a worker runs. */
  readonly main: string;
}

/** Milliseconds. */
const BACK_OFF_FIRST = 100;
const BACK_OFF_LAST = 10_000;
/** One that lived so long did not die of its start. */
const STEADY = 30_000;
const LOOK_EVERY = 2000;
/** Looks at a worker that says nothing before it is ended. */
const LOOKS = 5;
const METRICS_PATIENCE = 1500;
/** Dead workers whose counts are kept one by one. */
const MANY = 8;
/** What a worker gets beyond the time of its requests: tunnels, logs, reports. */
const DRAIN_GRACE = 6000;

export class Fleet {
  readonly probes: readonly Probe[];
  readonly upstreamProbe: Probe;
  readonly sessions: SessionDirectory | undefined;
  readonly traffic: Traffic;
  private readonly size: number;
  private readonly listeners: Config['listeners'];
  private port = 0;
  private readonly parts: FleetParts;
  private readonly desk: CentralDesk;
  private readonly members = new Set<Member>();
  private readonly restarts: { inc(): void };
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly looking: NodeJS.Timeout;
  /** Counts of those that have ended. */
  private readonly ended: MetricsState[] = [];
  private adding = false;
  private failures = 0;
  private draining = false;
  private onReady: (address: AddressInfo) => void = () => undefined;
  private onRefused: (refused: Refused) => void = () => undefined;

  /** Throws where this process can't have workers of its own. */
  constructor(config: Config, parts: FleetParts) {
    if (!cluster.isPrimary) throw new Error('WORKERS can not be used within a worker of another cluster');
    const { core } = parts;
    this.parts = parts;
    this.listeners = config.listeners;
    this.size = config.listeners.workers;
    this.desk = new CentralDesk(config, core);
    this.traffic = new Traffic(core.clock.monotonic());
    this.upstreamProbe = new UpstreamHealth((timeout) => reach(config.upstream.url, timeout));
    const { mode, jwksUrl } = config.tokens;
    const keys = mode !== 'off' && jwksUrl !== undefined ? [this.relayedProbe('identity_keys')] : [];
    this.probes = [this.workersProbe(), this.upstreamProbe, ...keys];
    this.sessions = mode === 'off' ? undefined : new AskedDirectory(() => this.readyOnes()[0]?.line);
    const { metrics } = core;
    this.restarts = metrics.counter(
      'railguard_worker_restarts_total',
      'Workers that ended and were replaced.',
    );
    metrics.gauge('railguard_workers', 'Processes behind the public port.', ['state'], (gauge) => {
      gauge.set({ state: 'configured' }, this.size);
      gauge.set({ state: 'ready' }, this.readyOnes().length);
    });
    this.looking = setInterval(() => this.look(), LOOK_EVERY);
    this.looking.unref();
    process.once('exit', this.killAll);
  }

  components(): Component[] {
    return mergedComponents(this.reports());
  }

  /** Everything that all processes counted, dead ones too, as one. */
  async render(accept: string | undefined): Promise<Exposition> {
    const own = await this.parts.core.metrics.state();
    await Promise.all([...this.members].map((member) => member.read(METRICS_PATIENCE)));
    // In one step: a worker that dies meanwhile is with the living or with the dead, never with both or neither.
    const told = [...this.members].flatMap(({ metrics }) => metrics ?? []);
    return render([own, ...told, ...this.ended], accept);
  }

  /** Resolves when every worker serves; rejects with code EADDRINUSE when the port is taken. */
  async listen(): Promise<AddressInfo> {
    this.port = await freePort(this.listeners);
    // Where the kernel does not spread the connections among them.
    cluster.schedulingPolicy = cluster.SCHED_RR;
    cluster.setupPrimary({
      exec: this.parts.main,
      args: ['worker'],
      execArgv: process.execArgv.filter((flag) => !flag.startsWith('--watch')),
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    for (let i = 0; i < this.size; i++) this.fork();
    return new Promise((resolve, reject) => {
      this.onReady = (address) => {
        if (this.readyOnes().length === this.size) resolve(address);
      };
      this.onRefused = ({ code, port }) => {
        this.draining = true;
        this.killAll();
        reject(Object.assign(new Error('the public port can not be opened'), { code, port }));
      };
    });
  }

  /** Every worker finishes what it has under way, for `timeout` ms at most. */
  async drain(timeout: number): Promise<void> {
    this.draining = true;
    clearInterval(this.looking);
    for (const timer of this.timers) clearTimeout(timer);
    const members = [...this.members];
    for (const { line } of members) line.tell('drain', timeout);
    const late = setTimeout(this.killAll, timeout + DRAIN_GRACE);
    await Promise.all(members.map(({ ended }) => ended));
    clearTimeout(late);
    process.off('exit', this.killAll);
  }

  private readonly killAll = (): void => {
    for (const member of this.members) member.kill();
  };

  private fork(): void {
    const member = new Member(cluster.fork());
    const { line, stdout } = member;
    const { core, audit, start } = this.parts;
    this.members.add(member);
    if (stdout !== null) relayLines(stdout, core.sink);
    this.desk.serve(line);
    line.on('start', () => ({ ...start, port: this.port }) satisfies Start);
    line.on<AuditEvent>('audit', (event) => audit.relay(event));
    line.on<Report>('report', (report) => this.reported(member, report));
    line.on<Refused>('refused', (refused) => this.onRefused(refused));
    line.on<AddressInfo>('ready', (address) => {
      member.ready = true;
      core.log.debug('lifecycle', 'a worker is serving', { worker: member.id, pid: member.pid });
      this.onReady(address);
    });
    line.on<MetricsState>('bye', (metrics) => {
      member.ready = false;
      member.metrics = metrics;
    });
    void member.ended.then((end) => this.buried(member, end));
  }

  private buried(member: Member, { code, signal }: Awaited<Member['ended']>): void {
    this.members.delete(member);
    this.traffic.show(this.reports());
    if (member.metrics !== undefined) this.keep(lasting(member.metrics));
    if (this.draining) return;
    const { log } = this.parts.core;
    const lived = performance.now() - member.startedAt;
    this.failures = lived > STEADY ? 0 : this.failures + 1;
    const delay = Math.min(BACK_OFF_LAST, BACK_OFF_FIRST * 2 ** Math.max(0, this.failures - 1));
    const facts = { worker: member.id, pid: member.pid, exit_code: code, signal, again_in_ms: delay };
    if (code === 0) log.info('lifecycle', 'a worker has ended', facts);
    else log.error('lifecycle', 'a worker has died', facts);
    this.restarts.inc();
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.fork();
    }, delay);
    this.timers.add(timer);
  }

  private keep(counts: MetricsState): void {
    this.ended.push(counts);
    if (this.ended.length <= MANY || this.adding) return;
    this.adding = true;
    const all = [...this.ended];
    void sum(all).then((one) => {
      this.ended.splice(0, all.length, one);
      this.adding = false;
    });
  }

  private reported(member: Member, report: Report): void {
    const { refusals, clock } = this.parts.core;
    member.silence = 0;
    member.report = report;
    for (const slot of report.performance) this.traffic.performance.absorb(slot, clock.monotonic());
    if (report.refusals !== undefined) refusals?.absorb(report.refusals);
    this.traffic.show(this.reports());
  }

  /** A worker whose loop stands still holds its connections, and answers none of them. */
  private look(): void {
    for (const member of this.members) {
      if (!member.ready || ++member.silence < LOOKS) continue;
      this.parts.core.log.error('lifecycle', 'a worker does not answer', {
        worker: member.id,
        pid: member.pid,
      });
      member.kill();
    }
  }

  private readyOnes(): Member[] {
    return [...this.members].filter(({ ready }) => ready);
  }

  private reports(): Report[] {
    return [...this.members].flatMap(({ report }) => report ?? []);
  }

  private workersProbe(): Probe {
    const check = () => {
      const ready = this.readyOnes().length;
      const figures = { ready, configured: this.size };
      return ready > 0 ? { ok: true, figures } : { ok: false, message: 'No worker is ready.', figures };
    };
    return { name: 'workers', critical: true, check };
  }

  private relayedProbe(name: string): Probe {
    return { name, critical: false, check: () => mergedProbe(this.reports(), name) };
  }
}

/** Workers that share a port would share it with a stranger, too: is it free? Rejects with code EADDRINUSE. */
function freePort({ host, port }: Config['listeners']): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen({ host, port }, () => {
      const { port: open } = server.address() as AddressInfo;
      server.close(() => resolve(open));
    });
  });
}
