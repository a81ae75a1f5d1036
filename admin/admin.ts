/** The second port: health, metrics and whatever is registered on it, apart from the app's traffic. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Secret } from '../config/secret.ts';
import type { Audit } from '../core/audit.ts';
import type { Core } from '../core/core.ts';
import { Ids } from '../core/ids.ts';
import type { Probe } from '../core/lifecycle.ts';
import type { Metrics } from '../core/metrics.ts';
import { http } from '../core/node-http.ts';
import { AdminAccess } from './access.ts';
import { AdminAuth } from './auth.ts';
import { readBody, tooLarge } from './body.ts';
import { configRoute } from './config.ts';
import { liveness } from './health/liveness.ts';
import { readiness } from './health/readiness.ts';
import { metricsRoute } from './metrics.ts';
import { redacted } from './redacted.ts';
import { AdminProblem, type AdminReply, problemReply, rawProblem, send } from './reply.ts';
import { type AdminRequest, type Route, RouteTable } from './route.ts';

export interface AdminOptions {
  readonly core: Core;
  readonly probes: readonly Probe[];
  readonly listeners: {
    readonly adminHost: string;
    readonly adminPort: number;
    readonly adminToken: Secret | undefined;
  };
  /** The configuration in force, secrets masked; what `GET /config` shows. */
  readonly effective: unknown;
  /** What `GET /metrics` shows; this process's own when absent. */
  readonly metrics?: Pick<Metrics, 'render'> | undefined;
  /** Is told who comes in, and who does not. */
  readonly audit?: Audit;
}

export interface Admin {
  readonly auth: AdminAuth;
  /** Undefined without an audit to tell. */
  readonly access: AdminAccess | undefined;
  /** Adds an endpoint; throws when its method and path are taken. */
  registerRoute(route: Route): void;
  /** Rejects with the system's error: its `code` is EADDRINUSE when the port is taken. */
  listen(): Promise<AddressInfo>;
  /** Stops accepting, gives requests in flight a second, then closes what is left. */
  close(): Promise<void>;
}

const LIMITS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
};
const MAX_CONNECTIONS = 256;
const CLOSE_GRACE_MS = 1_000;

export function createAdmin(options: AdminOptions): Admin {
  return new AdminPort(options);
}

class AdminPort implements Admin {
  readonly auth: AdminAuth;
  readonly access: AdminAccess | undefined;
  private readonly core: Core;
  private readonly listeners: AdminOptions['listeners'];
  private readonly routes = new RouteTable();
  private readonly server: Server;
  private readonly ids: Ids;

  constructor({ core, probes, listeners, effective, metrics, audit }: AdminOptions) {
    this.core = core;
    this.listeners = listeners;
    this.ids = new Ids(core.clock);
    this.access = audit === undefined ? undefined : new AdminAccess(audit, core.clock);
    this.auth = new AdminAuth({ token: listeners.adminToken?.reveal(), clock: core.clock, log: core.log });
    this.routes.add(liveness(core));
    this.routes.add(readiness({ probes, ...core }));
    this.routes.add(metricsRoute(metrics ?? core.metrics));
    this.routes.add(configRoute(effective));
    this.server = http.createServer(LIMITS, (message, response) => void this.serve(message, response));
    this.server.maxConnections = MAX_CONNECTIONS;
    this.server.on('clientError', (error, socket) => this.malformed(error, socket));
  }

  registerRoute(route: Route): void {
    this.routes.add(route);
  }

  async listen(): Promise<AddressInfo> {
    const { adminHost, adminPort } = this.listeners;
    try {
      return await this.bind(adminHost, adminPort);
    } catch (error) {
      // A machine without IPv6 has no `::` to listen on.
      const { code } = error as NodeJS.ErrnoException;
      if (adminHost !== '::' || (code !== 'EAFNOSUPPORT' && code !== 'EADDRNOTAVAIL')) throw error;
      return this.bind('0.0.0.0', adminPort);
    }
  }

  close(): Promise<void> {
    if (!this.server.listening) return Promise.resolve();
    return new Promise((resolve) => {
      const late = setTimeout(() => this.server.closeAllConnections(), CLOSE_GRACE_MS);
      this.server.close(() => {
        clearTimeout(late);
        resolve();
      });
      this.server.closeIdleConnections();
    });
  }

  private bind(host: string, port: number): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => {
        this.server.off('error', reject);
        resolve(this.server.address() as AddressInfo);
      });
    });
  }

  private async serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const correlationId = this.ids.uuid();
    let reply: AdminReply;
    try {
      reply = await this.answer(message, response, correlationId);
    } catch (error) {
      reply = problemReply(this.problem(error, correlationId), correlationId, this.core.clock.now());
    }
    if (response.headersSent || response.destroyed) return;
    // A body nobody read is discarded by node:http, for as long as requestTimeout lets it come.
    send(response, redacted(reply, this.core.redactor), correlationId);
  }

  private answer(
    message: IncomingMessage,
    response: ServerResponse,
    correlationId: string,
  ): AdminReply | Promise<AdminReply> {
    const target = message.url ?? '/';
    const mark = target.indexOf('?');
    const path = mark < 0 ? target : target.slice(0, mark);
    const method = message.method ?? 'GET';
    const { route, params, allowed } = this.routes.match(method, path);
    if (allowed.length === 0) throw new AdminProblem(404, 'not_found', 'There is nothing here.');
    if (route === undefined) {
      throw new AdminProblem(405, 'method_not_allowed', 'This method is not supported here.', {
        Allow: allowed.join(', '),
      });
    }
    const request: AdminRequest = {
      method,
      path,
      query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
      params,
      headers: message.headers,
      correlationId,
      peer: plainAddress(message.socket.remoteAddress),
      body: () => readBody(message),
    };
    if (!route.open) this.admit(request);
    if (tooLarge(message))
      throw new AdminProblem(413, 'body_too_large', 'The request body is larger than allowed.');
    return route.handle(request, response);
  }

  private admit(request: AdminRequest): void {
    try {
      this.auth.check(request);
    } catch (refused) {
      this.access?.refused(request, refused);
      throw refused;
    }
    this.access?.admitted(request);
  }

  private problem(error: unknown, correlationId: string): AdminProblem {
    if (error instanceof AdminProblem) return error;
    this.core.log.error('lifecycle', 'An admin request failed', { correlation_id: correlationId, error });
    return new AdminProblem(500, 'internal', 'An unexpected error occurred.');
  }

  private malformed(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    socket.end(rawProblem(malformedProblem(error.code), this.ids.uuid(), this.core.clock.now()), () =>
      socket.destroy(),
    );
  }
}

function malformedProblem(code: string | undefined): AdminProblem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new AdminProblem(431, 'headers_too_large', 'The request headers are larger than allowed.');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new AdminProblem(408, 'request_timeout', 'The request did not arrive in time.');
    default:
      return new AdminProblem(400, 'request_malformed', 'The request is not a valid HTTP message.');
  }
}

const plainAddress = (address = '') => (address.startsWith('::ffff:') ? address.slice(7) : address);
