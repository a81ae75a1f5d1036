/** One request's trip to an HTTP/1.1 app: when it is sent, retried, answered, late or lost; the response body on its way down. */
import { performance } from 'node:perf_hooks';
import {
  type Awaiting,
  type BodySink,
  type BodySource,
  type Exchange,
  Reply,
  WholeBody,
} from '../exchange.ts';
import { HeaderBlock } from '../header-block.ts';
import { Problem } from '../problem.ts';
import type { Deadlines, Timed } from './deadlines.ts';
import type { Http1Connection, Served } from './http1-connection.ts';
import type { Http1Pool, Waiter } from './http1-pool.ts';
import { RequestWriter } from './http1-request.ts';
import { passableFields, passableTrailers } from './passable.ts';
import { replyOf } from './reply-of.ts';
import type { ResponseHead } from './response-head.ts';
import { broken, late, lied, type UpstreamOptions, unreachable } from './upstream.ts';

/** Methods that may be sent twice without asking twice (RFC 9110 §9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);
/** Response bytes held for a reply that is not yet being read; past it the socket is paused. */
const HELD_BYTES = 64 * 1024;
const NO_CONNECTION = 'upstream: no connection became free in time';

export class Http1Call implements Served, Waiter, BodySource, Timed {
  deadline = Number.POSITIVE_INFINITY;
  place = -1;
  length = -1;
  private readonly x: Exchange;
  private readonly pool: Http1Pool;
  private readonly options: UpstreamOptions;
  private readonly deadlines: Deadlines;
  private readonly to: Awaiting;
  private connection: Http1Connection | undefined = undefined;
  private reply: Reply | undefined = undefined;
  private resolved = false;
  private over = false;
  private retried = false;
  private readonly writer: RequestWriter;
  private sink: BodySink | undefined = undefined;
  private held: Buffer[] = [];
  /** The body, when it came in one piece with its head: it needs no stream. */
  private whole: WholeBody | undefined = undefined;
  private heldBytes = 0;
  /** Somebody keeps bytes of the read that is under way. */
  private needed = false;
  private paused = false;
  private complete = false;
  private trailers: HeaderBlock | undefined = undefined;
  private failure: Problem | undefined = undefined;
  private startedAt = 0;

  constructor(x: Exchange, to: Awaiting, pool: Http1Pool, options: UpstreamOptions, deadlines: Deadlines) {
    this.x = x;
    this.pool = pool;
    this.options = options;
    this.deadlines = deadlines;
    this.to = to;
    this.writer = new RequestWriter(x, options, this);
  }

  start(): void {
    const now = performance.now();
    this.startedAt = now;
    this.x.call = this;
    this.deadlines.add(this);
    this.wait(now);
  }

  /** For a connection, as long as one may take to open. */
  private wait(now: number): void {
    this.deadline = now + this.options.connectTimeout;
    this.pool.acquire(this, now);
  }

  take(connection: Http1Connection, now: number): void {
    this.connection = connection;
    const { request } = this.x;
    const { connectTimeout, responseTimeout } = this.options;
    this.deadline = now + (connection.connected ? responseTimeout : connectTimeout);
    connection.serve(this, request.method, request.kind === 'upgrade');
    this.writer.send(connection.socket);
  }

  onReady(): void {
    this.awaitHead();
  }

  onDrain(): void {
    this.writer.onDrain();
  }

  /** The request moves on: the response is due from now. */
  awaitHead(): void {
    if (this.reply === undefined) this.deadline = performance.now() + this.options.responseTimeout;
  }

  /** The client's body broke off: the app must not take the part for the whole (RFC 9112 §8). */
  onRequestBroken(problem: Problem): void {
    this.settle(problem);
  }

  // ---- response: what the connection reads

  onInterim(status: number, headers: readonly string[]): void {
    if (status !== 100)
      this.x.responder?.interim(status, new HeaderBlock(passableFields(headers, -1, undefined)));
  }

  onHead(head: ResponseHead): void {
    const { method } = this.x.request;
    const bodiless = method === 'HEAD' || head.status === 204 || head.status === 304;
    this.length = head.length;
    this.reply = replyOf(head);
    this.reply.body = bodiless || head.length === 0 ? undefined : this;
    const now = performance.now();
    this.x.upstreamMs = now - this.startedAt;
    this.deadline = now + this.options.idleTimeout;
  }

  onBody(chunk: Buffer): void {
    if (this.over) return;
    if (this.sink !== undefined) {
      this.sink.write(chunk);
      this.needed ||= this.sink.clear !== true;
      return;
    }
    this.held.push(chunk);
    this.heldBytes += chunk.length;
    if (this.heldBytes > HELD_BYTES) this.connection?.socket.pause();
  }

  onWholeBody(latin1: string): void {
    if (!this.over) this.whole = new WholeBody(latin1);
  }

  onMessageEnd(trailers: string[] | undefined, reusable: boolean): void {
    this.complete = true;
    this.trailers = passableTrailers(trailers);
    const { connection } = this;
    this.connection = undefined;
    const whole = this.writer.sent;
    this.writer.stop();
    if (connection !== undefined && (!reusable || !whole)) connection.destroy();
    if (this.sink !== undefined) this.finish();
  }

  onRead(): boolean {
    const { reply } = this;
    if (reply !== undefined && !this.over) {
      // Not while the reader holds it back: then nothing is due.
      if (!this.resolved) this.answer(reply);
      else if (!this.paused) this.deadline = performance.now() + this.options.idleTimeout;
    }
    const done = !this.needed && this.held.length === 0;
    this.needed = false;
    return done;
  }

  private answer(reply: Reply): void {
    this.resolved = true;
    if (this.whole !== undefined && reply.body === this) reply.body = this.whole;
    if (this.complete && reply.body !== this) this.dispose();
    this.to.answered(this.x, reply);
  }

  onSwitch(head: ResponseHead, rest: Buffer): void {
    const { connection } = this;
    const socket = connection?.socket;
    this.connection = undefined;
    if (socket === undefined || this.over) {
      socket?.destroy();
      return;
    }
    const headers = new HeaderBlock([...head.headers]);
    if (headers.get('upgrade')?.toLowerCase() !== 'websocket') {
      socket.destroy();
      this.settle(lied('switched to a protocol nobody asked for'));
      return;
    }
    const passable = new HeaderBlock(passableFields(head.headers, -1, head.nominated));
    const reply = new Reply(101, passable, undefined, 'upstream', head.reason);
    reply.tunnel = { upstream: socket, first: Buffer.from(rest), lend: connection?.lend };
    this.x.upstreamMs = performance.now() - this.startedAt;
    this.dispose();
    this.answerLater(reply);
  }

  onFault(reason: string): void {
    this.connection = undefined;
    this.settle(lied(reason));
  }

  onLost(connection: Http1Connection, error: Error | undefined): void {
    this.connection = undefined;
    if (this.over) return;
    if (connection.reused && !connection.begun && !this.retried && this.repeatable()) {
      this.retried = true;
      const fresh = this.pool.fresh();
      const now = performance.now();
      if (fresh === undefined) this.wait(now);
      else this.take(fresh, now);
      return;
    }
    const cause = error ?? 'upstream: connection closed';
    this.settle(connection.connected ? broken(cause) : unreachable(cause));
  }

  private repeatable(): boolean {
    return IDEMPOTENT.has(this.x.request.method) && this.x.request.body === undefined;
  }

  // ---- response body: what the reply's reader asks for

  flow(sink: BodySink): void {
    this.sink = sink;
    for (const chunk of this.held) sink.write(chunk);
    this.needed ||= sink.clear !== true;
    this.held = [];
    if (this.failure !== undefined) sink.fail(this.failure);
    else if (this.complete) this.finish();
    else if (!this.paused) this.connection?.socket.resume();
  }

  pause(): void {
    this.paused = true;
    this.deadline = Number.POSITIVE_INFINITY;
    this.connection?.socket.pause();
  }

  resume(): void {
    this.paused = false;
    this.deadline = performance.now() + this.options.idleTimeout;
    this.connection?.socket.resume();
  }

  /** The client is gone, or nobody wants this response. */
  cancel(): void {
    if (this.over) return;
    this.dispose();
    this.connection?.destroy();
    this.connection = undefined;
    this.writer.stop();
  }

  // ---- endings

  expire(): void {
    const connection = this.connection;
    // All connections to the app are in use, and each answers somebody: that is our bound, not the app's fault.
    if (connection === undefined) this.settle(new Problem('overloaded', { cause: NO_CONNECTION }));
    else if (!connection.connected) this.settle(late('no connection in time'));
    // The client's body is still to come: that has a time of its own, and the app is not to blame.
    else if (this.writer.waiting) this.awaitHead();
    else this.settle(late(this.reply === undefined ? 'no response in time' : 'silent for too long'));
  }

  private finish(): void {
    const { sink } = this;
    this.dispose();
    sink?.end(this.trailers);
  }

  private settle(problem: Problem): void {
    if (this.over) return;
    this.dispose();
    const { connection } = this;
    this.connection = undefined;
    connection?.release();
    connection?.destroy();
    this.writer.stop();
    if (this.sink !== undefined) this.sink.fail(problem);
    else if (this.reply === undefined) queueMicrotask(() => this.to.failed(this.x, problem));
    else this.breakOff(this.reply, problem);
  }

  /** The head is there but the body is cut: the reader gets what came, then the failure. */
  private breakOff(reply: Reply, problem: Problem): void {
    this.failure = problem;
    if (this.resolved) return;
    this.resolved = true;
    reply.body = this;
    this.answerLater(reply);
  }

  /** Where whoever waits could meet a socket, or a client, that is half way through something. */
  private answerLater(reply: Reply): void {
    queueMicrotask(() => this.to.answered(this.x, reply));
  }

  private dispose(): void {
    this.over = true;
    this.x.call = undefined;
    this.deadlines.delete(this);
    this.pool.forget(this);
  }
}
