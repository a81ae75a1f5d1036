/** Every refusal and failure the public port can answer with: one const table, one class, one renderer (RFC 9457). */
import { http } from '../core/node-http.ts';
import { HeaderBlock } from './header-block.ts';

export type Source = 'client' | 'upstream' | 'railguard';

interface Row {
  readonly status: number;
  readonly title: string;
  readonly source: Source;
  readonly detail: string;
  /** Seconds for `Retry-After`, when waiting helps. */
  readonly retryAfter?: number;
}

const row = (status: number, source: Source, title: string, detail: string, retryAfter?: number): Row =>
  retryAfter === undefined
    ? { status, title, source, detail }
    : { status, title, source, detail, retryAfter };

export const PROBLEMS = {
  request_malformed: row(400, 'client', 'Bad Request', 'The request is not a valid HTTP message.'),
  unauthenticated: row(401, 'client', 'Unauthorized', 'This resource needs a valid credential.'),
  token_invalid: row(401, 'client', 'Unauthorized', 'The access token is not valid.'),
  token_expired: row(401, 'client', 'Unauthorized', 'The access token has expired.'),
  session_expired: row(401, 'client', 'Unauthorized', 'The session has expired. Please sign in again.'),
  session_revoked: row(401, 'client', 'Unauthorized', 'The session was ended. Please sign in again.'),
  forbidden: row(403, 'client', 'Forbidden', 'This request is not allowed.'),
  client_blocked: row(403, 'client', 'Forbidden', 'Too many failed attempts. Please try again later.', 60),
  method_not_allowed: row(405, 'client', 'Method Not Allowed', 'This method is not supported here.'),
  request_timeout: row(408, 'client', 'Request Timeout', 'The request did not arrive in time.'),
  body_too_large: row(413, 'client', 'Content Too Large', 'The request body is larger than allowed.'),
  uri_too_long: row(414, 'client', 'URI Too Long', 'The request target is longer than allowed.'),
  host_untrusted: row(421, 'client', 'Misdirected Request', 'This host name is not served here.'),
  rate_limited: row(429, 'client', 'Too Many Requests', 'Too many requests. Please slow down.', 1),
  headers_too_large: row(
    431,
    'client',
    'Request Header Fields Too Large',
    'The request headers are larger than allowed.',
  ),
  internal: row(500, 'railguard', 'Internal Server Error', 'An unexpected error occurred.'),
  upstream_unreachable: row(
    502,
    'upstream',
    'Bad Gateway',
    'The application can not be reached at the moment.',
  ),
  upstream_protocol: row(502, 'upstream', 'Bad Gateway', 'The application sent an invalid response.'),
  upstream_error: row(502, 'upstream', 'Bad Gateway', 'The application failed to answer this request.'),
  overloaded: row(
    503,
    'railguard',
    'Service Unavailable',
    'The service is busy. Please try again shortly.',
    1,
  ),
  draining: row(
    503,
    'railguard',
    'Service Unavailable',
    'This instance is shutting down. Please try again.',
    1,
  ),
  identity_unavailable: row(
    503,
    'railguard',
    'Service Unavailable',
    'Credentials can not be checked at the moment.',
    5,
  ),
  store_unavailable: row(
    503,
    'railguard',
    'Service Unavailable',
    'A required store can not be reached at the moment.',
    5,
  ),
  upstream_timeout: row(504, 'upstream', 'Gateway Timeout', 'The application did not answer in time.'),
} as const satisfies Record<string, Row>;

export type ProblemCode = keyof typeof PROBLEMS;

export interface ProblemOptions {
  /** A plain sentence for the client; never a path, an address or a secret. */
  readonly detail?: string;
  /** Extra response header pairs, e.g. `['Allow', 'GET, HEAD']`. */
  readonly headers?: readonly string[];
  /** Extra members of the problem document. */
  readonly members?: Readonly<Record<string, unknown>>;
  /** RFC 9457 `type`; `about:blank` when absent. */
  readonly type?: string;
  /** What really happened: to the redacted log, never to the client. */
  readonly cause?: unknown;
  /** The connection can't carry another message (RFC 9112 §9.6). */
  readonly close?: boolean;
}

/** A refusal or failure with a stable `code`. Callers switch on the code, never on the message. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly status: number;
  readonly source: Source;
  readonly options: ProblemOptions;

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    super(
      options.detail ?? PROBLEMS[code].detail,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = 'Problem';
    this.code = code;
    this.status = PROBLEMS[code].status;
    this.source = PROBLEMS[code].source;
    this.options = options;
  }

  /** Anything thrown becomes a Problem; what we did not expect is `internal`. */
  static from(thrown: unknown): Problem {
    return thrown instanceof Problem ? thrown : new Problem('internal', { cause: thrown });
  }
}

export interface Rendered {
  readonly headers: HeaderBlock;
  readonly body: string;
}

/** The problem document, or a small page for a browser that asks for `text/html` first. */
export function render(
  problem: Problem,
  correlationId: string,
  accept: string | undefined,
  now: number,
  status = problem.status,
): Rendered {
  const { options } = problem;
  const row: Row = PROBLEMS[problem.code];
  const title = status === problem.status ? row.title : (http.STATUS_CODES[status] ?? row.title);
  const headers = new HeaderBlock();
  const html = accept !== undefined && /^\s*(text\/html|application\/xhtml\+xml)\b/i.test(accept);
  const body = html
    ? page(title, problem.message, problem.code, correlationId, status)
    : JSON.stringify({
        type: options.type ?? 'about:blank',
        title,
        status,
        detail: problem.message,
        code: problem.code,
        correlation_id: correlationId,
        timestamp: new Date(now).toISOString(),
        ...options.members,
      });
  headers.append('Content-Type', html ? 'text/html; charset=utf-8' : 'application/problem+json');
  headers.append('Cache-Control', 'no-store');
  const extra = options.headers ?? [];
  for (let i = 0; i < extra.length; i += 2) headers.append(extra[i] as string, extra[i + 1] as string);
  if (row.retryAfter !== undefined && !headers.has('retry-after'))
    headers.append('Retry-After', String(row.retryAfter));
  return { headers, body };
}

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (char) => ESCAPES[char] as string);

function page(title: string, detail: string, code: string, correlationId: string, status: number): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${status} ${escapeHtml(title)}</title><h1>${status} ${escapeHtml(title)}</h1><p>${escapeHtml(detail)}</p><p>Code: <code>${code}</code><br>Correlation id: <code>${escapeHtml(correlationId)}</code></p></html>\n`;
}
