/** Writes one request to an HTTP/1.1 app: its head, its framing, its body as it comes, held back when the app is slow. */
import type { Socket } from 'node:net';
import type { BodySink, Exchange } from '../exchange.ts';
import { fieldLines, type HeaderBlock } from '../header-block.ts';
import type { Problem } from '../problem.ts';
import { holdUntilTurnEnd, writeAtTurnEnd } from '../turn-end.ts';
import { plainUpstreamHead, upstreamHead } from './headers.ts';
import { passableTrailers } from './passable.ts';
import type { UpstreamOptions } from './upstream.ts';

export interface RequestEvents {
  /** Body bytes were handed to the socket. */
  awaitHead(): void;
  /** The body ended before its end. */
  onRequestBroken(problem: Problem): void;
}

export class RequestWriter implements BodySink {
  /** The whole request was handed to the socket. */
  sent: boolean;
  private stopped = false;
  private paused = false;
  private socket: Socket | undefined = undefined;
  private readonly chunked: boolean;
  private readonly x: Exchange;
  private readonly options: UpstreamOptions;
  private readonly events: RequestEvents;

  constructor(x: Exchange, options: UpstreamOptions, events: RequestEvents) {
    const { body } = x.request;
    this.x = x;
    this.options = options;
    this.events = events;
    this.sent = body === undefined;
    this.chunked = body !== undefined && body.length < 0;
  }

  /** The app could take more, but the client has not sent it yet. */
  get waiting(): boolean {
    return !this.sent && !this.paused && !this.stopped;
  }

  send(socket: Socket): void {
    const { body } = this.x.request;
    this.socket = socket;
    if (body === undefined) {
      writeAtTurnEnd(socket, this.head());
      return;
    }
    // What is here of a body begins to flow before the turn ends: head and body are one write then.
    holdUntilTurnEnd(socket);
    socket.write(this.head(), 'latin1');
    body.flow(this);
  }

  /** No more of the body is wanted: what the client still sends is discarded. */
  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    if (!this.sent) this.x.request.body?.cancel();
  }

  onDrain(): void {
    if (!this.paused) return;
    this.paused = false;
    if (!this.stopped) this.x.request.body?.resume();
  }

  write(chunk: Buffer): void {
    const { socket } = this;
    if (socket === undefined || this.stopped || chunk.length === 0) return;
    this.events.awaitHead();
    if (this.chunked) socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1');
    let flowing = socket.write(chunk);
    if (this.chunked) flowing = socket.write('\r\n', 'latin1');
    if (flowing || this.paused) return;
    this.paused = true;
    this.x.request.body?.pause();
  }

  end(trailers?: HeaderBlock): void {
    this.sent = true;
    this.events.awaitHead();
    if (this.socket === undefined || this.stopped || !this.chunked) return;
    const passable = passableTrailers(trailers?.list, this.options.fields)?.list ?? [];
    this.socket.write(`0\r\n${fieldLines(passable)}\r\n`, 'latin1');
  }

  fail(problem: Problem): void {
    this.sent = true;
    if (!this.stopped) this.events.onRequestBroken(problem);
  }

  private head(): string {
    const { request } = this.x;
    const { fields, hostHeader, url } = this.options;
    const host = hostHeader === 'upstream' ? url.host : undefined;
    const plain = host === undefined ? plainUpstreamHead(this.x, fields) : undefined;
    if (plain !== undefined) return `${request.method} ${request.target} HTTP/1.1\r\n${plain}\r\n`;
    const { headers } = upstreamHead(this.x, { fields, host, fallbackHost: url.host });
    return `${request.method} ${request.target} HTTP/1.1\r\n${fieldLines(headers)}${this.framing()}\r\n`;
  }

  /** A declared length stands among the fields already. */
  private framing(): string {
    if (this.x.request.kind === 'upgrade') return 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
    return this.chunked ? 'Transfer-Encoding: chunked\r\n' : '';
  }
}
