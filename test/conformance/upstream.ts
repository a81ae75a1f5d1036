/** The app's place: a raw TCP server that records every byte and answers with given bytes, at given times. */
import { createServer, type Server, type Socket } from 'node:net';
import { holds, type Step, speak } from './bytes.ts';
import { type Body, type Fields, readBody, readHead } from './message.ts';

export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** The answer to one request. `message` (the default) waits for the whole request, `head` for its head. */
export type Answer = string | { at?: 'connect' | 'head' | 'message'; steps: readonly Step[] };

export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly fields: Fields;
  readonly framing: Body['framing'];
  readonly body: Buffer;
  readonly trailers: Fields;
  readonly complete: boolean;
  /** Offset in the connection's bytes. */
  readonly endsAt: number;
}

export class Connection {
  readonly socket: Socket;
  bytes: Buffer = Buffer.alloc(0);
  /** What a strict reader makes of the bytes, in order. */
  requests: SeenRequest[] = [];
  /** Why the bytes are not a sequence of requests. */
  fault = '';
  /** The socket carries a 101's tunnel from this byte on. */
  tunnelAt = -1;
  end: 'open' | 'fin' | 'rst' | 'closed' = 'open';
  answered = 0;
  started = 0;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  get tunnel(): Buffer {
    return this.tunnelAt < 0 ? Buffer.alloc(0) : this.bytes.subarray(this.tunnelAt);
  }

  /** Reads all requests anew: cases are small, and this can't get out of step. */
  read(): void {
    this.requests = [];
    let at = 0;
    try {
      while (at < this.bytes.length && (this.tunnelAt < 0 || at < this.tunnelAt)) {
        const head = readHead(this.bytes, at);
        if (!head) return;
        const match = /^([!-~]+) ([!-\xff]+) (HTTP\/1\.[01])$/.exec(head.line);
        if (!match) throw new Error(`request line ${JSON.stringify(head.line)}`);
        const read = readBody(this.bytes, at + head.length, head.fields, false, true);
        this.requests.push({
          method: match[1] as string,
          target: match[2] as string,
          version: match[3] as string,
          fields: head.fields,
          framing: read.framing,
          body: read.bytes,
          trailers: read.trailers,
          complete: read.complete,
          endsAt: at + head.length + read.length,
        });
        at += head.length + read.length;
        if (!read.complete) return;
      }
    } catch (thrown) {
      this.fault = (thrown as Error).message;
    }
  }
}

export class Upstream {
  readonly port: number;
  connections: Connection[] = [];
  /** Most requests under way at one instant. */
  peak = 0;
  private readonly server: Server;
  private answers: readonly Answer[] = [];
  private taken = 0;

  private constructor(server: Server, port: number) {
    this.server = server;
    this.port = port;
    server.on('connection', (socket) => this.accept(socket));
  }

  static async start(): Promise<Upstream> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    return new Upstream(server, typeof address === 'object' && address ? address.port : 0);
  }

  /** The n-th request from now on gets the n-th answer; those after the last get 200 `ok`. */
  async script(answers: readonly Answer[]): Promise<void> {
    await this.settle();
    this.connections = [];
    this.answers = answers;
    this.taken = 0;
    this.peak = 0;
  }

  get requests(): SeenRequest[] {
    return this.connections.flatMap((connection) => connection.requests);
  }

  /** Everything received, readable in a failure message. */
  get log(): string {
    return this.connections
      .map(
        (c, i) =>
          `#${i} [${c.end}${c.fault && `, ${c.fault}`}] ${JSON.stringify(c.bytes.toString('latin1', 0, 2000))}`,
      )
      .join('\n');
  }

  get active(): number {
    return this.connections.filter((c) => c.end === 'open' && c.started > c.answered).length;
  }

  /** Listens again on the same port after `stop`. */
  async restart(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    if (!this.server.listening) return;
    for (const connection of this.connections) connection.socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Ends what is left of the last case, so that its sockets can't carry the next one. */
  private async settle(): Promise<void> {
    const open = this.connections.filter((c) => !c.socket.destroyed);
    for (const connection of open) connection.socket.end();
    const done = await holds(() => open.every((c) => c.socket.destroyed), 300);
    if (!done) for (const connection of open) connection.socket.destroy();
  }

  private accept(socket: Socket): void {
    const connection = new Connection(socket);
    this.connections.push(connection);
    socket.on('data', (chunk) => {
      connection.bytes = Buffer.concat([connection.bytes, chunk]);
      if (connection.tunnelAt < 0) this.advance(connection);
    });
    socket.on('end', () => {
      if (connection.end === 'open') connection.end = 'fin';
      if (!socket.writableEnded) socket.end();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      connection.end = error.code === 'ECONNRESET' ? 'rst' : 'closed';
    });
    socket.on('close', () => {
      if (connection.end === 'open') connection.end = 'closed';
    });
    const first = this.answers[this.taken];
    if (typeof first === 'object' && first.at === 'connect') {
      this.taken++;
      connection.started++;
      void this.answer(connection, first.steps);
    }
  }

  private advance(connection: Connection): void {
    connection.read();
    const request = connection.requests[connection.started];
    if (!request) return;
    const next = this.answers[this.taken];
    const early = typeof next === 'object' && next.at === 'head';
    if (!request.complete && !early) return;
    this.taken++;
    connection.started++;
    this.peak = Math.max(this.peak, this.active);
    const steps = next === undefined ? [OK] : typeof next === 'string' ? [next] : next.steps;
    if (steps.some((step) => typeof step === 'string' && step.startsWith('HTTP/1.1 101')))
      connection.tunnelAt = request.endsAt;
    void this.answer(connection, steps).then(() => {
      if (connection.tunnelAt < 0) this.advance(connection);
    });
  }

  private async answer(connection: Connection, steps: readonly Step[]): Promise<void> {
    await speak(connection.socket, steps, () => connection.bytes.toString('latin1'));
    connection.answered++;
  }
}
