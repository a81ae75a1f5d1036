/** Writes one Reply to an HTTP/1.1 client through Node's own response, with back-pressure and a bound on deaf clients. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Lifecycle } from '../../core/lifecycle.ts';
import {
  type BodySink,
  type BodySource,
  type Ending,
  isStream,
  lengthOf,
  type Outcome,
  type Reply,
  type Responder,
  type WholeBody,
} from '../exchange.ts';
import type { HeaderBlock } from '../header-block.ts';
import { atTurnEnd } from '../turn-end.ts';
import { headText } from './head-text.ts';
import type { Http1Body } from './http1-body.ts';
import { lingeringClose } from './linger.ts';
import { DirectWriter, type ReplyWriter, StandardWriter } from './reply-writer.ts';

export interface ResponderOptions {
  /** Milliseconds in which the client must take at least one byte. */
  readonly writeTimeout: number;
  readonly lifecycle: Lifecycle;
  /** Replies may go straight to the socket. */
  direct: boolean;
  /** What a reply says of the connection, as a value; and of a direct one, as finished lines. */
  readonly keepAlive: string;
  readonly keepAliveLines: string;
  /** The connection is one too many: it ends after its first answer. */
  readonly crowded: boolean;
}

export class Http1Responder implements Responder, BodySink {
  /** The head is on its way: nothing else can be answered any more. */
  started = false;
  /** The connection ends after this reply. */
  last = false;
  private readonly request: IncomingMessage;
  private readonly response: ServerResponse;
  private readonly socket: Socket;
  private readonly body: Http1Body | undefined;
  private readonly options: ResponderOptions;
  private readonly ending: Ending;
  private writer: ReplyWriter | undefined = undefined;
  private source: BodySource | undefined = undefined;
  private end_: Outcome['end'] = 'complete';
  private status = 499;
  private bytesOut = 0;
  private stalled = false;
  private over = false;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    body: Http1Body | undefined,
    options: ResponderOptions,
    ending: Ending,
  ) {
    this.request = request;
    this.response = response;
    this.socket = request.socket;
    this.body = body;
    this.options = options;
    this.ending = ending;
  }

  /** Informational responses go ahead of the head; HTTP/1.0 has none (RFC 9110 §15.2). */
  interim(status: number, headers: HeaderBlock): void {
    if (this.started || this.request.httpVersionMinor === 0) return;
    this.socket.write(headText(status, '', headers), 'latin1');
  }

  send(reply: Reply): void {
    const { body } = this;
    const unread = body !== undefined && !body.complete && !body.discardable;
    // Node's parser drops what followed an upgrade that is ignored: the client must not wait for answers to it.
    const ignored = this.request.headers.upgrade !== undefined;
    const { crowded, lifecycle } = this.options;
    const last = unread || ignored || reply.close || crowded || lifecycle.draining;
    if (last) reply.headers.append('Connection', 'close');
    this.last = last || !this.response.shouldKeepAlive;
    // What the client still sends, pipelined or as a body, must not turn our end into a reset (RFC 9112 §9.6).
    if (this.last) this.socket.destroySoon = () => lingeringClose(this.socket, this.options.writeTimeout);
    this.started = true;
    this.status = reply.status;
    this.writer = this.chooseWriter(last);
    if (reply.body === undefined) this.sendWhole(reply, undefined);
    else if (!isStream(reply.body)) this.sendWhole(reply, reply.body);
    else if (this.request.method === 'HEAD') {
      reply.body.cancel();
      this.sendWhole(reply, undefined);
    } else this.stream(reply, reply.body);
  }

  /** Straight to the socket where the connection goes on and nothing is special about it. */
  private chooseWriter(last: boolean): ReplyWriter {
    const { options, request, response, socket } = this;
    if (
      last ||
      !options.direct ||
      request.httpVersionMinor !== 1 ||
      !response.shouldKeepAlive ||
      response.socket !== socket
    ) {
      response.once('finish', () => this.finish('complete'));
      return new StandardWriter(response, this.last ? undefined : options.keepAlive);
    }
    return new DirectWriter(socket, response, options.keepAliveLines);
  }

  private sendWhole(reply: Reply, body: string | WholeBody | undefined): void {
    // Announced trailers need a chunked body to come with; Node throws on them otherwise (RFC 9110 §6.6.2).
    reply.headers.delete('trailer');
    const head = this.request.method === 'HEAD';
    const length = body === undefined ? undefined : lengthOf(body);
    if (length !== undefined) stateLength(reply, String(length));
    else if (!head && needsLength(reply)) reply.headers.set('Content-Length', '0');
    if (length !== undefined && !head) this.bytesOut = length;
    const sent = head ? undefined : body;
    if (this.writer instanceof DirectWriter) this.handOver(reply, sent);
    else {
      // Node's end() undoes every cork.
      atTurnEnd(() => {
        if (!this.over) this.handOver(reply, sent);
      });
    }
  }

  private handOver(reply: Reply, body: string | WholeBody | undefined): void {
    this.writer?.whole(reply, body);
    this.handedOver();
  }

  private stream(reply: Reply, source: BodySource): void {
    this.source = source;
    if (this.request.httpVersionMinor === 0) reply.headers.delete('trailer');
    this.socket.on('drain', this.onDrain);
    this.writer?.begin(reply);
    source.flow(this);
    // A head without its first bytes must not wait for them (SSE); with them it goes out in one write.
    if (this.bytesOut === 0 && !this.over) this.writer?.flush();
  }

  write(chunk: Buffer): void {
    if (this.over || this.writer === undefined) return;
    this.bytesOut += chunk.length;
    if (this.writer.write(chunk) || this.stalled) return;
    this.stalled = true;
    this.source?.pause();
    // Node's socket timeout looks at the kernel's progress: it fires only when no byte at all was taken.
    this.socket.setTimeout(this.options.writeTimeout);
  }

  get clear(): boolean {
    return this.writer?.clear === true;
  }

  end(trailers?: HeaderBlock): void {
    if (this.over) return;
    this.writer?.end(trailers);
    this.handedOver();
  }

  /** Nothing more will be written: over at once, or when the client has taken it all, which has its bound too. */
  private handedOver(): void {
    if (this.writer instanceof DirectWriter) this.finish('complete');
    else this.boundClient();
  }

  private boundClient(): void {
    if (!this.over && this.socket.writableLength > 0) this.socket.setTimeout(this.options.writeTimeout);
  }

  /** The upstream's body was cut: the client must see a broken message, not a short one (RFC 9112 §8). */
  fail(): void {
    if (this.over) return;
    this.end_ = 'upstream_cut';
    setImmediate(() => {
      // To HTTP/1.0 the end of the connection is the end of the body: only a reset says that it was cut.
      if (this.request.httpVersionMinor === 1) lingeringClose(this.socket, this.options.writeTimeout);
      else this.socket.resetAndDestroy();
    });
  }

  /** The connection is gone. */
  closed(timedOut: boolean): void {
    if (timedOut) this.end_ = 'timeout';
    this.finish(this.end_ === 'complete' ? 'client_gone' : this.end_);
  }

  private readonly onDrain = (): void => {
    if (!this.stalled) return;
    this.stalled = false;
    this.socket.setTimeout(0);
    this.source?.resume();
  };

  private finish(end: Outcome['end']): void {
    if (this.over) return;
    this.over = true;
    if (this.source !== undefined) {
      this.socket.off('drain', this.onDrain);
      if (end !== 'complete') this.source.cancel();
    }
    this.ending.over({ end, status: this.started ? this.status : 499, bytesOut: this.bytesOut });
  }
}

/** A reply of ours or the app's without a body says so, where the status allows a length at all. */
function needsLength(reply: Reply): boolean {
  return reply.status >= 200 && reply.status !== 204 && reply.status !== 304;
}

/** An app's own line stays as it is where it says the same. */
function stateLength({ headers }: Reply, length: string): void {
  if (headers.get('content-length') !== length) headers.set('Content-Length', length);
}
