/** One line and one set of figures for every request, however it ended. */
import type { Clock } from '../../core/clock.ts';
import type { Expendable } from '../../core/log-budget.ts';
import type { Level, Log } from '../../core/logger.ts';
import type { Metrics } from '../../core/metrics.ts';
import type { Reporter } from '../../core/reporter.ts';
import type { Exchange, Filter, Outcome, Reply } from '../exchange.ts';
import { facts, title } from './access-log/facts.ts';
import { ReadyLine } from './access-log/ready-line.ts';

export interface AccessLogOptions {
  readonly log: Log;
  /** Would nothing of this text be hidden in a log? */
  readonly spotless: (text: string) => boolean;
  readonly metrics: Pick<Metrics, 'request' | 'overheadOf'>;
  readonly clock: Clock;
  /** Write `request_performance` lines; the figures are kept either way. */
  readonly performanceLogs: boolean;
  /** Requests for exactly this path are logged at debug. */
  readonly healthPath: string;
  /** Told of the app's 5xx, where nobody else reads them. */
  readonly reporter?: Pick<Reporter, 'error'> | undefined;
}

export function accessLog(options: AccessLogOptions): Filter {
  const { log, metrics, clock, performanceLogs, healthPath, reporter } = options;
  const ready = new ReadyLine((text) => isSpotless(text, options.spotless));

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
      const now = clock.monotonic();
      const elapsed = now - x.startedAt;
      metrics.request(x.request.method, x.endpoint, outcome.status, elapsed / 1000, x.requestId, now);
      if (!performanceLogs) return;
      const at = level(x, outcome.status);
      if (!log.enabled(at) || (at !== 'error' && log.budget?.admits(expendable(at, outcome)) === false))
        return;
      const line = ready.of(x, outcome, elapsed);
      if (line !== undefined) log.ready(at, line);
      else log[at]('request_performance', title(x, outcome), facts(x, outcome, elapsed));
    },
  };
}

/** Plain characters, which a log writes as JSON does, and no secret; what can't be judged is not spotless. */
function isSpotless(text: string, spotless: (text: string) => boolean): boolean {
  try {
    return /^[ -~]*$/.test(text) && spotless(text);
  } catch {
    return false;
  }
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
