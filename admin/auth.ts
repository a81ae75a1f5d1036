/** Who may read the guarded half of the admin port: the holder of ADMIN_TOKEN, or, without one, this machine. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/logger.ts';
import { makeRoom } from '../core/make-room.ts';
import { Logins } from './logins.ts';
import { AdminProblem } from './reply.ts';
import type { AdminRequest } from './route.ts';

const FAILURES = 10;
const WINDOW_MS = 60_000;
const MAX_PEERS = 1000;
const CHALLENGE = { 'WWW-Authenticate': 'Bearer realm="railguard admin"' };

export interface AuthOptions {
  /** The token's text; undefined when none is configured. */
  readonly token: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

interface Failures {
  count: number;
  readonly since: number;
}

export class AdminAuth {
  /** Of the dashboard; undefined when no token is configured. */
  readonly logins: Logins | undefined;
  private readonly digest: Buffer | undefined;
  private readonly clock: Clock;
  private readonly log: Log;
  /** In order of first failure: the oldest makes room for the newest. */
  private readonly failures = new Map<string, Failures>();

  constructor(options: AuthOptions) {
    this.digest = options.token === undefined ? undefined : sha256(options.token);
    this.logins = options.token === undefined ? undefined : new Logins(options.token, options.clock);
    this.clock = options.clock;
    this.log = options.log;
  }

  /** Throws an AdminProblem (401, 403 or 429) unless the request may pass. */
  check(request: AdminRequest): void {
    if (this.digest === undefined) this.checkLocal(request);
    else this.checkToken(request);
  }

  /** Constant in time whatever the text: both sides are compared as digests. False when there is no token. */
  private holds(token: string): boolean {
    return this.digest !== undefined && timingSafeEqual(sha256(token), this.digest);
  }

  /** Counts a wrong credential of this peer. */
  private failed(request: AdminRequest): void {
    const now = this.clock.monotonic();
    const known = this.failures.get(request.peer);
    if (known !== undefined && now - known.since < WINDOW_MS) known.count++;
    else this.remember(request.peer, now);
    this.log.warn('authentication', 'Admin token refused', facts(request, 'token_invalid'));
  }

  /** Throws 429 while the peer has failed too often: its credential is not even compared. */
  private checkLimit(request: AdminRequest): void {
    const known = this.failures.get(request.peer);
    if (known === undefined || known.count < FAILURES) return;
    const left = WINDOW_MS - (this.clock.monotonic() - known.since);
    if (left <= 0) {
      this.failures.delete(request.peer);
      return;
    }
    throw new AdminProblem(429, 'rate_limited', 'Too many failed attempts. Please try again later.', {
      'Retry-After': String(Math.ceil(left / 1000)),
    });
  }

  private checkToken(request: AdminRequest): void {
    if (request.headers.authorization === undefined && this.logins?.of(request) !== undefined) {
      this.checkSite(request);
      return;
    }
    const token = bearer(request.headers.authorization);
    if (token === undefined) throw unauthenticated();
    if (!this.accepts(request, token)) throw unauthenticated();
  }

  /** Compares a token that was shown, and counts a wrong one. Throws 429 while the peer has failed too often. */
  accepts(request: AdminRequest, token: string): boolean {
    this.checkLimit(request);
    if (!this.holds(token)) {
      this.failed(request);
      return false;
    }
    this.failures.delete(request.peer);
    return true;
  }

  /** A browser sends the cookie by itself: a change needs what only a page of ours knows. */
  private checkSite(request: AdminRequest): void {
    if (request.method === 'GET' || request.method === 'HEAD' || this.logins?.proven(request)) return;
    this.log.warn('authentication', 'Admin change refused: not from the dashboard', facts(request, 'csrf'));
    throw new AdminProblem(403, 'forbidden', 'A change must come from the dashboard itself.');
  }

  private checkLocal(request: AdminRequest): void {
    const refusal = isLoopback(request.peer) ? localRefusal(request) : 'remote_peer';
    if (refusal === undefined) return;
    this.log.warn('authentication', 'Admin request refused: no ADMIN_TOKEN is set', facts(request, refusal));
    throw new AdminProblem(
      403,
      'forbidden',
      'No admin token is configured, so this may only be read from the machine itself.',
    );
  }

  private remember(peer: string, since: number): void {
    this.failures.delete(peer);
    makeRoom(this.failures, MAX_PEERS);
    this.failures.set(peer, { count: 1, since });
  }
}

const sha256 = (text: string) => createHash('sha256').update(text).digest();

const unauthenticated = () =>
  new AdminProblem(401, 'unauthenticated', 'This resource needs the admin token.', CHALLENGE);

function facts(request: AdminRequest, reason: string) {
  return {
    correlation_id: request.correlationId,
    outcome: 'failure',
    reason,
    client_ip: request.peer,
    method: request.method,
    path: request.path,
    place: 'admin',
  };
}

function bearer(value: string | undefined): string | undefined {
  return value === undefined ? undefined : /^Bearer +([^\s]+)$/i.exec(value)?.[1];
}

/**
 * A page in a local browser reaches loopback too: by a name that resolves to it (so the Host must be a
 * loopback name), or blindly by a form (so nothing may be changed without a token).
 */
function localRefusal(request: AdminRequest): string | undefined {
  if (request.method !== 'GET' && request.method !== 'HEAD') return 'change_without_token';
  return isLoopbackHost(request.headers.host) ? undefined : 'host_not_loopback';
}

/** 127.0.0.0/8 in either family, or ::1. */
export function isLoopback(address: string): boolean {
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
  return plain === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(plain);
}

function isLoopbackHost(host: string | undefined): boolean {
  const name = /^(\[[^\]]*\]|[^:]*)(?::\d*)?$/.exec(host ?? '')?.[1]?.toLowerCase();
  if (name === undefined) return false;
  return name === 'localhost' || name === '[::1]' || isLoopback(name);
}
