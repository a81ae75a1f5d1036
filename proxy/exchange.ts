/** The vocabulary of the data plane: one Exchange a request, one Reply, one Filter interface. */
import type { HeaderBlock } from './header-block.ts';
import type { TokenFacts } from './identity/claims.ts';
import type { Problem } from './problem.ts';
import type { Decision } from './stores/gcra.ts';

export type Maybe<T> = T | undefined | Promise<T | undefined>;

/** One filter, one file, named for the thing. See ARCHITECTURE.md, "The chain". */
export interface Filter {
  readonly name: string;
  /** Way in: a Reply answers, a thrown Problem refuses, undefined passes. */
  request?(x: Exchange): Maybe<Reply>;
  /** Way out, reversed, for each filter entered; edits the head, never replaces the Reply. */
  response?(x: Exchange, reply: Reply): void;
  /** Last byte out, tunnel closed, or client gone; once; never throws. */
  finish?(x: Exchange, outcome: Outcome): void;
}

/** Where a body comes from. Bytes flow only after `flow`, and stop while paused. */
export interface BodySource {
  /** Declared length in bytes; -1 when only the end of the stream tells. */
  readonly length: number;
  /** Starts the flow; called at most once. */
  flow(sink: BodySink): void;
  pause(): void;
  resume(): void;
  /** The consumer wants no more: the source lets go of its transport, or discards what still comes. */
  cancel(): void;
}

/** Where a body goes. After `end` or `fail` nothing more comes. */
export interface BodySink {
  /** The chunk belongs to the sink from here on, save as `clear` says. The sink pauses and resumes the source itself. */
  write(chunk: Buffer): void;
  /** True when all that was written has left: its memory may be used again. */
  readonly clear?: boolean;
  end(trailers?: HeaderBlock): void;
  /** The source broke before its end; the message must not look complete (RFC 9112 §8). */
  fail(problem: Problem): void;
}

export type Version = '1.0' | '1.1' | '2';

export interface RequestHead {
  /** An upgrade is a WebSocket handshake; it goes down the same chain. */
  readonly kind: 'http' | 'upgrade';
  readonly version: Version;
  readonly method: string;
  /** The target's bytes as received: what the upstream gets. */
  readonly target: string;
  /** The one path every decision uses: decoded once, dot segments resolved. Never forwarded. */
  readonly path: string;
  /** The path can be read two ways; path-policy refuses it. */
  readonly ambiguous: boolean;
  /** Host or :authority as received; empty when absent. */
  readonly authority: string;
  readonly headers: HeaderBlock;
  body: BodySource | undefined;
  /** The message is broken beyond repair: well-formed refuses it with this. */
  readonly fault?: Problem | undefined;
}

export interface Client {
  /** Address of the client, normalised (v4-mapped as v4). */
  readonly address: string;
  /** Address of the TCP peer. */
  readonly peer: string;
  readonly scheme: 'http' | 'https';
  /** Host as the client saw it. */
  readonly host: string;
  /** The peer may speak for the client (TRUSTED_PROXIES). */
  readonly trusted: boolean;
  /** Lines of the head for the app that are the same in all of this client's exchanges; kept here by forward. */
  lines?: string;
}

export interface Trace {
  readonly traceparent: string;
  readonly tracestate: string | undefined;
}

/** Who the client is, once a credential was verified. Written by jwt alone. */
export interface Identity {
  readonly subject: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** One request on its way through the chain. Each field has one writer. */
export class Exchange {
  readonly request: RequestHead;
  readonly client: Client;
  /** Milliseconds on the monotonic clock. */
  readonly startedAt: number;
  /** Written by correlation. */
  requestId = '';
  /** The request id was made here. Written by correlation. */
  ownId = false;
  /** Written by correlation. */
  trace: Trace | undefined = undefined;
  identity: Identity | undefined = undefined;
  /** The token that was verified; it may name no subject. Written by jwt alone. */
  token: TokenFacts | undefined = undefined;
  /** Fingerprint of the API key that was presented. Written by jwt alone. */
  keyId: string | undefined = undefined;
  /** Name of the session the request belongs to. Written by session alone. */
  session: string | undefined = undefined;
  /** What the rate limit said of this request. Written by rate-limit alone. */
  rate: Decision | undefined = undefined;
  /** Route template, or `other`: a bounded set, fit for a metric label. */
  endpoint = 'other';
  /** Header pairs that railguard itself sends upstream; forward/headers adds them last. */
  readonly upstreamHeaders: string[] = [];
  /** Written by forward: milliseconds from the request's hand-over to the response head; -1 before. */
  upstreamMs = -1;
  /** Written by the listener: the connection is one too many, and only the health path is answered on it. */
  crowded = false;
  /** Written by the listener: body bytes received so far. */
  bytesIn = 0;
  /** Written by the walk when the chain refused or the forward failed. */
  problem: Problem | undefined = undefined;
  /** True once the client is gone; forward stops for it. */
  gone = false;
  /** The call to the app that is under way; written by forward, cancelled once when the client goes. */
  call: Cancellable | undefined = undefined;
  /** Who sends the reply; written by the walk. */
  responder: Responder | undefined = undefined;
  /** How many filters were entered: the way back starts there. Written by the walk. */
  entered = 0;

  constructor(request: RequestHead, client: Client, startedAt: number) {
    this.request = request;
    this.client = client;
    this.startedAt = startedAt;
  }

  /** The client went away: called by the listener, once. */
  abandon(): void {
    if (this.gone) return;
    this.gone = true;
    const { call } = this;
    this.call = undefined;
    call?.cancel();
  }
}

/** Something under way that nobody wants any more. */
export interface Cancellable {
  cancel(): void;
}

/** A body that is all there, as text of which each char is one byte: it can be written in one string with its head. */
export class WholeBody {
  readonly latin1: string;

  constructor(latin1: string) {
    this.latin1 = latin1;
  }

  /** In bytes. */
  get length(): number {
    return this.latin1.length;
  }

  get bytes(): Buffer {
    return Buffer.from(this.latin1, 'latin1');
  }
}

/** The bytes of a body that is all there; text as UTF-8. */
export const bytesOf = (body: string | WholeBody): Buffer =>
  typeof body === 'string' ? Buffer.from(body) : body.bytes;

/** How many they are. */
export const lengthOf = (body: string | WholeBody): number =>
  typeof body === 'string' ? Buffer.byteLength(body) : body.length;

/** A body that comes bit by bit, and has to be read or cancelled. */
export const isStream = (body: Reply['body']): body is BodySource =>
  body !== undefined && typeof body !== 'string' && !(body instanceof WholeBody);

/** Two raw byte streams to be joined: the upstream's side of a 101. */
export interface Tunnel {
  readonly upstream: import('node:net').Socket;
  /** Bytes that followed the 101's head. */
  readonly first: Buffer;
  /**
   * Lends what the upstream sends from now on, instead of `data`: `take` says of each chunk whether all of it has left,
   * so that its memory may be used again. Absent where the upstream's chunks are its reader's own.
   */
  readonly lend?: ((take: (chunk: Buffer) => boolean) => void) | undefined;
}

/** An answer on its way to the client. Filters edit it in place. */
export class Reply {
  status: number;
  /** Reason phrase of an HTTP/1.1 upstream; empty means the standard one. */
  reason: string;
  readonly headers: HeaderBlock;
  /** Text (as UTF-8) and a whole body are sent with a Content-Length of their own. */
  body: string | WholeBody | BodySource | undefined;
  readonly origin: 'upstream' | 'railguard';
  tunnel: Tunnel | undefined = undefined;
  /** The connection ends after this reply. */
  close = false;

  constructor(
    status: number,
    headers: HeaderBlock,
    body: string | WholeBody | BodySource | undefined,
    origin: 'upstream' | 'railguard',
    reason = '',
  ) {
    this.status = status;
    this.headers = headers;
    this.body = body;
    this.origin = origin;
    this.reason = reason;
  }
}

/** How an exchange ended. */
export interface Outcome {
  readonly end: 'complete' | 'client_gone' | 'upstream_cut' | 'timeout';
  /** Status sent; 499 when the client left before one was. */
  readonly status: number;
  readonly bytesOut: number;
}

/** The listener's side of an exchange: gets one Reply, reports one Outcome. */
export interface Responder {
  send(reply: Reply): void;
  /** An informational response (1xx), ahead of the reply. */
  interim(status: number, headers: HeaderBlock): void;
}

/** Told how an exchange ended, once. */
export interface Ending {
  over(outcome: Outcome): void;
}

/** Waits for the app's answer to an exchange: told once of one of both, unless the call was cancelled. */
export interface Awaiting {
  answered(x: Exchange, reply: Reply): void;
  failed(x: Exchange, problem: unknown): void;
}
