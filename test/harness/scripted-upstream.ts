/** An app of plain bytes: what it answers to a request head is the test's own, to the last byte. */
import net from 'node:net';

/** `head` is one request's head, as it came. */
export type Script = (head: string, socket: net.Socket) => void;

export class ScriptedUpstream {
  readonly port: number;
  readonly url: string;
  /** `METHOD target` of every request, in order. */
  readonly requests: string[] = [];
  readonly sockets = new Set<net.Socket>();
  private readonly server: net.Server;

  private constructor(server: net.Server) {
    this.server = server;
    this.port = (server.address() as net.AddressInfo).port;
    this.url = `http://127.0.0.1:${this.port}`;
  }

  static async start(script: Script): Promise<ScriptedUpstream> {
    const server = net.createServer({ noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const upstream = new ScriptedUpstream(server);
    server.on('connection', (socket) => upstream.serve(socket, script));
    return upstream;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private serve(socket: net.Socket, script: Script): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => undefined);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end + 4);
        text = text.slice(end + 4);
        this.requests.push(/^\S+ \S+/.exec(head)?.[0] ?? head);
        script(head, socket);
      }
    });
  }
}

/** A whole response. */
export const ok = (body: string, fields = ''): string =>
  `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;

/** One line of railguard's metrics; NaN when it is not there. */
export async function metric(adminPort: number, line: string): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${adminPort}/metrics`, { headers: { connection: 'close' } });
  const found = (await answer.text()).split('\n').find((text) => text.startsWith(`${line} `));
  return Number(found?.slice(line.length));
}
