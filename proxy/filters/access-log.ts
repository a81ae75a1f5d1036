/** One line and one set of figures for every request, however it ended. */
import type { Clock } from '../../core/clock.ts';
import type { Expendable } from '../../core/log-budget.ts';
import type { Level, Log } from '../../core/logger.ts';
import type { Metrics } from '../../core/metrics.ts';
import type { Reporter } from '../../core/reporter.ts';
import type { Exchange, Filter, Outcome, Reply } from '../exchange.ts';

export interface AccessLogOptions {
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'request' | 'overheadOf'>;
  readonly clock: Clock;
  /** Write `request_performance` lines; the figures are kept either way. */
  readonly performanceLogs: boolean;
  /** Requests for exactly this path are logged at debug. */
  readonly healthPath: string;
  /** Told of the app's 5xx, where nobody else reads them. */
  readonly reporter?: Pick<Reporter, 'error'> | undefined;
}

const PROTOCOL = { '1.0': 'http/1.0', '1.1': 'http/1.1', '2': 'h2' } as const;
const MESSAGE_PATH = 200;

export function accessLog(options: AccessLogOptions): Filter {
  const { log, metrics, clock, performanceLogs, healthPath, reporter } = options;

  const level = (x: Exchange, status: number): Level => {
    const { method, path } = x.request;
    if (path === healthPath && (method === 'GET' || method === 'HEAD')) return 'debug';
    return status >= 500 ? 'error' : 'info';
  };

  return {
    name: 'access-log',
    response(x: Exchange, { status, origin }: Reply): void {
      if (status >= 500 && origin === 'upstream' && reporter !== undefined) report(reporter, x, status);
      // Taken here, not at the end: how long a body streams is the app's and the client's affair.
      const waited = clock.monotonic() - x.startedAt - Math.max(x.upstreamMs, 0);
      metrics.overheadOf(Math.max(waited, 0) / 1000);
    },
    finish(x: Exchange, outcome: Outcome): void {
      const elapsed = clock.monotonic() - x.startedAt;
      metrics.request(x.request.method, x.endpoint, outcome.status, elapsed / 1000, x.requestId);
      if (!performanceLogs) return;
      const at = level(x, outcome.status);
      if (!log.enabled(at) || (at !== 'error' && log.budget?.admits(expendable(at, outcome)) === false))
        return;
      log[at]('request_performance', title(x, outcome), facts(x, outcome, elapsed));
    },
  };
}

/** A request that failed tells more than one that did not. */
const expendable = (level: Level, { status, end }: Outcome): Expendable =>
  level === 'debug' || (status < 400 && end === 'complete') ? 'first' : 'next';

function report(reporter: Pick<Reporter, 'error'>, x: Exchange, status: number): void {
  const { requestId: correlation_id, endpoint } = x;
  const { method } = x.request;
  reporter.error('upstream_error', 'the app answered with an error', {
    correlation_id,
    method,
    endpoint,
    status_code: status,
  });
}

function title(x: Exchange, outcome: Outcome): string {
  const { method, path } = x.request;
  const shown = path.length > MESSAGE_PATH ? `${path.slice(0, MESSAGE_PATH)}…` : path;
  return `${method} ${shown} ${outcome.status}`;
}

const rounded = (ms: number) => Math.round(ms * 100) / 100;

function facts(x: Exchange, outcome: Outcome, elapsed: number): Record<string, unknown> {
  const { request } = x;
  return {
    correlation_id: x.requestId,
    method: request.method,
    endpoint: x.endpoint,
    path: request.path,
    status_code: outcome.status,
    execution_time_ms: rounded(elapsed),
    upstream_ms: x.upstreamMs < 0 ? undefined : rounded(x.upstreamMs),
    bytes_in: x.bytesIn,
    bytes_out: outcome.bytesOut,
    client_ip: x.client.address,
    user_id: x.identity?.subject,
    protocol: request.kind === 'upgrade' ? 'websocket' : PROTOCOL[request.version],
    outcome: outcome.end,
    code: x.problem?.code,
  };
}
