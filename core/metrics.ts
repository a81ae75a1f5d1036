/** Every metric of the traffic, declared once, and the registry that others declare theirs in. */
import type { MetricObjectWithValues, MetricValue } from 'prom-client';
import { type Clock, systemClock } from './clock.ts';
import { type Exposition, expose } from './exposition.ts';
import { RequestFigures, type SeriesState, Times, type TimesState } from './figures.ts';
import { Performance } from './performance.ts';
import { watchProcess } from './process-metrics.ts';
import { Counter, Gauge, Histogram, Registry } from './prom.ts';
import { Tally } from './tally.ts';

export interface BuildInfo {
  readonly version: string;
  /** Which of several instances this is. */
  readonly replica?: string | undefined;
}

/** What a process knows of its traffic and itself. */
export interface MetricsState {
  readonly requests: readonly SeriesState[];
  readonly overhead: TimesState;
  readonly others: readonly MetricObjectWithValues<MetricValue<string>>[];
}

/** A figure that goes up and down on the request path; read when scraped. */
export class Level {
  value = 0;

  inc(): void {
    this.value++;
  }

  dec(): void {
    this.value--;
  }
}

const METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'CONNECT',
]);

/** A method name as a bounded label: whatever is not a standard method is `OTHER`. */
export const methodLabel = (method: string): string => (METHODS.has(method) ? method : 'OTHER');

export const DURATION_BUCKETS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300,
];
export const OVERHEAD_BUCKETS = [
  0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1,
];

export class Metrics {
  readonly registry = new Registry();
  readonly inFlight = new Level();
  readonly connections = { h1: new Level(), h2: new Level(), websocket: new Level() };
  readonly upstreamConnections = { idle: new Level(), active: new Level() };
  /** The last five minutes. */
  readonly performance: Performance;
  private readonly clock: Clock;
  /** What every request writes does not go through prom-client: its histogram costs several times as much. */
  readonly requests = new RequestFigures(DURATION_BUCKETS, [...METHODS, 'OTHER']);
  readonly overhead = new Times(OVERHEAD_BUCKETS);
  private readonly refusals: Counter<string>;
  private readonly upstreamFailures: Counter<string>;
  private watching: Promise<void> | undefined = undefined;
  private readonly refusalChildren = new Map<string, { inc(): void }>();

  constructor(build: BuildInfo, clock: Clock = systemClock) {
    this.clock = clock;
    this.performance = new Performance(clock.monotonic());
    this.refusals = this.counter('railguard_refusals_total', 'Requests refused, or that would have been.', [
      'filter',
      'code',
      'mode',
    ]);
    this.upstreamFailures = this.counter(
      'railguard_upstream_failures_total',
      'Requests the upstream failed.',
      ['code'],
    );
    this.declareLevels();
    const { version, replica } = build;
    const labels = { version, node: process.version, ...(replica !== undefined && { replica }) };
    this.gauge('railguard_build_info', 'The build that runs; always 1.', Object.keys(labels)).set(labels, 1);
  }

  /** Declares a counter; a name that does not end in `_total`, or is taken, throws. */
  counter(
    name: string,
    help: string,
    labelNames: readonly string[] = [],
    collect?: () => number,
  ): Counter<string> {
    if (!name.endsWith('_total')) throw new Error(`counter ${name} must end in _total`);
    return new Counter({
      name,
      help,
      labelNames,
      registers: [this.registry],
      ...(collect && {
        collect(this: Counter<string>) {
          this.reset();
          this.inc(collect());
        },
      }),
    });
  }

  /** Declares a counter of two labels that costs a request next to nothing. */
  tally(name: string, help: string, labelNames: readonly [string, string]): Tally {
    const tally = new Tally();
    const [one, two] = labelNames;
    new Counter({
      name,
      help,
      labelNames,
      registers: [this.registry],
      collect(this: Counter<string>) {
        this.reset();
        for (const [first, second, count] of tally) this.inc({ [one]: first, [two]: second }, count);
      },
    });
    return tally;
  }

  /** Declares a gauge; `collect`, when given, is asked at each scrape. A name that is taken throws. */
  gauge(
    name: string,
    help: string,
    labelNames: readonly string[] = [],
    collect?: (gauge: Gauge<string>) => void | Promise<void>,
  ): Gauge<string> {
    return new Gauge({
      name,
      help,
      labelNames,
      registers: [this.registry],
      ...(collect && {
        collect(this: Gauge<string>) {
          return collect(this);
        },
      }),
    });
  }

  /** Declares a histogram of seconds. A name that is taken throws. */
  histogram(
    name: string,
    help: string,
    buckets: readonly number[],
    labelNames: readonly string[] = [],
  ): Histogram<string> {
    return new Histogram({ name, help, buckets: [...buckets], labelNames, registers: [this.registry] });
  }

  /**
   * One request ended. `endpoint` is a route template or `other`; time in seconds; `id` is its correlation id, `now`
   * the monotonic time in milliseconds.
   */
  request(
    method: string,
    endpoint: string,
    status: number,
    seconds: number,
    id = '',
    now = this.clock.monotonic(),
  ): void {
    this.requests.record(methodLabel(method), endpoint, status, seconds, id, now);
    this.performance.request(status, seconds, now);
  }

  /** A response head is on its way; seconds since the request's, less those spent on the upstream. */
  overheadOf(seconds: number): void {
    this.overhead.observe(seconds, '', 0);
  }

  /** A filter refused (`enforce`), or would have (`report`). */
  refusal(filter: string, code: string, mode: 'enforce' | 'report'): void {
    const key = `${filter} ${code} ${mode}`;
    let child = this.refusalChildren.get(key);
    if (child === undefined) {
      child = this.refusals.labels(filter, code, mode);
      this.refusalChildren.set(key, child);
    }
    child.inc();
    this.performance.refusal(this.clock.monotonic());
  }

  /** `code` is a problem code of source `upstream`. */
  upstreamFailure(code: string): void {
    this.upstreamFailures.inc({ code });
  }

  /** Reads the counts of lost lines at each scrape; called once. */
  watchLogDrops(...dropped: readonly Readonly<Record<string, number>>[]): void {
    this.counter(
      'railguard_log_dropped_total',
      'Log lines dropped: over the limit, or because they could not leave in time.',
      [],
      () => dropped.flatMap((counts) => Object.values(counts)).reduce((sum, count) => sum + count, 0),
    );
  }

  /** The exposition, as OpenMetrics when the Accept header prefers it. */
  async render(accept: string | undefined): Promise<Exposition> {
    await this.watched();
    return expose(this, await this.registry.metrics(), accept, this.epoch);
  }

  /** All there is to know, for another process to add up. */
  async state(): Promise<MetricsState> {
    await this.watched();
    const { epoch } = this;
    return {
      requests: this.requests.state(epoch),
      overhead: this.overhead.state(epoch),
      others: await this.registry.getMetricsAsJSON(),
    };
  }

  /** Who asks once will ask again: from then on the process is watched too. */
  private watched(): Promise<void> {
    this.watching ??= watchProcess(this.registry);
    return this.watching;
  }

  /** Milliseconds since the epoch at which the monotonic clock was 0. */
  private get epoch(): number {
    return this.clock.now() - this.clock.monotonic();
  }

  private declareLevels(): void {
    const { connections, upstreamConnections } = this;
    const read = (label: string, levels: Readonly<Record<string, Level>>) => (gauge: Gauge<string>) => {
      for (const [name, level] of Object.entries(levels)) gauge.set({ [label]: name }, level.value);
    };
    this.gauge('railguard_in_flight', 'Requests being answered now.', [], (gauge) =>
      gauge.set(this.inFlight.value),
    );
    this.gauge(
      'railguard_connections',
      'Client connections open.',
      ['protocol'],
      read('protocol', connections),
    );
    this.gauge(
      'railguard_upstream_connections',
      'Connections to the upstream.',
      ['state'],
      read('state', upstreamConnections),
    );
  }
}
