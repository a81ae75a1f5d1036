/** What the admin port answers with: JSON, text or a problem document (RFC 9457), never cached, never sniffed. */
import type { ServerResponse } from 'node:http';
import { http } from '../core/node-http.ts';

export interface AdminReply {
  readonly status: number;
  readonly type: string;
  /** A function takes the response over once the head is written, and ends it. */
  readonly body: string | Buffer | ((response: ServerResponse) => void);
  /** May replace the defaults below, e.g. the policy of a page. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A refusal of the admin port; thrown by handlers, rendered in one place. `detail` is safe to show. */
export class AdminProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.name = 'AdminProblem';
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

const DEFAULTS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

export function json(status: number, value: unknown): AdminReply {
  return { status, type: 'application/json', body: `${JSON.stringify(value)}\n` };
}

/** `now` in milliseconds since the epoch. */
export function problemReply(problem: AdminProblem, correlationId: string, now: number): AdminReply {
  const body = JSON.stringify({
    type: 'about:blank',
    title: http.STATUS_CODES[problem.status] ?? 'Error',
    status: problem.status,
    detail: problem.message,
    code: problem.code,
    correlation_id: correlationId,
    timestamp: new Date(now).toISOString(),
  });
  return {
    status: problem.status,
    type: 'application/problem+json',
    body: `${body}\n`,
    headers: problem.headers,
  };
}

export function send(response: ServerResponse, reply: AdminReply, correlationId: string): void {
  const headers: Record<string, string | number> = {
    ...DEFAULTS,
    'Content-Type': reply.type,
    'X-Correlation-ID': correlationId,
    ...reply.headers,
  };
  const { body } = reply;
  if (typeof body !== 'function') headers['Content-Length'] = Buffer.byteLength(body);
  response.writeHead(reply.status, headers);
  if (typeof body === 'function') body(response);
  else response.end(body);
}

/** The same problem document for a request that never became one: written straight to the socket. */
export function rawProblem(problem: AdminProblem, correlationId: string, now: number): string {
  const { body } = problemReply(problem, correlationId, now);
  const text = body as string;
  const head = Object.entries({
    ...DEFAULTS,
    'Content-Type': 'application/problem+json',
    'X-Correlation-ID': correlationId,
    'Content-Length': String(Buffer.byteLength(text)),
    Connection: 'close',
  })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  return `HTTP/1.1 ${problem.status} ${http.STATUS_CODES[problem.status]}\r\n${head}\r\n${text}`;
}
