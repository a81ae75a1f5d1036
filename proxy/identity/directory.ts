/** Sessions and revocations as an operator sees and ends them. */
import type { Audit } from '../../core/audit.ts';
import type { Clock } from '../../core/clock.ts';
import {
  type RevocationRequest,
  type RevocationView,
  type SessionDirectory,
  type SessionView,
  StoreUnavailable,
} from '../../core/sessions.ts';
import type { RevocationList } from '../stores/revocations/list.ts';
import type { Revocation } from '../stores/revocations/store.ts';
import { REMEMBER_ENDED, type SessionRecord, type SessionStore } from '../stores/sessions/store.ts';
import { nameOf } from './claims.ts';

export interface DirectoryOptions {
  readonly sessions: SessionStore;
  readonly revocations: RevocationList;
  readonly audit: Audit;
  readonly clock: Clock;
  /** Longest life of a token that was seen, in milliseconds: a revocation must outlive it. */
  readonly longestLife: () => number;
}

export class Directory implements SessionDirectory {
  private readonly options: DirectoryOptions;

  constructor(options: DirectoryOptions) {
    this.options = options;
  }

  async list(query: {
    readonly subject?: string | undefined;
    readonly limit: number;
  }): Promise<SessionView[]> {
    const { sessions, clock } = this.options;
    const records = await reached(sessions.list({ ...query, now: clock.now() }));
    return records.map(view);
  }

  async end(id: string, reason: string): Promise<boolean> {
    const { sessions, clock, audit } = this.options;
    const record = await reached(sessions.end(id, clock.now()));
    if (record === undefined) return false;
    // The store ends it; this tells the replicas, which look there only now and then.
    await this.keep(this.revocation('session', id));
    const { subject } = record;
    audit.record({ type: 'session', action: 'ended', outcome: 'success', reason, subject, session: id });
    return true;
  }

  async revoke({ jti, sub, reason, before }: RevocationRequest): Promise<RevocationView> {
    const { audit, clock } = this.options;
    const revocation =
      jti === undefined
        ? this.revocation('sub', nameOf('sub', '', sub ?? ''), before ?? clock.now())
        : this.revocation('jti', nameOf('jti', '', jti));
    await this.keep(revocation);
    audit.record({
      type: 'revocation',
      action: `revoked_${revocation.kind}`,
      outcome: 'success',
      reason,
      subject: sub,
    });
    const until = new Date(revocation.expiresAt).toISOString();
    if (revocation.kind !== 'sub') return { kind: revocation.kind, until };
    return { kind: 'sub', until, before: new Date(revocation.before).toISOString() };
  }

  /** Sessions that had to make room: replicas that saw them lately hear of it now. */
  displaced(names: readonly string[]): void {
    for (const name of names)
      void this.options.revocations.revoke(this.revocation('session', name)).catch(() => {});
  }

  private revocation(kind: Revocation['kind'], name: string, before = 0): Revocation {
    const life = Math.max(REMEMBER_ENDED, this.options.longestLife());
    return { kind, name, before, expiresAt: this.options.clock.now() + life };
  }

  private keep(revocation: Revocation): Promise<void> {
    return reached(this.options.revocations.revoke(revocation));
  }
}

async function reached<T>(answer: T | Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw new StoreUnavailable('the store of sessions can not be reached', error);
  }
}

const view = ({ session, subject, firstSeen, lastSeen }: SessionRecord): SessionView => ({
  id: session,
  subject,
  first_seen: new Date(firstSeen).toISOString(),
  last_seen: new Date(lastSeen).toISOString(),
});
