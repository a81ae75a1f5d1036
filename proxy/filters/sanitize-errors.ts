/** Replaces the body of the app's 5xx by a problem document, and keeps what the app said, redacted, in the log. */
import { brotliDecompressSync, constants, inflateRawSync, inflateSync, unzipSync } from 'node:zlib';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/logger.ts';
import type { Redactor } from '../../core/redact.ts';
import type { BodySource, Exchange, Filter, Reply } from '../exchange.ts';
import { Problem, render } from '../problem.ts';

export interface SanitizeErrorsOptions {
  readonly log: Pick<Log, 'error'>;
  readonly redactor: Pick<Redactor, 'text'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** Characters of the redacted original that reach the log. */
const KEPT = 8 * 1024;
/** Bytes of it that are read: more than is kept, so that no secret is cut before it is recognised. */
const READ = 2 * KEPT;
/** Milliseconds the original may take; the client does not wait for it. */
const PATIENCE = 5_000;

/** Fields that describe the body that is gone (RFC 9110 §8), or could carry its text. */
const OF_THE_BODY: ReadonlySet<string> = new Set([
  ...['accept-ranges', 'cache-control', 'content-digest', 'content-disposition', 'content-encoding'],
  ...[
    'content-language',
    'content-length',
    'content-location',
    'content-md5',
    'content-range',
    'content-type',
  ],
  ...['digest', 'etag', 'expires', 'last-modified', 'pragma', 'repr-digest', 'trailer', 'transfer-encoding'],
]);

/** Stands innermost: what it puts in the reply is decorated by every other filter. */
export function sanitizeErrors(options: SanitizeErrorsOptions): Filter {
  const { log, redactor, clock } = options;

  const record = (
    x: Exchange,
    status: number,
    type: string | undefined,
    plain: Buffer,
    cut: boolean,
  ): void => {
    const text = plain.subarray(0, READ).toString('utf8');
    const short = cut || plain.length > READ;
    const clean = redactor.text(short ? text.replace(/\S{1,1024}$/, '') : text, 'upstream_error');
    log.error('upstream_error', 'the app answered with an error', {
      correlation_id: x.requestId,
      method: x.request.method,
      endpoint: x.endpoint,
      status_code: status,
      content_type: type?.slice(0, 128),
      body: clean.slice(0, KEPT),
      cut: short || clean.length > KEPT,
    });
  };

  const capture = (x: Exchange, reply: Reply): void => {
    const { status, body } = reply;
    const type = reply.headers.get('content-type');
    const coding = reply.headers.get('content-encoding');
    const done = (bytes: Buffer, cut: boolean): void => record(x, status, type, decoded(bytes, coding), cut);
    if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body))
      done(Buffer.from(body ?? ''), false);
    else drain(body, done);
  };

  return {
    name: 'sanitize-errors',
    response(x: Exchange, reply: Reply) {
      if (reply.status < 500 || reply.origin !== 'upstream' || reply.tunnel !== undefined) return;
      // A gRPC client reads its status from the trailers, whatever :status says.
      if (/^application\/grpc\b/i.test(reply.headers.get('content-type') ?? '')) return;
      capture(x, reply);
      const { status, headers } = reply;
      const accept = x.request.headers.get('accept');
      const rendered = render(new Problem('upstream_error'), x.requestId, accept, clock.now(), status);
      headers.deleteWhere((name) => OF_THE_BODY.has(name));
      headers.list.push(...rendered.headers.list);
      // Both documents stand at this address, chosen by Accept.
      headers.addMember('Vary', 'Accept');
      reply.body = rendered.body;
      reply.reason = '';
    },
  };
}

/** Reads up to READ bytes, then lets go of the rest; `done` is called once. */
function drain(body: BodySource, done: (bytes: Buffer, cut: boolean) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  let over = false;
  const close = (cut: boolean): void => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    done(Buffer.concat(chunks).subarray(0, READ), cut);
  };
  const timer = setTimeout(() => {
    close(true);
    body.cancel();
  }, PATIENCE);
  timer.unref();
  body.flow({
    write(chunk) {
      if (over) return;
      chunks.push(chunk);
      size += chunk.length;
      if (size <= READ) return;
      close(true);
      body.cancel();
    },
    end: () => close(false),
    fail: () => close(true),
  });
}

/** Takes a content coding off, as far as it goes: a body cut short still shows its beginning. */
function decoded(bytes: Buffer, coding: string | undefined): Buffer {
  const bounds = { maxOutputLength: 1024 * 1024, finishFlush: constants.Z_SYNC_FLUSH };
  try {
    switch (coding?.trim().toLowerCase()) {
      case undefined:
      case '':
      case 'identity':
        return bytes;
      case 'gzip':
      case 'x-gzip':
        return unzipSync(bytes, bounds);
      case 'deflate':
        // Half the world sends raw deflate under this name (RFC 9110 §8.4.1.2).
        return ((bytes[0] ?? 0) & 0x0f) === 8 ? inflateSync(bytes, bounds) : inflateRawSync(bytes, bounds);
      case 'br':
        return brotliDecompressSync(bytes, { ...bounds, finishFlush: constants.BROTLI_OPERATION_FLUSH });
      default:
        return Buffer.from(`[${bytes.length} bytes in another coding]`);
    }
  } catch {
    return Buffer.from(`[${bytes.length} bytes that could not be decoded]`);
  }
}
