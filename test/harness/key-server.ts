/** An identity provider's key set over HTTP, that can be changed, fail or hang, and counts who asks. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export class KeyServer {
  readonly url: string;
  readonly port: number;
  keys: readonly unknown[];
  mode: 'answer' | 'hang' | 'fail' | 'huge' = 'answer';
  /** Times on the monotonic clock. */
  readonly asked: number[] = [];
  private readonly server: Server;

  private constructor(server: Server, keys: readonly unknown[]) {
    this.server = server;
    this.keys = keys;
    this.port = (server.address() as AddressInfo).port;
    this.url = `http://127.0.0.1:${this.port}/jwks.json`;
    server.on('request', (_request, response) => {
      this.asked.push(performance.now());
      if (this.mode === 'hang') return;
      if (this.mode === 'fail') response.writeHead(500).end('no');
      else if (this.mode === 'huge')
        response.end(JSON.stringify({ keys: this.keys, padding: 'x'.repeat(200_000) }));
      else
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ keys: this.keys }));
    });
  }

  static async start(keys: readonly unknown[]): Promise<KeyServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new KeyServer(server, keys);
  }

  /** Gone: connections are refused until `listen`. */
  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
  }
}
