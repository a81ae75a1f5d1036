/** Takes browsers' reports of policy violations, in both formats, so that a policy can be tuned before it is enforced. */
import { Budget } from '../../core/budget.ts';
import type { Log } from '../../core/logger.ts';
import type { Metrics } from '../../core/metrics.ts';
import { type BodySource, type Exchange, type Filter, Reply } from '../exchange.ts';
import { HeaderBlock } from '../header-block.ts';
import { Problem } from '../problem.ts';
import { readViolations, type Violation } from './csp-report/violation.ts';

export interface CspReportOptions {
  readonly path: string;
  readonly log: Pick<Log, 'warn'>;
  readonly metrics: Pick<Metrics, 'counter'>;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

const MAX_BODY = 64 * 1024;
/** Violations a second that are logged, and how many may come at once; anybody can post here. */
const RATE = 20;
const TYPE = /^\s*application\/(?:csp-report|reports\+json)\s*(?:;|$)/i;

/** Answers POSTs of reports at one path, before any credential is asked for: browsers send none with a report. */
export function cspReport(options: CspReportOptions): Filter {
  const { path, log, now } = options;
  const counter = options.metrics.counter(
    'railguard_csp_violations_total',
    'Violations of the content security policy that browsers reported.',
    ['directive', 'outcome'],
  );
  const budget = new Budget(RATE, now);

  const record = (x: Exchange, violation: Violation): void => {
    const logged = budget.take();
    counter.inc({ directive: violation.label, outcome: logged ? 'logged' : 'dropped' });
    if (!logged) return;
    log.warn('csp_violation', 'a browser reported a policy violation', {
      correlation_id: x.requestId,
      client_ip: x.client.address,
      ...violation.facts,
    });
  };

  const accept = async (x: Exchange, body: BodySource): Promise<Reply> => {
    const violations = readViolations(await text(body));
    if (violations.length === 0) counter.inc({ directive: 'other', outcome: 'unreadable' });
    for (const violation of violations) record(x, violation);
    return noContent();
  };

  return {
    name: 'csp-report',
    request(x: Exchange) {
      const { request } = x;
      if (request.path !== path || request.method !== 'POST' || request.kind !== 'http') return undefined;
      if (!TYPE.test(request.headers.get('content-type') ?? '')) return undefined;
      const { body } = request;
      if (body === undefined) return noContent();
      request.body = undefined;
      if (body.length > MAX_BODY) {
        body.cancel();
        throw new Problem('body_too_large');
      }
      // Reading costs more than dropping, and nothing of it would be logged.
      if (budget.spent) {
        body.cancel();
        counter.inc({ directive: 'other', outcome: 'dropped' });
        return noContent();
      }
      return accept(x, body);
    },
  };
}

const noContent = (): Reply => new Reply(204, new HeaderBlock(), undefined, 'railguard');

/** Rejects with `body_too_large` past MAX_BODY, or with the Problem the body broke with. */
function text(body: BodySource): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    body.flow({
      write(chunk) {
        if (size > MAX_BODY) return;
        size += chunk.length;
        chunks.push(chunk);
        if (size <= MAX_BODY) return;
        body.cancel();
        reject(new Problem('body_too_large'));
      },
      end: () => resolve(Buffer.concat(chunks).toString('utf8')),
      fail: reject,
    });
  });
}
