/** Turns what the identity filters decide into audit events and figures; the same token, key or session is told once, not at each request. */

import type { Audit, AuditFacts } from '../../core/audit.ts';
import type { Clock } from '../../core/clock.ts';
import { makeRoom } from '../../core/make-room.ts';
import type { Metrics } from '../../core/metrics.ts';
import type { Tally } from '../../core/tally.ts';
import type { Exchange } from '../exchange.ts';
import type { AuthEvents, AuthMethod } from '../filters/jwt.ts';
import type { SessionEvents } from '../filters/session.ts';
import type { TokenFacts } from './claims.ts';
import { Repeats } from './repeats.ts';

interface Use {
  since: number;
  count: number;
}

/** Milliseconds over which the uses of one key are told as one event. */
const KEY_PERIOD = 60_000;
const MAX_KEYS = 10_000;
const MAX_TOLD = 50_000;

export class IdentityEvents implements AuthEvents, Omit<SessionEvents, 'refused'> {
  private readonly audit: Audit;
  private readonly clock: Clock;
  private readonly total: Tally;
  /** Digests of tokens whose acceptance was told, forgotten all at once when they are too many. */
  private readonly told = new Set<string>();
  private readonly keys = new Map<string, Use>();
  private readonly repeats: Repeats;

  constructor(audit: Audit, metrics: Metrics, clock: Clock) {
    this.audit = audit;
    this.clock = clock;
    this.repeats = new Repeats(clock);
    this.total = metrics.tally('railguard_auth_total', 'Credentials judged, and how.', ['method', 'outcome']);
  }

  accepted(x: Exchange, method: 'jwt', token: TokenFacts): void {
    this.total.inc(method, 'accepted');
    if (this.told.has(token.digest)) return;
    if (this.told.size >= MAX_TOLD) this.told.clear();
    this.told.add(token.digest);
    this.tell(x, { type: 'authentication', action: 'token_accepted', outcome: 'success', ...names(token) });
  }

  refused(x: Exchange, method: AuthMethod, reason: string): void {
    this.total.inc(method, reason);
    this.tell(x, { type: 'authentication', action: 'credential_refused', outcome: 'failure', reason });
  }

  passed(_x: Exchange, method: 'api_key' | 'opaque'): void {
    this.total.inc(method, 'passed');
  }

  missing(x: Exchange): void {
    this.total.inc('none', 'missing');
    this.tell(x, { type: 'permission_check', action: 'credential_required', outcome: 'failure' });
  }

  blocked(x: Exchange): void {
    this.total.inc('any', 'blocked');
    this.tell(x, { type: 'authentication', action: 'client_blocked', outcome: 'failure' });
  }

  keyUsed(x: Exchange, keyId: string, status: number): void {
    const outcome = status === 401 || status === 403 ? 'failure' : 'success';
    const now = this.clock.monotonic();
    const name = `${outcome} ${keyId}`;
    const use = this.keys.get(name);
    if (use !== undefined && now - use.since < KEY_PERIOD) {
      use.count++;
      return;
    }
    // Uses since the last event, and this one.
    const count = use === undefined ? 1 : use.count + 1;
    this.keys.delete(name);
    makeRoom(this.keys, MAX_KEYS);
    this.keys.set(name, { since: now, count: 0 });
    this.tell(x, { type: 'api_key_usage', action: 'key_used', outcome, key_id: keyId, count });
  }

  opened(x: Exchange, token: TokenFacts): void {
    this.tell(x, { type: 'session', action: 'opened', outcome: 'success', ...names(token) });
  }

  displaced(x: Exchange, { subject }: TokenFacts, sessions: readonly string[]): void {
    for (const session of sessions) {
      const reason = 'too_many_sessions';
      this.tell(x, { type: 'session', action: 'ended', outcome: 'success', reason, subject, session });
    }
  }

  /** A session filter's refusal. */
  sessionRefused(x: Exchange, token: TokenFacts, reason: 'revoked' | 'expired' | 'ended'): void {
    this.total.inc('session', reason);
    this.tell(x, { type: 'session', action: 'refused', outcome: 'failure', reason, ...names(token) });
  }

  private tell(x: Exchange, facts: AuditFacts): void {
    const { action, outcome, reason, count } = facts;
    const stands = outcome === 'failure' ? this.repeats.admit(`${action} ${reason} ${x.client.address}`) : 1;
    if (stands === 0) return;
    this.audit.record({
      ...facts,
      count: stands > 1 ? stands : count,
      client_ip: x.client.address,
      correlation_id: x.requestId,
      method: x.request.method,
      path: x.request.path,
    });
  }
}

const names = ({ subject, session }: TokenFacts) => ({ subject, session });
