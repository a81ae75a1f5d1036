/** A client of plain bytes: nothing is tidied on the way out, nothing hidden on the way in. */
import net from 'node:net';
import { until } from './ports.ts';

export interface RawResponse {
  readonly status: number;
  readonly reason: string;
  /** Names and values as they stood on the wire. */
  readonly headers: readonly (readonly [string, string])[];
  /** De-chunked. */
  readonly body: Buffer;
  get(name: string): string | undefined;
}

export class RawClient {
  readonly socket: net.Socket;
  received: Buffer = Buffer.alloc(0);
  /** FIN or reset by the other side. */
  ended = false;
  error: Error | undefined = undefined;

  private constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
    });
    socket.on('end', () => {
      this.ended = true;
    });
    socket.on('close', () => {
      this.ended = true;
    });
    socket.on('error', (error) => {
      this.error = error;
    });
  }

  static connect(port: number, localAddress?: string): Promise<RawClient> {
    const socket = net.connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      allowHalfOpen: true,
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RawClient(socket));
      });
    });
  }

  /** A string goes out as latin1: `\xe9` is one byte. */
  send(bytes: string | Buffer): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Takes the next whole response off the stream; `head`: the request was a HEAD. */
  async response(withinMs = 5000, head = false): Promise<RawResponse> {
    let taken: { response: RawResponse; size: number } | undefined;
    await until(
      `a whole response, got ${JSON.stringify(this.received.toString('latin1').slice(0, 300))}`,
      withinMs,
      () => {
        taken = parse(this.received, this.ended, head);
        return taken !== undefined;
      },
      2,
    );
    const { response, size } = taken as { response: RawResponse; size: number };
    this.received = this.received.subarray(size);
    return response;
  }

  async closed(withinMs: number): Promise<void> {
    await until('the connection is closed', withinMs, () => this.ended, 5);
  }

  close(): void {
    this.socket.destroy();
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }
}

/** Fields of a head without its first line. */
export function fields(head: string): [string, string][] {
  return head
    .split('\r\n')
    .slice(1)
    .filter((line) => line !== '')
    .map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
}

function parse(bytes: Buffer, ended: boolean, head: boolean) {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const text = bytes.toString('latin1', 0, end);
  const line = /^HTTP\/1\.[01] (\d{3}) ?([^\r]*)/.exec(text);
  if (line === null) throw new Error(`not a response: ${text.slice(0, 100)}`);
  const headers = fields(text);
  const get = (name: string) => headers.find(([field]) => field.toLowerCase() === name)?.[1];
  const status = Number(line[1]);
  const start = end + 4;
  const none = head || status < 200 || status === 204 || status === 304;
  const body = none ? { body: Buffer.alloc(0), size: start } : bodyOf(bytes, start, ended, get);
  if (body === undefined) return undefined;
  return { response: { status, reason: line[2] ?? '', headers, body: body.body, get }, size: body.size };
}

function bodyOf(bytes: Buffer, start: number, ended: boolean, get: (name: string) => string | undefined) {
  if (/chunked/i.test(get('transfer-encoding') ?? '')) return chunked(bytes, start);
  const length = get('content-length');
  if (length === undefined) return ended ? { body: bytes.subarray(start), size: bytes.length } : undefined;
  const size = start + Number(length);
  return bytes.length < size ? undefined : { body: bytes.subarray(start, size), size };
}

function chunked(bytes: Buffer, start: number): { body: Buffer; size: number } | undefined {
  const parts: Buffer[] = [];
  let at = start;
  for (;;) {
    const eol = bytes.indexOf('\r\n', at);
    if (eol < 0) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, eol), 16);
    if (size === 0) {
      const last = bytes.indexOf('\r\n\r\n', eol);
      return last < 0 ? undefined : { body: Buffer.concat(parts), size: last + 4 };
    }
    if (bytes.length < eol + 2 + size + 2) return undefined;
    parts.push(bytes.subarray(eol + 2, eol + 2 + size));
    at = eol + 2 + size + 2;
  }
}
