/** An HTTP/2 client over node:http2 (prior knowledge), one call or many on one session. */
import { createHash } from 'node:crypto';
import http2 from 'node:http2';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Body } from './h1.ts';

export interface H2Call {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: http2.OutgoingHttpHeaders;
  readonly body?: Body;
  /** Sends `content-length` along with the body. */
  readonly declareLength?: boolean;
  readonly keep?: boolean;
  readonly onHead?: (stream: http2.ClientHttp2Stream) => void;
}

export interface H2Answer {
  readonly status: number;
  readonly headers: http2.IncomingHttpHeaders;
  readonly body: Buffer;
  readonly length: number;
  readonly sha256: string;
  readonly trailers: http2.IncomingHttpHeaders;
}

export class H2Client {
  readonly session: http2.ClientHttp2Session;

  constructor(port: number) {
    this.session = http2.connect(`http://127.0.0.1:${port}`);
    this.session.on('error', () => undefined);
  }

  open(options: H2Call = {}): http2.ClientHttp2Stream {
    const headers: http2.OutgoingHttpHeaders = {
      ':path': options.path ?? '/',
      ':method': options.method ?? 'GET',
      ...options.headers,
    };
    if (options.body !== undefined && options.declareLength === true)
      headers['content-length'] = options.body.length;
    return this.session.request(headers, { endStream: options.body === undefined });
  }

  /** Rejects when the stream ends by anything but END_STREAM. */
  async call(options: H2Call = {}): Promise<H2Answer> {
    const stream = this.open(options);
    stream.setTimeout(60_000, () => stream.close(http2.constants.NGHTTP2_CANCEL));
    let trailers: http2.IncomingHttpHeaders = {};
    stream.on('trailers', (fields) => {
      trailers = fields;
    });
    const answered = new Promise<http2.IncomingHttpHeaders>((resolve, reject) => {
      stream.once('response', resolve).once('error', reject);
      stream.once('close', () => reject(new Error(`stream closed with code ${stream.rstCode}`)));
    });
    const sending = send(stream, options.body);
    sending.catch(() => undefined);
    const headers = await answered;
    options.onHead?.(stream);
    const body = await receive(stream, options.keep ?? true);
    await sending;
    return { status: Number(headers[':status']), headers, trailers, ...body };
  }

  close(): void {
    this.session.destroy();
  }
}

async function send(stream: http2.ClientHttp2Stream, body: Body | undefined): Promise<void> {
  if (body === undefined) return;
  if (Buffer.isBuffer(body)) stream.end(body);
  else await pipeline(Readable.from(body.chunks()), stream);
}

async function receive(stream: http2.ClientHttp2Stream, keep: boolean) {
  const hash = createHash('sha256');
  const kept: Buffer[] = [];
  let length = 0;
  stream.on('data', (chunk: Buffer) => {
    hash.update(chunk);
    length += chunk.length;
    if (keep) kept.push(chunk);
  });
  await new Promise<void>((resolve, reject) => {
    stream.once('end', resolve).once('error', reject);
    stream.once('aborted', () => reject(new Error('stream aborted')));
  });
  if (!stream.closed) await new Promise<void>((resolve) => stream.once('close', () => resolve()));
  if (stream.rstCode !== 0) throw new Error(`stream closed with code ${stream.rstCode}`);
  return { body: Buffer.concat(kept), length, sha256: hash.digest('hex') };
}
