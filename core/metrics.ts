/** Every metric of the traffic, declared once, and the registry that others declare theirs in. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export interface BuildInfo {
  readonly version: string;
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

const DURATION_BUCKETS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300,
];
const OVERHEAD_BUCKETS = [
  0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1,
];
const MAX_CACHED = 5000;

/** prom-client's gauges whose names the Prometheus naming rules keep for counters. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

const OPENMETRICS = Registry.OPENMETRICS_CONTENT_TYPE;

interface Child {
  readonly requests: { inc(): void };
  readonly duration: { observe(seconds: number): void };
}

export class Metrics {
  readonly registry = new Registry();
  readonly inFlight = new Level();
  readonly connections = { h1: new Level(), h2: new Level(), websocket: new Level() };
  readonly upstreamConnections = { idle: new Level(), active: new Level() };
  private readonly requests: Counter<string>;
  private readonly duration: Histogram<string>;
  private readonly overhead: Histogram<string>;
  private readonly refusals: Counter<string>;
  private readonly upstreamFailures: Counter<string>;
  private readonly children = new Map<string, Child>();
  private readonly refusalChildren = new Map<string, { inc(): void }>();

  constructor(build: BuildInfo) {
    collectDefaultMetrics({ register: this.registry });
    for (const name of MISNAMED) this.registry.removeSingleMetric(name);
    this.requests = this.counter('http_requests_total', 'Requests answered.', [
      'method',
      'endpoint',
      'status',
    ]);
    this.duration = this.histogram(
      'http_request_duration_seconds',
      'Time from the first byte of a request to the last of its response.',
      DURATION_BUCKETS,
      ['method', 'endpoint'],
    );
    this.overhead = this.histogram(
      'railguard_overhead_seconds',
      'Time from request to response head spent outside the upstream.',
      OVERHEAD_BUCKETS,
    );
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
    this.gauge('railguard_build_info', 'The build that runs; always 1.', ['version', 'node']).set(
      { version: build.version, node: process.version },
      1,
    );
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

  /** One request ended. `endpoint` is a route template or `other`; times in seconds. */
  request(method: string, endpoint: string, status: number, seconds: number): void {
    const label = methodLabel(method);
    const key = `${label} ${status} ${endpoint}`;
    let child = this.children.get(key);
    if (child === undefined) {
      child = {
        requests: this.requests.labels(label, endpoint, String(status)),
        duration: this.duration.labels(label, endpoint),
      };
      if (this.children.size < MAX_CACHED) this.children.set(key, child);
    }
    child.requests.inc();
    child.duration.observe(seconds);
  }

  /** A response head is on its way; seconds since the request's, less those spent on the upstream. */
  overheadOf(seconds: number): void {
    this.overhead.observe(seconds);
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
  async render(accept: string | undefined): Promise<{ readonly type: string; readonly body: string }> {
    const text = await this.registry.metrics();
    return prefersOpenMetrics(accept)
      ? { type: OPENMETRICS, body: openMetrics(text) }
      : { type: Registry.PROMETHEUS_CONTENT_TYPE, body: text };
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

function prefersOpenMetrics(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  return quality(accept, 'application/openmetrics-text') > quality(accept, 'text/plain');
}

/** The q value an Accept header gives a media type, wildcards aside; 0 when it is not named (RFC 9110 §12.4.2). */
function quality(accept: string, type: string): number {
  for (const member of accept.split(',')) {
    const [name, ...parameters] = member.split(';').map((part) => part.trim().toLowerCase());
    if (name !== type) continue;
    const q = parameters.find((parameter) => parameter.startsWith('q='));
    const value = q === undefined ? 1 : Number(q.slice(2));
    return Number.isFinite(value) ? value : 0;
  }
  return 0;
}

/**
 * prom-client's own OpenMetrics output renames its counters for good, so a later plain scrape would lose
 * their `_total`. The two texts differ in three things alone: counter family names, blank lines, the end mark.
 */
function openMetrics(text: string): string {
  const families = text.replace(
    /^# HELP (\S+)_total (.*)\n# TYPE \1_total counter$/gm,
    '# HELP $1 $2\n# TYPE $1 counter',
  );
  return `${families.replace(/\n{2,}/g, '\n').trimEnd()}\n# EOF\n`;
}
