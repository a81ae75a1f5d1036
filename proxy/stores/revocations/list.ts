/** The revocations as this process knows them: asked at every request, in step with the store, and closed when it can't be. */
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/logger.ts';
import { makeRoom } from '../../../core/make-room.ts';
import { MAX_REVOCATIONS, type Revocation, type RevocationStore } from './store.ts';

/** What is asked about a token. */
export interface Revocable {
  readonly tokenId: string | undefined;
  readonly session: string | undefined;
  /** Milliseconds since the epoch; a token that does not say is taken for an old one. */
  readonly issuedAt: number | undefined;
  readonly subject: string;
  readonly digest: string;
}

export type Standing = 'clear' | 'revoked' | 'unknown';

export interface ListOptions {
  readonly store: RevocationStore;
  readonly clock: Clock;
  readonly log: Log;
  /** The name that revocations of a subject go by. */
  readonly nameSubject: (subject: string) => string;
  /** Milliseconds between two questions to a shared store. */
  readonly every?: number;
}

/** Milliseconds after which what was last heard is no longer current. */
const CURRENT = 2500;
const ASK_EVERY = 500;
const PURGE_EVERY = 600_000;
/** Tokens that are remembered as seen before an outage. */
const MAX_SEEN = 50_000;

export class RevocationList {
  private readonly options: ListOptions;
  private readonly kinds = {
    jti: new Map<string, Revocation>(),
    sub: new Map<string, Revocation>(),
    session: new Map<string, Revocation>(),
  };
  private readonly seen = new Set<string>();
  private epoch = '';
  private mark = 0;
  private heardAt = Number.NEGATIVE_INFINITY;
  private failing = false;
  private purgedAt = 0;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(options: ListOptions) {
    this.options = options;
    this.purgedAt = options.clock.monotonic();
  }

  /** Goes on asking the store until `close`; resolves after the first answer or failure. */
  async start(): Promise<void> {
    await this.sync();
    if (this.closed) return;
    const pause = this.options.store.shared ? (this.options.every ?? ASK_EVERY) : PURGE_EVERY;
    this.timer = setTimeout(() => void this.start(), pause);
    this.timer.unref();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  /** Is what it knows what the store knows? */
  get current(): boolean {
    if (!this.options.store.shared) return true;
    return !this.failing && this.options.clock.monotonic() - this.heardAt <= CURRENT;
  }

  get storeName(): string {
    return this.options.store.name;
  }

  get size(): number {
    const { jti, sub, session } = this.kinds;
    return jti.size + sub.size + session.size;
  }

  /** `unknown`: the store is away and the token was not seen before, so that nobody can tell. */
  standing(token: Revocable): Standing {
    if (this.size > 0 && this.revoked(token)) return 'revoked';
    if (!this.options.store.shared) return 'clear';
    if (this.seen.has(token.digest)) return 'clear';
    if (!this.current) return 'unknown';
    this.remember(token.digest);
    return 'clear';
  }

  /** Takes effect here at once, elsewhere when they next ask. Rejects when the store could not keep it. */
  async revoke(revocation: Revocation): Promise<void> {
    if (this.size >= MAX_REVOCATIONS) throw new Error('the list of revocations is full');
    await this.options.store.add(revocation);
    this.apply(revocation);
  }

  /** One question to the store. Never rejects. */
  async sync(): Promise<void> {
    const { store, clock, log } = this.options;
    try {
      const { epoch, mark, revocations } = await store.news(this.epoch, this.mark);
      // A store that lost its memory is told again what this process still knows.
      if (this.epoch !== '' && epoch !== this.epoch) for (const known of this.all()) await store.add(known);
      for (const revocation of revocations) this.apply(revocation);
      this.epoch = epoch;
      this.mark = mark;
      this.heardAt = clock.monotonic();
      if (this.failing) log.info('session', 'revocations can be checked again', { store: store.name });
      this.failing = false;
      await this.purge();
    } catch (error) {
      if (!this.failing)
        log.error('session', 'revocations can not be checked; tokens not seen before are refused', {
          store: store.name,
          error,
        });
      this.failing = true;
    }
  }

  private apply(revocation: Revocation): void {
    const { kind, name, expiresAt, before } = revocation;
    if (expiresAt <= this.options.clock.now()) return;
    const known = this.kinds[kind].get(name);
    // Of two cut-offs the later one says it all; it must last as long as the longer of them.
    const merged =
      known === undefined
        ? revocation
        : {
            kind,
            name,
            before: Math.max(before, known.before),
            expiresAt: Math.max(expiresAt, known.expiresAt),
          };
    this.kinds[kind].set(name, merged);
  }

  private revoked({ tokenId, session, issuedAt, subject }: Revocable): boolean {
    const { kinds } = this;
    const now = this.options.clock.now();
    if (tokenId !== undefined && stands(kinds.jti.get(tokenId), now)) return true;
    if (session !== undefined && stands(kinds.session.get(session), now)) return true;
    if (kinds.sub.size === 0) return false;
    const cut = kinds.sub.get(this.options.nameSubject(subject));
    return cut !== undefined && cut.expiresAt > now && (issuedAt ?? 0) <= cut.before;
  }

  private remember(digest: string): void {
    makeRoom(this.seen, MAX_SEEN);
    this.seen.add(digest);
  }

  private *all(): Generator<Revocation> {
    for (const kind of Object.values(this.kinds)) yield* kind.values();
  }

  private async purge(): Promise<void> {
    const { clock, store } = this.options;
    if (clock.monotonic() - this.purgedAt < PURGE_EVERY) return;
    this.purgedAt = clock.monotonic();
    const now = clock.now();
    for (const kind of Object.values(this.kinds)) {
      for (const [name, { expiresAt }] of kind) if (expiresAt <= now) kind.delete(name);
    }
    await store.purge(now);
  }
}

const stands = (revocation: Revocation | undefined, now: number): boolean =>
  revocation !== undefined && revocation.expiresAt > now;
