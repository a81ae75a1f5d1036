/** Comprehensive health: every check at once, none waited for longer than 2 s, the answer good for 5 s. */
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/logger.ts';
import type { Metrics } from '../../core/metrics.ts';
import { json } from '../reply.ts';
import type { Route } from '../route.ts';
import { type CheckResult, type HealthCheck, type Status, worst } from './check.ts';

export interface Comprehensive {
  readonly status: Status;
  /** ISO 8601: when the checks were run. */
  readonly timestamp: string;
  readonly uptime_seconds: number;
  readonly version: string;
  readonly environment: string;
  readonly checks: Readonly<Record<string, CheckResult>>;
}

export interface ComprehensiveOptions {
  readonly checks: readonly HealthCheck[];
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  readonly environment: string;
  /** Milliseconds one check may take; 2000 by default. */
  readonly timeout?: number;
}

const FRESH = 5000;
const TIMED_OUT: CheckResult = { status: 'critical', message: 'The check timed out.' };
const FAILED: CheckResult = { status: 'critical', message: 'The check failed.' };

export class ComprehensiveHealth {
  private readonly options: ComprehensiveOptions;
  private readonly timeout: number;
  private readonly startedAt: number;
  /** Checks that hang are not started again before they end. */
  private readonly running = new Map<string, Promise<CheckResult>>();
  private asking: Promise<Comprehensive> | undefined;
  private last: Comprehensive | undefined;
  private readAt = Number.NEGATIVE_INFINITY;

  constructor(options: ComprehensiveOptions) {
    this.options = options;
    this.timeout = options.timeout ?? 2000;
    this.startedAt = options.clock.monotonic();
  }

  /** Up to five seconds old; resolves within 2 s and never rejects. */
  read(): Promise<Comprehensive> {
    const now = this.options.clock.monotonic();
    if (this.last !== undefined && now - this.readAt < FRESH) return Promise.resolve(this.last);
    this.asking ??= this.ask().finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  /** What is known, without waiting; asks again when that is old. Undefined before the first answer. */
  peek(): Comprehensive | undefined {
    void this.read();
    return this.last;
  }

  private async ask(): Promise<Comprehensive> {
    const { checks, clock, version, environment } = this.options;
    const results = await Promise.all(checks.map((check) => this.bounded(check)));
    this.readAt = clock.monotonic();
    this.last = {
      status: worst(results.map(({ status }) => status)),
      timestamp: new Date(clock.now()).toISOString(),
      uptime_seconds: Math.round((clock.monotonic() - this.startedAt) / 1000),
      version,
      environment,
      checks: Object.fromEntries(checks.map(({ name }, i) => [name, results[i] as CheckResult])),
    };
    return this.last;
  }

  private async bounded(check: HealthCheck): Promise<CheckResult> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<CheckResult>((resolve) => {
      timer = setTimeout(resolve, this.timeout, TIMED_OUT);
    });
    const result = await Promise.race([this.run(check), late]);
    clearTimeout(timer);
    return result;
  }

  private run(check: HealthCheck): Promise<CheckResult> {
    const running = this.running.get(check.name);
    if (running !== undefined) return running;
    const started = (async () => check.run())()
      .catch((error: unknown) => {
        this.options.log.warn('lifecycle', 'a health check failed', { check: check.name, error });
        return FAILED;
      })
      .finally(() => this.running.delete(check.name));
    this.running.set(check.name, started);
    return started;
  }
}

export function comprehensiveRoute(health: Pick<ComprehensiveHealth, 'read'>): Route {
  return {
    method: 'GET',
    path: '/health/comprehensive',
    open: false,
    async handle() {
      const answer = await health.read();
      return json(answer.status === 'critical' ? 503 : 200, answer);
    },
  };
}

const VALUE: Readonly<Record<Status, number>> = { healthy: 1, warning: 0.5, critical: 0 };

/** Declares `railguard_health`; a scrape never waits for a check once there was an answer. */
export function healthGauge(health: ComprehensiveHealth, metrics: Metrics): void {
  metrics.gauge(
    'railguard_health',
    'State of each health check: 1 healthy, 0.5 warning, 0 critical.',
    ['check'],
    async (gauge) => {
      const { checks } = health.peek() ?? (await health.read());
      for (const [check, { status }] of Object.entries(checks)) gauge.set({ check }, VALUE[status]);
    },
  );
}
