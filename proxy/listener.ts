/** One public port for everything: the first bytes (or ALPN) say HTTP/1.1 or HTTP/2, and an upgrade is HTTP/1's event. */
import type { Server } from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { http } from '../core/node-http.ts';
import { Problem } from './problem.ts';
import { CROWD, CROWD_PATIENCE, Crowd } from './serve/crowd.ts';
import { directWorks } from './serve/direct-check.ts';
import { Handshakes } from './serve/handshakes.ts';
import { Http1Side } from './serve/http1.ts';
import { Http2Side } from './serve/http2.ts';
import type { Serving } from './serve/serving.ts';
import { endTurn } from './turn-end.ts';

export interface ListenerOptions {
  readonly host: string;
  readonly port: number;
  /** `auto` answers straight to the socket when that works on this Node. */
  readonly responsePath: 'auto' | 'direct' | 'standard';
  /** Other processes listen there as well, and the kernel spreads the connections (Linux). */
  readonly reusePort: boolean;
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
}

type ConnectionListener = (this: Server, socket: Socket) => void;

/** RFC 9113 §3.4: what an HTTP/2 client with prior knowledge sends first. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** Milliseconds without a request after which a draining connection counts as idle. */
const QUIET = 500;

export class Listener {
  private draining: NodeJS.Timeout | undefined = undefined;
  private readonly options: ListenerOptions;
  private readonly serving: Serving;
  private readonly server: Server;
  private readonly http1: Http1Side;
  /** Made for the first client that speaks it. */
  private http2: Http2Side | undefined = undefined;
  private readonly parse: ConnectionListener;
  private readonly sockets = new Set<Socket>();
  private readonly handshakes: Handshakes;
  private readonly crowd = new Crowd((socket) => this.turnAway(socket));

  constructor(options: ListenerOptions, serving: Serving) {
    this.options = options;
    this.serving = serving;
    this.handshakes = new Handshakes(serving.options.maxConnections + CROWD);
    const { tls } = options;
    const settings = Http1Side.options(serving);
    this.server =
      tls === undefined
        ? http.createServer(settings)
        : process.getBuiltinModule('node:https').createServer({
            ...settings,
            ...tls,
            ALPNProtocols: ['h2', 'http/1.1'],
            minVersion: 'TLSv1.2',
            handshakeTimeout: serving.options.headerTimeout,
          });
    const event = tls === undefined ? 'connection' : 'secureConnection';
    // Node's own listener parses HTTP/1; ours stands before it and decides which sockets it gets.
    this.parse = this.server.listeners(event).at(-1) as ConnectionListener;
    this.server.removeListener(event, this.parse);
    this.server.on(event, (socket: Socket) => this.onConnection(socket));
    if (tls !== undefined) {
      this.server.on('tlsClientError', (_error, socket) => socket.destroy());
      // Before the handshake a connection can't be answered: it has to count apart.
      this.server.on('connection', (socket: Socket) => this.handshakes.begin(socket));
      this.server.maxConnections = serving.options.maxConnections + CROWD + this.handshakes.most;
    }
    this.http1 = new Http1Side(this.server, serving);
  }

  /** Rejects with code EADDRINUSE when the port is taken. */
  async listen(): Promise<AddressInfo> {
    const { host, port, reusePort, responsePath } = this.options;
    if (responsePath === 'direct' || (responsePath === 'auto' && (await directWorks())))
      this.http1.useDirect();
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ host, port, reusePort, backlog: 4096 }, () => {
        this.server.off('error', reject);
        this.server.on('error', (error) =>
          this.serving.core.log.error('lifecycle', 'the public port failed', { error }),
        );
        resolve(this.server.address() as AddressInfo);
      });
    });
  }

  /** Stops accepting, tells HTTP/2 clients to go (GOAWAY), ends HTTP/1.1 connections as they fall idle. */
  drain(): void {
    // http.Server's own close() would cut connections whose next request is already on the wire.
    net.Server.prototype.close.call(this.server);
    this.http2?.drain();
    // After the reading: what a late loop has not read yet is no idleness.
    this.draining = setInterval(() => setImmediate(() => this.http1.endIdle(QUIET)), QUIET / 2);
    this.draining.unref();
  }

  /** Cuts what is left. */
  destroy(): void {
    clearInterval(this.draining);
    // An answer that was given belongs to its client.
    endTurn();
    this.http1.stop();
    this.server.closeAllConnections();
    for (const socket of this.sockets) socket.destroy();
    this.crowd.destroy();
    this.handshakes.destroy();
  }

  private onConnection(socket: Socket): void {
    if (this.options.tls !== undefined) this.handshakes.end(socket);
    const crowded = this.sockets.size >= this.serving.options.maxConnections;
    if (crowded) this.crowd.add(socket);
    else {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    }
    if (this.options.tls === undefined) this.sniff(socket, crowded);
    else if ((socket as TLSSocket).alpnProtocol === 'h2') this.serveHttp2(socket, true, crowded);
    else this.serveHttp1(socket, true, crowded);
  }

  private serveHttp2(socket: Socket, secure: boolean, crowded: boolean): void {
    this.http2 ??= new Http2Side(this.serving);
    this.http2.adopt(socket, secure, crowded);
  }

  private serveHttp1(socket: Socket, secure: boolean, crowded: boolean): void {
    this.http1.adopt(socket, secure, crowded);
    this.parse.call(this.server, socket);
  }

  /** Its place is needed: one that has said nothing hears why; in the middle of something there is no place for it. */
  private turnAway(socket: Socket): void {
    if (this.options.tls === undefined && socket.bytesRead === 0 && socket.writable) {
      this.http1.adopt(socket, false, true).broken(new Problem('overloaded', { close: true }));
      socket.destroySoon();
    } else socket.destroy();
  }

  /** Waits for as many bytes as tell the protocols apart; a peer that sends none is dropped. */
  private sniff(socket: Socket, crowded: boolean): void {
    let seen: Buffer | undefined;
    const drop = (): void => {
      socket.destroy();
    };
    const onData = (chunk: Buffer): void => {
      seen = seen === undefined ? chunk : Buffer.concat([seen, chunk]);
      const length = Math.min(seen.length, PREFACE.length);
      const preface = seen.compare(PREFACE, 0, length, 0, length) === 0;
      if (preface && length < PREFACE.length) return;
      socket.off('data', onData);
      socket.off('error', drop);
      socket.off('timeout', drop);
      socket.off('end', drop);
      socket.setTimeout(0);
      if (preface) {
        // Paused: the session reads what was put back; a flowing socket would drop it.
        socket.pause();
        socket.unshift(seen);
        this.serveHttp2(socket, false, crowded);
        return;
      }
      socket.unshift(seen);
      this.serveHttp1(socket, false, crowded);
    };
    socket.on('data', onData);
    socket.on('error', drop);
    socket.on('end', drop);
    const { headerTimeout } = this.serving.options;
    socket.setTimeout(crowded ? Math.min(CROWD_PATIENCE, headerTimeout) : headerTimeout, drop);
  }
}
