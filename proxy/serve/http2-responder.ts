/** Writes one Reply to an HTTP/2 stream: no connection fields, no reason phrase, trailers as trailers (RFC 9113 §8). */
import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import {
  type BodySink,
  type BodySource,
  bytesOf,
  isStream,
  lengthOf,
  type Outcome,
  type Reply,
  type Responder,
} from '../exchange.ts';
import { fieldObject, type HeaderBlock, lowerName } from '../header-block.ts';
import { INTERNAL_ERROR, NO_ERROR } from '../http2-codes.ts';
import type { Http2Body } from './http2-body.ts';
import { malformed } from './request-head.ts';

/** RFC 9113 §8.2.2. */
const CONNECTION_FIELDS = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** Milliseconds between looks at a stream whose client has not taken everything. */
const CLOSED_CHECK = 1000;

export interface Http2ResponderOptions {
  /** Milliseconds in which the client must take at least one byte. */
  readonly writeTimeout: number;
  /** Milliseconds for the whole request body. */
  readonly bodyTimeout: number;
}

export class Http2Responder implements Responder, BodySink {
  private readonly stream: ServerHttp2Stream;
  private readonly method: string;
  private readonly options: Http2ResponderOptions;
  private readonly done: (outcome: Outcome) => void;
  private source: BodySource | undefined = undefined;
  private body: Http2Body | undefined = undefined;
  private bodyTimer: NodeJS.Timeout | undefined = undefined;
  private writeTimer: NodeJS.Timeout | undefined = undefined;
  private trailers: HeaderBlock | undefined = undefined;
  private status = 499;
  private bytesOut = 0;
  private stalled = false;
  private ended = false;
  private end_: Outcome['end'] = 'client_gone';
  private over = false;

  constructor(
    stream: ServerHttp2Stream,
    method: string,
    options: Http2ResponderOptions,
    done: (outcome: Outcome) => void,
  ) {
    this.stream = stream;
    this.method = method;
    this.options = options;
    this.done = done;
    stream.on('error', () => undefined);
    stream.on('drain', () => this.onDrain());
    stream.once('close', () => this.closed());
    // A stream the client reset, with bytes in it that nobody reads, would never say `close`.
    stream.once('aborted', () => {
      if (this.end_ === 'client_gone') stream.destroy();
    });
  }

  /** The request body breaks with its stream, and may not take for ever. */
  watch(body: Http2Body): void {
    this.body = body;
    this.stream.once('aborted', () => body.fail(malformed('The request body ended early.')));
    this.bodyTimer = setTimeout(() => body.expire(), this.options.bodyTimeout);
    this.bodyTimer.unref();
  }

  interim(status: number, headers: HeaderBlock): void {
    if (this.status !== 499 || this.stream.destroyed || this.stream.closed) return;
    this.stream.additionalHeaders({ ':status': status, ...fieldObject(headers) });
  }

  send(reply: Reply): void {
    if (this.stream.destroyed || this.stream.closed) {
      if (isStream(reply.body)) reply.body.cancel();
      this.stream.destroy();
      return;
    }
    this.status = reply.status;
    const { body } = reply;
    // RFC 9110 §15.3.6: a 205 has no content, and Node ends its stream with the head.
    if (reply.status === 205) reply.headers.delete('content-length');
    if (reply.status === 205 || body === undefined || this.method === 'HEAD') this.headOnly(reply);
    else if (isStream(body)) this.streaming(reply, body);
    else this.whole(reply, bytesOf(body));
  }

  private whole(reply: Reply, body: Buffer): void {
    reply.headers.set('content-length', String(body.length));
    this.respond(reply, false, false);
    this.bytesOut = body.length;
    this.stream.end(body);
    this.ended = true;
    this.boundClient();
  }

  private headOnly(reply: Reply): void {
    const { body } = reply;
    if (isStream(body)) body.cancel();
    else if (body !== undefined && reply.status !== 205)
      reply.headers.set('content-length', String(lengthOf(body)));
    this.respond(reply, true, false);
    this.ended = true;
  }

  private streaming(reply: Reply, body: BodySource): void {
    this.source = body;
    this.respond(reply, false, true);
    this.stream.once('wantTrailers', () => this.sendTrailers());
    body.flow(this);
  }

  private respond(reply: Reply, endStream: boolean, waitForTrailers: boolean): void {
    const { list } = reply.headers;
    const fields: string[] = [':status', String(reply.status)];
    for (let i = 0; i < list.length; i += 2) {
      const name = lowerName(list[i] as string);
      if (!CONNECTION_FIELDS.has(name) && (name !== 'trailer' || waitForTrailers))
        fields.push(name, list[i + 1] as string);
    }
    this.stream.respond(fields as unknown as OutgoingHttpHeaders, { endStream, waitForTrailers });
  }

  write(chunk: Buffer): void {
    if (this.over || this.stream.destroyed) return;
    this.bytesOut += chunk.length;
    if (this.stream.write(chunk) || this.stalled) return;
    this.stalled = true;
    this.source?.pause();
    this.boundClient();
  }

  /**
   * A window that stays shut holds a request in flight: what was written must move within the bound. Looks often:
   * a stream that is reset with NO_ERROR while bytes wait is closed for Node, and never says so.
   */
  private boundClient(): void {
    clearInterval(this.writeTimer);
    const { stream } = this;
    const { writeTimeout } = this.options;
    let waiting = stream.writableLength;
    let since = performance.now();
    this.writeTimer = setInterval(
      () => {
        const now = performance.now();
        if (stream.closed) stream.destroy();
        else if (stream.writableLength !== waiting) {
          waiting = stream.writableLength;
          since = now;
        } else if (now - since >= writeTimeout) {
          this.end_ = 'timeout';
          this.reset();
        }
      },
      Math.min(CLOSED_CHECK, writeTimeout),
    );
    this.writeTimer.unref();
  }

  end(trailers?: HeaderBlock): void {
    this.trailers = trailers;
    this.ended = true;
    this.stream.end();
    this.boundClient();
  }

  /** The upstream's body was cut: no END_STREAM (RFC 9113 §8.1.1); what came before the cut still goes out. */
  fail(): void {
    this.end_ = 'upstream_cut';
    const reset = (): void => this.reset();
    if (this.stream.writableLength === 0) setImmediate(reset);
    else {
      this.stream.once('drain', reset);
      setTimeout(reset, 500).unref();
    }
  }

  /** A stream that the client has reset meanwhile takes no code any more, and may never say `close`. */
  private reset(): void {
    if (this.stream.closed) this.stream.destroy();
    else this.stream.close(INTERNAL_ERROR);
  }

  private sendTrailers(): void {
    if (this.stream.destroyed) return;
    this.stream.sendTrailers(fieldObject(this.trailers));
  }

  private onDrain(): void {
    if (!this.stalled) return;
    this.stalled = false;
    if (!this.ended) clearInterval(this.writeTimer);
    this.source?.resume();
  }

  private closed(): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.bodyTimer);
    clearInterval(this.writeTimer);
    const complete = this.ended && this.end_ === 'client_gone' && this.stream.rstCode === NO_ERROR;
    if (!complete) {
      this.source?.cancel();
      this.body?.fail(malformed('The request body ended early.'));
    }
    this.done({ end: complete ? 'complete' : this.end_, status: this.status, bytesOut: this.bytesOut });
  }
}
