/** Writes one Reply to an HTTP/1.1 client through Node's own response, with back-pressure and a bound on deaf clients. */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Lifecycle } from '../../core/lifecycle.ts';
import type { BodySink, BodySource, Outcome, Reply, Responder } from '../exchange.ts';
import type { HeaderBlock } from '../header-block.ts';
import { headText } from './head-text.ts';
import type { Http1Body } from './http1-body.ts';
import { lingeringClose } from './linger.ts';

export interface ResponderOptions {
  /** Milliseconds in which the client must take at least one byte. */
  readonly writeTimeout: number;
  readonly lifecycle: Lifecycle;
}

export class Http1Responder implements Responder, BodySink {
  /** The head is on its way: nothing else can be answered any more. */
  started = false;
  private readonly request: IncomingMessage;
  private readonly response: ServerResponse;
  private readonly socket: Socket;
  private readonly body: Http1Body | undefined;
  private readonly options: ResponderOptions;
  private readonly done: (outcome: Outcome) => void;
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
    done: (outcome: Outcome) => void,
  ) {
    this.request = request;
    this.response = response;
    this.socket = request.socket;
    this.body = body;
    this.options = options;
    this.done = done;
  }

  /** Informational responses go ahead of the head; HTTP/1.0 has none (RFC 9110 §15.2). */
  interim(status: number, headers: HeaderBlock): void {
    if (this.started || this.request.httpVersionMinor === 0) return;
    this.socket.write(headText(status, '', headers), 'latin1');
  }

  send(reply: Reply): void {
    const { response, body } = this;
    const unread = body !== undefined && !body.complete && !body.discardable;
    // Node's parser drops what followed an upgrade that is ignored: the client must not wait for answers to it.
    const ignored = this.request.headers.upgrade !== undefined;
    if (unread || ignored || reply.close || this.options.lifecycle.draining) {
      reply.headers.append('Connection', 'close');
      if (unread) this.socket.destroySoon = () => lingeringClose(this.socket);
    }
    this.started = true;
    this.status = reply.status;
    response.once('finish', this.onFinish);
    const whole = typeof reply.body === 'string' || Buffer.isBuffer(reply.body);
    if (whole) reply.headers.set('Content-Length', String(Buffer.byteLength(reply.body as string)));
    else if (reply.body === undefined && needsLength(reply, this.request.method))
      reply.headers.set('Content-Length', '0');
    this.writeHead(reply);
    if (reply.body === undefined || this.request.method === 'HEAD') {
      if (!whole && reply.body !== undefined) (reply.body as BodySource).cancel();
      response.end();
    } else if (whole) {
      this.bytesOut = Buffer.byteLength(reply.body as string);
      response.end(reply.body as string);
    } else this.stream(reply.body as BodySource);
  }

  private writeHead(reply: Reply): void {
    const { response } = this;
    response.statusMessage = reply.reason || (STATUS_CODES[reply.status] ?? 'Unknown');
    response.writeHead(reply.status, reply.headers.list);
  }

  private stream(source: BodySource): void {
    this.source = source;
    this.response.on('drain', this.onDrain);
    source.flow(this);
    // A head without its first bytes must not wait for them (SSE); with them it goes out in one write.
    if (this.bytesOut === 0 && !this.over && !this.response.writableEnded) this.response.flushHeaders();
  }

  write(chunk: Buffer): void {
    if (this.over) return;
    this.bytesOut += chunk.length;
    if (this.response.write(chunk) || this.stalled) return;
    this.stalled = true;
    this.source?.pause();
    // Node's socket timeout looks at the kernel's progress: it fires only when no byte at all was taken.
    this.socket.setTimeout(this.options.writeTimeout);
  }

  end(trailers?: HeaderBlock): void {
    if (this.over) return;
    if (trailers !== undefined && this.response.chunkedEncoding) {
      const pairs: [string, string][] = [];
      for (let i = 0; i < trailers.list.length; i += 2) {
        pairs.push([trailers.list[i] as string, trailers.list[i + 1] as string]);
      }
      this.response.addTrailers(pairs);
    }
    this.response.end();
  }

  /** The upstream's body was cut: the client must see a broken message, not a short one (RFC 9112 §8). */
  fail(): void {
    if (this.over) return;
    this.end_ = 'upstream_cut';
    setImmediate(() => {
      // To HTTP/1.0 the end of the connection is the end of the body: only a reset says that it was cut.
      if (this.request.httpVersionMinor === 1) this.socket.destroySoon();
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

  private readonly onFinish = (): void => this.finish('complete');

  private finish(end: Outcome['end']): void {
    if (this.over) return;
    this.over = true;
    if (end !== 'complete') this.source?.cancel();
    this.done({ end, status: this.started ? this.status : 499, bytesOut: this.bytesOut });
  }
}

/** A reply of ours or the app's without a body says so, where the status allows a length at all. */
function needsLength(reply: Reply, method: string | undefined): boolean {
  return method !== 'HEAD' && reply.status >= 200 && reply.status !== 204 && reply.status !== 304;
}
