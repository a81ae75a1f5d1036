/** The HTTP/2 side of the public port: Node's own session per connection, one exchange a stream (RFC 9113). */
import type { Http2Server, Http2Session, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Peer } from '../client.ts';
import { HeaderBlock } from '../header-block.ts';
import type { Problem } from '../problem.ts';
import { isFieldValue, isToken } from '../syntax.ts';
import { Http2Body } from './http2-body.ts';
import { Http2Responder } from './http2-responder.ts';
import { malformed } from './request-head.ts';
import { openExchange, type Serving } from './serving.ts';

interface Pseudo {
  method: string;
  target: string;
  authority: string | undefined;
}

/** What a session's connection was. */
interface Origin {
  readonly peer: Peer;
  readonly crowded: boolean;
}

export class Http2Side {
  private readonly serving: Serving;
  private readonly server: Http2Server;
  private readonly sessions = new Set<Http2Session>();
  private readonly origins = new WeakMap<Http2Session, Origin>();

  constructor(serving: Serving) {
    this.serving = serving;
    const { maxHeaders, maxHeaderSize, maxUrlLength, maxHttp2Streams } = serving.options;
    this.server = process.getBuiltinModule('node:http2').createServer({
      // Cookies come one field each: the pair count must not end a session that our own limits would answer.
      maxHeaderListPairs: maxHeaders * 4 + 64,
      maxSessionMemory: 32,
      maxSessionInvalidFrames: 100,
      // An app's repeated Content-Type or ETag goes through as it does over HTTP/1.1; else Node throws.
      strictSingleValueFields: false,
      settings: {
        maxConcurrentStreams: maxHttp2Streams,
        maxHeaderListSize: Math.max(65_535, 2 * (maxHeaderSize + maxUrlLength)),
        initialWindowSize: 1 << 20,
        enablePush: false,
      },
    });
    this.server.on('session', (session) => this.onSession(session));
    this.server.on('stream', (stream, headers, _flags, raw) =>
      this.onStream(stream, headers, raw as unknown as string[]),
    );
    this.server.on('sessionError', () => undefined);
    this.server.on('timeout', () => undefined);
  }

  /** A socket whose first bytes are the HTTP/2 preface, or whose ALPN said h2. `crowded`: it is one too many. */
  adopt(socket: Socket, secure: boolean, crowded: boolean): void {
    socket.setNoDelay(true);
    // HTTP/1 serves a client that has said its last word; an HTTP/2 client that ends its side is gone.
    socket.allowHalfOpen = false;
    this.pending = { peer: this.serving.clients.peer(socket.remoteAddress, secure), crowded };
    this.server.emit('connection', socket);
  }
  private pending: Origin | undefined = undefined;

  /** GOAWAY on every session: streams under way finish. */
  drain(): void {
    for (const session of this.sessions) session.close();
  }

  private onSession(session: Http2Session): void {
    const level = this.serving.core.metrics.connections.h2;
    level.inc();
    this.sessions.add(session);
    if (this.pending !== undefined) this.origins.set(session, this.pending);
    session.setLocalWindowSize?.(1 << 22);
    session.on('error', () => session.destroy());
    // Not as its callback: that is called once, and a session may be busy then.
    session.setTimeout(this.serving.options.keepaliveTimeout);
    session.on('timeout', () => {
      if (!session.destroyed && !this.busy.has(session)) session.close();
    });
    session.once('close', () => {
      level.dec();
      this.sessions.delete(session);
    });
  }
  /** Open exchanges by session: an idle session may be closed, a waiting one not. */
  private readonly busy = new Map<Http2Session, number>();

  private onStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, raw: string[]): void {
    const { session } = stream;
    const origin = session === undefined ? undefined : this.origins.get(session);
    if (session === undefined || origin === undefined || stream.destroyed) {
      stream.on('error', () => undefined);
      stream.destroy();
      return;
    }
    const pseudo: Pseudo = { method: '', target: '', authority: undefined };
    const block = headerBlock(raw, pseudo);
    const declared = headers['content-length'];
    const body = stream.endAfterHeaders
      ? undefined
      : new Http2Body(stream, declared === undefined ? -1 : Number(declared), headers.expect);
    const x = openExchange(this.serving, origin.peer, {
      kind: 'http',
      version: '2',
      method: pseudo.method,
      target: pseudo.target,
      authority: pseudo.authority,
      headers: block,
      body,
      fault: faultOf(pseudo, block, declared, body === undefined),
    });
    this.count(session, 1);
    const responder = new Http2Responder(stream, x.request.method, this.serving.options, (outcome) => {
      this.count(session, -1);
      x.bytesIn = body?.received ?? 0;
      if (outcome.end !== 'complete') x.abandon();
      this.serving.walk.finish(x, outcome);
    });
    if (body !== undefined) responder.watch(body);
    x.crowded = origin.crowded;
    this.serving.walk.start(x, responder);
    if (origin.crowded) session.close();
  }

  private count(session: Http2Session, by: number): void {
    const open = (this.busy.get(session) ?? 0) + by;
    if (open > 0) this.busy.set(session, open);
    else this.busy.delete(session);
  }
}

/** Fields in order, cookie crumbs joined where the first one stood (RFC 9113 §8.2.3); pseudo-fields set aside. */
function headerBlock(raw: string[], pseudo: Pseudo): HeaderBlock {
  const list: string[] = [];
  let cookie = -1;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    if (name.charCodeAt(0) === 58) {
      if (name === ':method') pseudo.method = value;
      else if (name === ':path') pseudo.target = value;
      else if (name === ':authority') pseudo.authority = value;
    } else if (name === 'cookie' && cookie >= 0) list[cookie] += `; ${value}`;
    else {
      if (name === 'cookie') cookie = list.length + 1;
      list.push(name, value);
    }
  }
  return new HeaderBlock(list);
}

/** What would become another message in HTTP/1.1 never gets that far (RFC 9113 §8.2.1, §10.3). */
function faultOf(
  pseudo: Pseudo,
  block: HeaderBlock,
  declared: string | undefined,
  bodiless: boolean,
): Problem | undefined {
  if (!isToken(pseudo.method)) return malformed('The request method is not valid.');
  if (declared !== undefined && !/^\d{1,15}$/.test(declared))
    return malformed('The Content-Length is not valid.');
  if (bodiless && declared !== undefined && Number(declared) > 0)
    return malformed('The Content-Length does not match the body.');
  const { list } = block;
  for (let i = 0; i < list.length; i += 2) {
    if (!isToken(list[i] as string) || !isFieldValue(list[i + 1] as string)) {
      return malformed('A header field is not valid.');
    }
  }
  const te = block.get('te');
  return te === undefined || te.toLowerCase() === 'trailers'
    ? undefined
    : malformed('The TE field is not valid.');
}
