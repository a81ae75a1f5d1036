/** Envelopes over HTTP with a bound on everything: how many wait, how many connections, how long one may take. */
import http from 'node:http';
import https from 'node:https';
import { createTransport } from '@sentry/node';

type Transport = ReturnType<typeof createTransport>;
type TransportOptions = Parameters<typeof createTransport>[0] & {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
};
type Answer = Awaited<ReturnType<Parameters<typeof createTransport>[1]>>;

const MOST_WAITING = 16;
const MOST_SOCKETS = 2;
/** Milliseconds for one envelope, connecting included. */
const PATIENCE = 5_000;

/** Sentry's own transport waits for ever for an answer; the rate limits that an answer sets are still its affair. */
export function boundedTransport(options: TransportOptions): Transport {
  const url = new URL(options.url);
  const { request, Agent } = url.protocol === 'https:' ? https : http;
  const agent = new Agent({ keepAlive: true, maxSockets: MOST_SOCKETS, timeout: PATIENCE });
  return createTransport(
    { ...options, bufferSize: MOST_WAITING },
    ({ body }) =>
      new Promise<Answer>((resolve, reject) => {
        const headers = { ...options.headers, 'content-length': Buffer.byteLength(body) };
        const sent = request(url, { method: 'POST', agent, headers }, (response) => {
          response.resume();
          response.once('error', () => undefined);
          response.once('close', () => clearTimeout(timer));
          resolve(answerOf(response));
        });
        const timer = setTimeout(() => sent.destroy(new Error('Sentry does not answer')), PATIENCE);
        timer.unref();
        sent.once('error', (error) => {
          clearTimeout(timer);
          reject(error);
        });
        sent.end(body);
      }),
  );
}

function answerOf({ statusCode, headers }: http.IncomingMessage): Answer {
  const limits = headers['x-sentry-rate-limits'];
  return {
    ...(statusCode !== undefined && { statusCode }),
    headers: {
      'retry-after': headers['retry-after'] ?? null,
      'x-sentry-rate-limits': Array.isArray(limits) ? (limits[0] ?? null) : (limits ?? null),
    },
  };
}
