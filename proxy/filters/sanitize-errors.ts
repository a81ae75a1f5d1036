/** Replaces the body of the app's 5xx by a problem document, and keeps what the app said, redacted, in the log. */
import { Budget } from '../../core/budget.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/logger.ts';
import type { Redactor } from '../../core/redact.ts';
import { type Exchange, type Filter, isStream, type Reply } from '../exchange.ts';
import { namesOf } from '../header-block.ts';
import { Problem, render } from '../problem.ts';
import { type Original, readOriginal } from './sanitize-errors/original.ts';

export interface SanitizeErrorsOptions {
  readonly log: Pick<Log, 'error'>;
  readonly redactor: Pick<Redactor, 'text'>;
  readonly clock: Clock;
}

/** Characters of the redacted original that reach the log. */
const KEPT = 8 * 1024;
/** Originals a second that are read: redaction takes milliseconds, and an app may do nothing but fail. */
const RATE = 50;

/** Fields that describe the body that is gone (RFC 9110 §8). */
const isOfTheBody = namesOf(
  ...`accept-ranges cache-control content-digest content-disposition content-encoding content-language content-length
  content-location content-md5 content-range content-type digest etag expires last-modified pragma repr-digest
  trailer transfer-encoding`.split(/\s+/),
);

/** Stands innermost: what it puts in the reply is decorated by every other filter. */
export function sanitizeErrors(options: SanitizeErrorsOptions): Filter {
  const { log, redactor, clock } = options;
  const budget = new Budget(RATE, () => clock.monotonic());
  const unknown = new Problem('upstream_error');

  /** A text that can not be redacted is withheld; nothing may be thrown where nobody catches. */
  const redacted = (text: string): string => {
    try {
      return redactor.text(text, 'upstream_error');
    } catch {
      return '[withheld: it could not be redacted]';
    }
  };

  const record = (facts: Record<string, unknown>, original: Original | undefined): void => {
    const clean = original && redacted(original.text);
    log.error('upstream_error', 'the app answered with an error', {
      ...facts,
      body: clean?.slice(0, KEPT) ?? '[not read: too many errors]',
      cut: original === undefined || original.cut || (clean as string).length > KEPT,
    });
  };

  const capture = (x: Exchange, { status, headers, body }: Reply): void => {
    const facts = {
      correlation_id: x.requestId,
      method: x.request.method,
      endpoint: x.endpoint,
      status_code: status,
      content_type: headers.get('content-type')?.slice(0, 128),
    };
    // The client's answer goes first.
    const later = (original?: Original): void => queueMicrotask(() => record(facts, original));
    if (budget.take()) {
      readOriginal(body, headers.get('content-encoding'), later);
      return;
    }
    if (isStream(body)) body.cancel();
    later();
  };

  return {
    name: 'sanitize-errors',
    response(x: Exchange, reply: Reply) {
      if (reply.status < 500 || reply.origin !== 'upstream' || reply.tunnel !== undefined) return;
      // A gRPC client reads its status from the trailers, whatever :status says.
      if (/^application\/grpc\b/i.test(reply.headers.get('content-type') ?? '')) return;
      capture(x, reply);
      const { status, headers } = reply;
      const rendered = render(unknown, x.requestId, x.request.headers.get('accept'), clock.now(), status);
      headers.deleteWhere(isOfTheBody);
      headers.list.push(...rendered.headers.list);
      // Both documents stand at this address, chosen by Accept.
      headers.addMember('Vary', 'Accept');
      reply.body = rendered.body;
      reply.reason = '';
    },
  };
}
