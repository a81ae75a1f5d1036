/** The HTTP/1.1 side of the public port: Node's own parser and server, with our limits, one connection object a socket. */
import type http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { lowerName } from '../header-block.ts';
import { Problem } from '../problem.ts';
import { Http1Connection } from './http1-connection.ts';
import type { ResponderOptions } from './http1-responder.ts';
import { LeanRequest } from './lean-request.ts';
import { malformed } from './request-head.ts';
import type { Serving } from './serving.ts';

/** Milliseconds a connection is kept beyond what was promised: a request may be on its way by then. */
const MARGIN = 500;

const connectionOf = new WeakMap<object, Http1Connection>();

/** Adopts `server`, which gets connections by its `connection` (or `secureConnection`) listener, given back here. */
export class Http1Side {
  private readonly serving: Serving;
  private readonly live = new Set<Http1Connection>();
  private readonly sockets = new WeakMap<Http1Connection, Socket>();
  private readonly responding: ResponderOptions;
  private readonly crowded: ResponderOptions;
  private readonly sweeper: NodeJS.Timeout;

  constructor(server: http.Server, serving: Serving) {
    this.serving = serving;
    const { keepaliveTimeout, writeTimeout } = serving.options;
    const keepAlive = `timeout=${Math.floor(keepaliveTimeout / 1000)}`;
    this.responding = {
      writeTimeout,
      lifecycle: serving.core.lifecycle,
      direct: false,
      keepAlive,
      keepAliveLines: `Connection: keep-alive\r\nKeep-Alive: ${keepAlive}\r\n`,
      crowded: false,
    };
    this.crowded = { ...this.responding, crowded: true };
    server.maxHeadersCount = 0;
    // Node would make and unmake a timer for every request.
    server.keepAliveTimeout = 0;
    this.sweeper = setInterval(
      // After the reading: what a late loop has not read yet is no silence.
      () => setImmediate(() => this.endStale(keepaliveTimeout + MARGIN)),
      Math.max(20, keepaliveTimeout / 10),
    );
    this.sweeper.unref();
    server.timeout = 0;
    server.on('request', (request, response) => this.onRequest(request, response, false));
    server.on('checkContinue', (request, response) => this.onRequest(request, response, true));
    // An expectation nobody knows is dropped, as RFC 9110 §10.1.1 allows: the field never reaches the app.
    server.on('checkExpectation', (request, response) => this.onRequest(request, response, false));
    server.on('upgrade', (request, socket, early) => this.onUpgrade(request, socket as Socket, early));
    server.on('connect', (request, socket, early) => this.onUpgrade(request, socket as Socket, early));
    server.on('clientError', (error, socket) => this.onClientError(error, socket as Socket));
  }

  /** Options for http.createServer: they can't be set later. */
  static options(serving: Serving): http.ServerOptions {
    const { maxHeaderSize, maxUrlLength, headerTimeout, bodyTimeout } = serving.options;
    return {
      // Our own counting decides between 414 and 431; the parser stops what is beyond both.
      maxHeaderSize: maxHeaderSize + maxUrlLength + 1024,
      headersTimeout: headerTimeout,
      requestTimeout: headerTimeout + bodyTimeout,
      connectionsCheckingInterval: Math.min(500, Math.max(50, headerTimeout / 4)),
      // A request without a body costs no stream.
      optimizeEmptyRequests: true,
      IncomingMessage: LeanRequest,
      requireHostHeader: false,
      noDelay: true,
      shouldUpgradeCallback: (request) =>
        isWebSocket(request) && connectionOf.get(request.socket)?.busy !== true,
    };
  }

  /** Replies go straight to the socket from here on: it was tried, and works on this Node. */
  useDirect(): void {
    this.responding.direct = true;
  }

  /** A socket whose first bytes are HTTP/1. `crowded`: it is one too many. */
  adopt(socket: Socket, secure: boolean, crowded: boolean): Http1Connection {
    const peer = this.serving.clients.peer(socket.remoteAddress, secure);
    const responding = crowded ? this.crowded : this.responding;
    const connection = new Http1Connection(socket, peer, this.serving, responding);
    const level = this.serving.core.metrics.connections.h1;
    level.inc();
    connectionOf.set(socket, connection);
    this.live.add(connection);
    this.sockets.set(connection, socket);
    socket.once('close', () => {
      level.dec();
      this.live.delete(connection);
    });
    return connection;
  }

  /**
   * Ends connections that have been idle for `quiet` ms. Not at once: the next request of a busy client may be on
   * the wire, and its answer carries `Connection: close`.
   */
  endIdle(quiet: number): void {
    const now = performance.now();
    for (const connection of this.live) {
      if (!connection.busy && now - connection.idleSince >= quiet) this.sockets.get(connection)?.end();
    }
  }

  stop(): void {
    clearInterval(this.sweeper);
  }

  private endStale(limit: number): void {
    const now = performance.now();
    for (const connection of this.live)
      if (connection.silent(now, limit)) this.sockets.get(connection)?.destroy();
  }

  private onRequest(request: IncomingMessage, response: ServerResponse, continuing: boolean): void {
    connectionOf.get(request.socket)?.request(request as LeanRequest, response, continuing);
  }

  private onUpgrade(request: IncomingMessage, socket: Socket, early: Buffer): void {
    connectionOf.get(socket)?.upgrade(request as LeanRequest, early);
  }

  private onClientError(error: NodeJS.ErrnoException & { rawPacket?: Buffer }, socket: Socket): void {
    const connection = connectionOf.get(socket);
    if (connection === undefined || error.code === 'ECONNRESET') socket.destroy();
    else connection.broken(parseProblem(error));
  }
}

/** A handshake we carry on: GET, HTTP/1.1, Upgrade: websocket alone, Connection says so (RFC 6455 §4.1). */
function isWebSocket(request: IncomingMessage): boolean {
  if (request.method === 'CONNECT') return true;
  const { rawHeaders, httpVersionMinor, method } = request;
  if (method !== 'GET' || httpVersionMinor !== 1) return false;
  let upgrades = 0;
  let websocket = false;
  let named = false;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = lowerName(rawHeaders[i] as string);
    const value = (rawHeaders[i + 1] as string).toLowerCase();
    if (name === 'upgrade') {
      upgrades++;
      websocket = value.trim() === 'websocket';
    } else if (name === 'connection') named ||= value.split(',').some((part) => part.trim() === 'upgrade');
    else if (name === 'transfer-encoding' || (name === 'content-length' && value.trim() !== '0'))
      return false;
  }
  return websocket && named && upgrades === 1;
}

function parseProblem(error: NodeJS.ErrnoException & { rawPacket?: Buffer }): Problem {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return new Problem(error.rawPacket?.includes('\n') === false ? 'uri_too_long' : 'headers_too_large', {
        close: true,
      });
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Problem('request_timeout', { close: true });
    default:
      return malformed('The request is not a valid HTTP message.');
  }
}
