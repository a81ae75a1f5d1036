/** Two ways to put an HTTP/1.1 reply on the wire: through Node's response, or straight to the socket where that is safe and cheaper. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { http } from '../../core/node-http.ts';
import type { Reply, WholeBody } from '../exchange.ts';
import { fieldLines, type HeaderBlock } from '../header-block.ts';
import { holdUntilTurnEnd } from '../turn-end.ts';
import { headText } from './head-text.ts';
import { httpDate } from './http-date.ts';

/** One reply. `false` from write means: hold back until the socket drained. */
export interface ReplyWriter {
  /** A reply that is all there; without a body when that is undefined. */
  whole(reply: Reply, body: string | WholeBody | undefined): void;
  /** The head of a reply whose body follows; it may wait for the first bytes. */
  begin(reply: Reply): void;
  write(chunk: Buffer): boolean;
  /** Has all left that was written? */
  readonly clear: boolean;
  /** Sends a head that still waits. */
  flush(): void;
  end(trailers: HeaderBlock | undefined): void;
}

/** The documented way. Handles what keeps no connection, HTTP/1.0, and everything else. */
export class StandardWriter implements ReplyWriter {
  /** Node may hold what it was given until its next tick. */
  readonly clear = false;
  private readonly response: ServerResponse;
  private readonly keepAlive: string | undefined;

  /** `keepAlive`: how long the connection goes on, as a field value; undefined where it ends. */
  constructor(response: ServerResponse, keepAlive: string | undefined) {
    this.response = response;
    this.keepAlive = keepAlive;
  }

  whole(reply: Reply, body: string | WholeBody | undefined): void {
    this.begin(reply);
    if (body === undefined) this.response.end();
    // Node writes a head in the encoding of the string that follows it; fields are latin1.
    else if (typeof body === 'string') this.response.end(Buffer.from(body));
    else this.response.end(body.latin1, 'latin1');
  }

  begin(reply: Reply): void {
    this.response.statusMessage = reply.reason || (http.STATUS_CODES[reply.status] ?? 'Unknown');
    if (this.keepAlive !== undefined) reply.headers.append('Keep-Alive', this.keepAlive);
    this.response.writeHead(reply.status, reply.headers.list);
  }

  write(chunk: Buffer): boolean {
    return this.response.write(chunk);
  }

  flush(): void {
    // Not flushHeaders(): it writes latin1 fields as UTF-8.
    if (!this.response.writableEnded) this.response.write('', 'latin1');
  }

  end(trailers: HeaderBlock | undefined): void {
    if (trailers !== undefined && this.response.chunkedEncoding) {
      const pairs: [string, string][] = [];
      const { list } = trailers;
      for (let i = 0; i < list.length; i += 2) pairs.push([list[i] as string, list[i + 1] as string]);
      this.response.addTrailers(pairs);
    }
    this.response.end();
  }
}

/** Bodies up to this many bytes travel in one string with their head. */
const JOINED = 16 * 1024;

/**
 * One write a reply. Node goes on with the connection (keep-alive, pipelining) when the response says `finish`,
 * which is not written down anywhere: direct-check.ts tries it at start.
 */
export class DirectWriter implements ReplyWriter {
  private readonly socket: Socket;
  private readonly response: ServerResponse;
  private readonly keepAlive: string;
  private pending = '';
  private chunked = false;

  /** `keepAlive`: the connection's fields, ready to append. */
  constructor(socket: Socket, response: ServerResponse, keepAlive: string) {
    this.socket = socket;
    this.response = response;
    this.keepAlive = keepAlive;
  }

  whole(reply: Reply, body: string | WholeBody | undefined): void {
    const head = this.head(reply, false);
    holdUntilTurnEnd(this.socket);
    if (body === undefined) this.socket.write(head, 'latin1');
    else if (typeof body === 'string')
      this.socket.write(Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)]));
    else this.socket.write(head + body.latin1, 'latin1');
    this.finish();
  }

  begin(reply: Reply): void {
    this.chunked = !reply.headers.has('content-length');
    this.pending = this.head(reply, this.chunked);
  }

  write(chunk: Buffer): boolean {
    if (chunk.length === 0) return true;
    const { pending } = this;
    this.pending = '';
    if (!this.chunked) return pending === '' ? this.socket.write(chunk) : this.join(pending, chunk);
    const { socket } = this;
    socket.cork();
    socket.write(`${pending}${chunk.length.toString(16)}\r\n`, 'latin1');
    socket.write(chunk);
    const flowing = socket.write('\r\n', 'latin1');
    socket.uncork();
    return flowing;
  }

  get clear(): boolean {
    return this.socket.writableLength === 0;
  }

  flush(): void {
    if (this.pending !== '') this.socket.write(this.pending, 'latin1');
    this.pending = '';
  }

  end(trailers: HeaderBlock | undefined): void {
    let last = this.pending;
    this.pending = '';
    if (this.chunked) {
      last += `0\r\n${fieldLines(trailers?.list ?? [])}\r\n`;
    }
    if (last !== '') this.socket.write(last, 'latin1');
    this.finish();
  }

  private head(reply: Reply, chunked: boolean): string {
    const { headers } = reply;
    if (!headers.has('date')) headers.append('Date', httpDate());
    return headText(
      reply.status,
      reply.reason,
      headers,
      chunked ? `Transfer-Encoding: chunked\r\n${this.keepAlive}` : this.keepAlive,
    );
  }

  private join(head: string, body: Buffer): boolean {
    const { socket } = this;
    if (body.length <= JOINED) return socket.write(head + body.toString('latin1'), 'latin1');
    socket.cork();
    socket.write(head, 'latin1');
    const flowing = socket.write(body);
    socket.uncork();
    return flowing;
  }

  private finish(): void {
    this.response.finished = true;
    this.response.emit('finish');
  }
}
