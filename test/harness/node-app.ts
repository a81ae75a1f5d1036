/** An app of Node's own server, on a port of its own: what it answers is the test's. */
import http, { type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

export class NodeApp {
  readonly url: string;
  private readonly server: http.Server;

  private constructor(server: http.Server) {
    this.server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** `keepAlive`: milliseconds it keeps an idle connection; Node's default when absent. */
  static async start(answer: RequestListener, keepAlive?: number): Promise<NodeApp> {
    const server = http.createServer(answer);
    if (keepAlive !== undefined) server.keepAliveTimeout = keepAlive;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new NodeApp(server);
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
