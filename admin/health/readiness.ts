/** Readiness: may this instance be given requests? Every probe is asked, none is waited for longer than 2 s. */
import type { Clock } from '../../core/clock.ts';
import type { Lifecycle, Probe, ProbeResult } from '../../core/lifecycle.ts';
import type { Log } from '../../core/logger.ts';
import { json } from '../reply.ts';
import type { Route } from '../route.ts';

export interface ReadinessOptions {
  readonly probes: readonly Probe[];
  readonly lifecycle: Lifecycle;
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds one probe may take; 2000 by default. */
  readonly timeout?: number;
}

export interface Readiness {
  readonly status: 'ready' | 'not_ready';
  readonly checks: Readonly<Record<string, ProbeResult>>;
}

const FRESH_MS = 1000;
const PHASE_MESSAGE = { starting: 'The instance is starting.', draining: 'The instance is shutting down.' };

/** Asks the probes at most once a second, however many ask it. */
export class ReadinessCheck {
  private readonly options: ReadinessOptions;
  private readonly timeout: number;
  private last: Promise<Readiness> | undefined;
  private askedAt = 0;

  constructor(options: ReadinessOptions) {
    this.options = options;
    this.timeout = options.timeout ?? 2000;
  }

  async read(): Promise<Readiness> {
    const { lifecycle, clock } = this.options;
    if (lifecycle.phase !== 'serving') return outOfService(lifecycle.phase);
    if (this.last === undefined || clock.monotonic() - this.askedAt >= FRESH_MS) {
      this.askedAt = clock.monotonic();
      this.last = this.ask();
    }
    const answer = await this.last;
    return lifecycle.draining ? outOfService('draining') : answer;
  }

  private async ask(): Promise<Readiness> {
    const { probes } = this.options;
    const results = await Promise.all(probes.map((probe) => this.one(probe)));
    const ready = probes.every((probe, i) => results[i]?.ok === true || !probe.critical);
    const checks: [string, ProbeResult][] = probes.map((probe, i) => [probe.name, results[i] as ProbeResult]);
    return { status: ready ? 'ready' : 'not_ready', checks: Object.fromEntries(checks) };
  }

  private async one(probe: Probe): Promise<ProbeResult> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<ProbeResult>((resolve) => {
      timer = setTimeout(resolve, this.timeout, { ok: false, message: 'The check gave no answer in time.' });
    });
    try {
      return await Promise.race([probe.check(), late]);
    } catch (error) {
      this.options.log.debug('lifecycle', `Readiness check ${probe.name} failed`, { error });
      return { ok: false, message: 'The check failed.' };
    } finally {
      clearTimeout(timer);
    }
  }
}

function outOfService(phase: 'starting' | 'draining'): Readiness {
  return { status: 'not_ready', checks: { lifecycle: { ok: false, message: PHASE_MESSAGE[phase] } } };
}

export function readiness(options: ReadinessOptions): Route {
  const check = new ReadinessCheck(options);
  return {
    method: 'GET',
    path: '/health/readiness',
    open: true,
    async handle() {
      const answer = await check.read();
      return json(answer.status === 'ready' ? 200 : 503, answer);
    },
  };
}
