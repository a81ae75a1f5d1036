/** An HTTP/1.1 client over node:http that streams both ways and hashes what comes back. */
import { createHash } from 'node:crypto';
import http from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Where body bytes come from: whole, or a stream of chunks of a known total. */
export type Body = Buffer | { readonly length: number; chunks(): Iterable<Buffer> };

export interface Call {
  readonly port: number;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: Body;
  /** How the body is framed; `length` when absent. */
  readonly framing?: 'length' | 'chunked';
  readonly agent?: http.Agent | false;
  readonly localAddress?: string;
  readonly timeoutMs?: number;
  /** Called once the head is here. */
  readonly onHead?: (response: http.IncomingMessage) => void;
  /** False: only hash and count, for bodies too big to keep. */
  readonly keep?: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly rawHeaders: string[];
  readonly body: Buffer;
  readonly length: number;
  readonly sha256: string;
  readonly trailers: NodeJS.Dict<string>;
}

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Sends one request; rejects when the answer does not arrive whole. */
export async function call(options: Call): Promise<Answer> {
  const { body } = options;
  const headers: http.OutgoingHttpHeaders = { ...options.headers };
  if (body !== undefined) {
    if (options.framing === 'chunked') headers['transfer-encoding'] = 'chunked';
    else headers['content-length'] = body.length;
  }
  const request = http.request({
    host: '127.0.0.1',
    port: options.port,
    path: options.path ?? '/',
    method: options.method ?? 'GET',
    headers,
    agent: options.agent ?? false,
    ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
  });
  request.setTimeout(options.timeoutMs ?? 60_000, () => request.destroy(new Error('no answer in time')));
  const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).once('error', reject);
  });
  const sending = send(request, body);
  sending.catch(() => undefined);
  const response = await answered;
  options.onHead?.(response);
  const answer = await receive(response, options.keep ?? true);
  await sending;
  return answer;
}

async function send(request: http.ClientRequest, body: Body | undefined): Promise<void> {
  if (body === undefined) request.end();
  else if (Buffer.isBuffer(body)) request.end(body);
  else await pipeline(Readable.from(body.chunks()), request);
}

async function receive(response: http.IncomingMessage, keep: boolean): Promise<Answer> {
  const hash = createHash('sha256');
  const kept: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    hash.update(chunk);
    length += chunk.length;
    if (keep) kept.push(chunk);
  }
  return {
    status: response.statusCode as number,
    headers: response.headers,
    rawHeaders: response.rawHeaders,
    body: Buffer.concat(kept),
    length,
    sha256: hash.digest('hex'),
    trailers: response.trailers,
  };
}
