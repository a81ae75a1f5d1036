/** The other end of a DSN: takes real envelopes, reads them, and can be slow, refusing or away. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SentryEvent {
  readonly event_id: string;
  readonly message?: string;
  readonly level?: string;
  readonly release?: string;
  readonly environment?: string;
  readonly fingerprint?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
  readonly exception?: { readonly values: readonly { readonly type: string; readonly value: string }[] };
  readonly contexts?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export type Mood = 'takes' | 'refuses' | 'silent';

export class SentryReceiver {
  readonly dsn: string;
  /** All that arrived, heads included. */
  readonly requests: { readonly path: string; readonly head: string; readonly body: string }[] = [];
  mood: Mood = 'takes';
  private readonly server: http.Server;

  private constructor(server: http.Server, port: number) {
    this.server = server;
    this.dsn = `http://0123456789abcdef0123456789abcdef@127.0.0.1:${port}/42`;
  }

  static async start(): Promise<SentryReceiver> {
    const server = http.createServer((request, response) => receiver.take(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const receiver = new SentryReceiver(server, (server.address() as AddressInfo).port);
    return receiver;
  }

  /** Every event of every envelope, in their order. */
  get events(): SentryEvent[] {
    return this.requests.flatMap(({ body }) => {
      const lines = body.split('\n').filter((line) => line !== '');
      return lines.flatMap((line, i) => {
        const header = i % 2 === 1 ? (JSON.parse(line) as { type?: string }) : {};
        return header.type === 'event' ? [JSON.parse(lines[i + 1] as string) as SentryEvent] : [];
      });
    });
  }

  /** Every byte that arrived, as text. */
  get bytes(): string {
    return this.requests.map(({ path, head, body }) => `${path}\n${head}\n${body}`).join('\n');
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private take(request: http.IncomingMessage, response: http.ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      this.requests.push({
        path: request.url ?? '',
        head: request.rawHeaders.join('\n'),
        body: Buffer.concat(chunks).toString('utf8'),
      });
      if (this.mood === 'silent') return;
      if (this.mood === 'refuses') response.writeHead(429, { 'retry-after': '60' }).end();
      else response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  }
}
