/** One HTTP/1.1 client connection: its exchanges one after the other, however many were pipelined. */

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { Peer } from '../client.ts';
import type { Ending, Exchange, Outcome } from '../exchange.ts';
import { HeaderBlock } from '../header-block.ts';
import type { Problem } from '../problem.ts';
import { endTurn } from '../turn-end.ts';
import { Http1Body } from './http1-body.ts';
import { Http1Responder, type ResponderOptions } from './http1-responder.ts';
import type { LeanRequest } from './lean-request.ts';
import { RawResponder } from './raw-responder.ts';
import { malformed } from './request-head.ts';
import { openExchange, type Serving } from './serving.ts';

/** Pipelined requests parsed ahead; past it the connection is not read (RFC 9112 §9.3.2). */
const PIPELINE_HIGH = 8;
/** What one read may hold beyond that: more is no client we know. */
const PIPELINE_MAX = 1000;

interface Pending {
  readonly request: LeanRequest;
  readonly response: ServerResponse;
  readonly continuing: boolean;
}

interface Current {
  readonly x: Exchange;
  readonly responder: Http1Responder | RawResponder;
  readonly body: Http1Body | undefined;
}

export class Http1Connection implements Ending {
  private readonly socket: Socket;
  private readonly peer: Peer;
  private readonly serving: Serving;
  private readonly responding: ResponderOptions;
  private current: Current | undefined = undefined;
  private readonly queue: Pending[] = [];
  private fault: Problem | undefined = undefined;
  private paused = false;
  /** The last answer of this connection is on its way: what still comes is not looked at. */
  private last = false;
  private timedOut = false;
  /** The next exchange waits until the client has taken what it was sent. */
  private held = false;
  /** Body of the request that was answered last: it may still be coming. */
  private answered: Http1Body | undefined = undefined;

  constructor(socket: Socket, peer: Peer, serving: Serving, responding: ResponderOptions) {
    this.responding = responding;
    this.socket = socket;
    this.peer = peer;
    this.serving = serving;
    socket.on('timeout', () => {
      this.timedOut = true;
    });
    socket.on('close', () => this.closed());
  }

  /** Milliseconds on the monotonic clock since when it waits for a request; Infinity while it answers one. */
  idleSince = performance.now();

  /** Those of the last request: many clients send the same ones again, and what was derived from them still holds. */
  private headers: HeaderBlock | undefined = undefined;

  private headersOf(raw: string[]): HeaderBlock {
    const { headers } = this;
    if (headers !== undefined && sameText(headers.list, raw)) return headers;
    this.headers = new HeaderBlock(raw);
    return this.headers;
  }

  private seen = -1;
  private silentSince = 0;

  /** Has nothing come for `limit` ms, and nothing been answered? Knows what it saw when it was asked before. */
  silent(now: number, limit: number): boolean {
    const { bytesRead } = this.socket;
    if (!this.busy && bytesRead === this.seen) {
      this.headers = undefined;
      this.peer.last = undefined;
      return now - this.silentSince >= limit;
    }
    this.seen = bytesRead;
    this.silentSince = now;
    return false;
  }

  get busy(): boolean {
    return this.current !== undefined || this.queue.length > 0;
  }

  request(request: LeanRequest, response: ServerResponse, continuing: boolean): void {
    if (this.last || this.fault !== undefined) {
      request.resume();
      return;
    }
    if (this.current === undefined && this.queue.length === 0 && !this.socket.writableNeedDrain) {
      this.open(request, response, continuing);
      return;
    }
    this.queue.push({ request, response, continuing });
    if (this.current === undefined) this.hold();
    if (this.queue.length > PIPELINE_MAX) {
      endTurn();
      this.socket.destroy();
    } else if (this.queue.length >= PIPELINE_HIGH && !this.paused) {
      this.paused = true;
      // The parser resumes the socket at each message end: pause after it is through with this read.
      process.nextTick(() => this.paused && this.socket.pause());
    }
  }

  /** A WebSocket handshake: the parser has let go of the socket. */
  upgrade(request: LeanRequest, early: Buffer): void {
    if (this.busy) {
      this.fault = malformed('A connection can not be switched behind other requests.');
      return;
    }
    this.last = true;
    const { socket, serving } = this;
    socket.removeAllListeners('timeout');
    socket.on('error', () => socket.destroy());
    const { options, tunnels } = serving;
    const responder = new RawResponder(socket, early, { ...options, tunnels }, this);
    this.start(request, responder, undefined, 'upgrade');
  }

  /** The parser gave up on what the client sends, or the client was too slow. */
  broken(problem: Problem): void {
    // Answers that this turn holds were given before the connection broke.
    endTurn();
    const { current } = this;
    // The last answer is on its way, and its end within bounds: cutting now could eat it.
    if (this.last) return;
    if (!this.socket.writable) {
      if (current === undefined) this.socket.destroy();
      return;
    }
    if (current === undefined) {
      // The rest of a request that has its answer: another one would be taken for the next request's.
      if (this.answered?.arrived === false) this.socket.destroy();
      else this.answerFault(problem);
      return;
    }
    const { responder, body } = current;
    // Its own bytes are all here, read or not: what is broken comes after them.
    if (body === undefined || body.arrived) {
      this.fault = problem;
      return;
    }
    this.last = true;
    if (responder instanceof Http1Responder && responder.started) this.socket.destroy();
    else body.fail(problem);
  }

  private open(request: LeanRequest, response: ServerResponse, continuing: boolean): void {
    const body = bodyOf(request, continuing ? response : undefined, this.responding.direct);
    const responder = new Http1Responder(request, response, body, this.responding, this);
    this.start(request, responder, body, 'http');
  }

  private start(
    request: LeanRequest,
    responder: Http1Responder | RawResponder,
    body: Http1Body | undefined,
    kind: 'http' | 'upgrade',
  ): void {
    const { serving, peer } = this;
    const x = openExchange(serving, peer, {
      kind,
      version: request.httpVersionMinor === 0 ? '1.0' : '1.1',
      method: request.method ?? '',
      target: request.url ?? '',
      headers: this.headersOf(request.rawHeaders),
      body,
      fault: faultOf(request),
    });
    x.crowded = this.responding.crowded;
    this.current = { x, responder, body };
    serving.walk.start(x, responder);
  }

  /** A message without a readable head still gets the chain's answer: id, headers, log line. */
  private answerFault(fault: Problem): void {
    this.last = true;
    const { socket, serving } = this;
    const { options, tunnels } = serving;
    const responder = new RawResponder(socket, Buffer.alloc(0), { ...options, tunnels }, this);
    const raw = {
      kind: 'http',
      version: '1.1',
      method: '-',
      target: '*',
      headers: new HeaderBlock(),
      body: undefined,
      fault,
    } as const;
    const x = openExchange(serving, this.peer, raw);
    this.current = { x, responder, body: undefined };
    serving.walk.start(x, responder);
  }

  over(outcome: Outcome): void {
    const { current } = this;
    if (current === undefined) return;
    current.x.bytesIn = current.body?.received ?? 0;
    this.current = undefined;
    this.answered = current.body;
    // RFC 9112 §9.6: nothing is processed after the answer that closes.
    if (current.responder instanceof Http1Responder && current.responder.last) this.last = true;
    this.idleSince = performance.now();
    this.serving.walk.finish(current.x, outcome);
    this.next();
  }

  private next(): void {
    if (this.last || this.socket.destroyed) return;
    if (this.queue.length > 0 && this.socket.writableNeedDrain) {
      this.hold();
      return;
    }
    const pending = this.queue.shift();
    // A message that broke while it waited in the queue gets no more of its body.
    if (pending !== undefined && (this.fault === undefined || pending.request.complete)) {
      if (this.paused && this.queue.length < PIPELINE_HIGH) {
        this.paused = false;
        this.socket.resume();
      }
      if ((this.socket.timeout ?? 0) > 0) this.socket.setTimeout(0);
      this.open(pending.request, pending.response, pending.continuing);
    } else if (this.fault !== undefined) this.answerFault(this.fault);
  }

  /** A client that sends and does not read costs no more than one answer beyond what its socket holds. */
  private hold(): void {
    if (this.held) return;
    this.held = true;
    const { socket } = this;
    socket.setTimeout(this.responding.writeTimeout);
    socket.once('drain', () => {
      this.held = false;
      socket.setTimeout(0);
      if (this.current === undefined) this.next();
    });
  }

  private closed(): void {
    this.last = true;
    this.queue.length = 0;
    const { current } = this;
    if (current === undefined) return;
    const { x, body, responder } = current;
    body?.fail(malformed('The request body ended early.'));
    x.abandon();
    responder.closed(this.timedOut);
  }
}

function sameText(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false;
  for (let i = one.length - 1; i >= 0; i--) if (one[i] !== other[i]) return false;
  return true;
}

/** What Node's parser reads although HTTP/1.1 forbids or does not know it (RFC 9112 §2.3, §6.1). */
function faultOf(request: LeanRequest): Problem | undefined {
  const { httpVersion } = request;
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return malformed('This HTTP version is not served.');
  const coding = request.headers['transfer-encoding'];
  if (coding === undefined) return undefined;
  if (httpVersion === '1.0') return malformed('HTTP/1.0 has no Transfer-Encoding.');
  return coding.toLowerCase() === 'chunked'
    ? undefined
    : malformed('The Transfer-Encoding is not one that is understood here.');
}

/** A body is there when the head frames one (RFC 9112 §6.3); the parser has validated the framing. */
function bodyOf(
  request: LeanRequest,
  continuing: ServerResponse | undefined,
  direct: boolean,
): Http1Body | undefined {
  const { 'transfer-encoding': coding, 'content-length': length } = request.headers;
  if (coding !== undefined) return new Http1Body(request, -1, continuing, direct);
  const bytes = Number(length ?? 0);
  return bytes > 0 ? new Http1Body(request, bytes, continuing, direct) : undefined;
}
