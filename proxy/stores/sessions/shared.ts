/** Sessions that replicas share: few writes, no request waits on a dead store, and this process goes on alone meanwhile. */
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/logger.ts';
import { makeRoom } from '../../../core/make-room.ts';
import { MemorySessions } from './memory.ts';
import type { SessionQuery, SessionRecord, SessionRules, SessionStore, Sighting, Verdict } from './store.ts';

export interface SharedOptions {
  readonly store: SessionStore;
  readonly rules: SessionRules;
  /** Milliseconds between two writes of one session. */
  readonly every: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds a request waits for the store. */
  readonly patience?: number;
}

/** Milliseconds after a failure in which the store is left alone. */
const REST = 1000;
const MAX_WRITTEN = 100_000;

export class SharedSessions implements SessionStore {
  readonly name: string;
  readonly local: MemorySessions;
  private readonly options: SharedOptions;
  private readonly patience: number;
  /** When each session was last written, on the monotonic clock; least lately written first. */
  private readonly written = new Map<string, number>();
  private restUntil = Number.NEGATIVE_INFINITY;
  private away = false;

  constructor(options: SharedOptions) {
    this.options = options;
    this.name = options.store.name;
    this.local = new MemorySessions(options.rules);
    this.patience = options.patience ?? 50;
  }

  /** False from a failure until the store answers again. */
  get up(): boolean {
    return !this.away;
  }

  see(sighting: Sighting): Verdict | Promise<Verdict> {
    const { session } = sighting;
    const state = this.local.stateOf(session);
    if (state === 'expired' || state === 'ended') return this.local.see(sighting);
    const now = this.options.clock.monotonic();
    const written = this.written.get(session);
    if (state !== undefined && written !== undefined && now - written < this.options.every)
      return this.local.see(sighting);
    if (now < this.restUntil) return this.local.see(sighting);
    return this.write(sighting, now);
  }

  async end(session: string, now: number): Promise<SessionRecord | undefined> {
    const record = await this.options.store.end(session, now);
    this.local.mark(session, 'ended');
    return record;
  }

  async list(query: SessionQuery): Promise<readonly SessionRecord[]> {
    return this.options.store.list(query);
  }

  private async write(sighting: Sighting, now: number): Promise<Verdict> {
    try {
      const verdict = await within(this.options.store.see(sighting), this.patience);
      this.returned();
      this.local.adopt(sighting, verdict);
      this.note(sighting.session, now);
      return verdict;
    } catch (error) {
      this.lost(error, now);
      return this.local.see(sighting);
    }
  }

  private note(session: string, now: number): void {
    this.written.delete(session);
    makeRoom(this.written, MAX_WRITTEN);
    this.written.set(session, now);
  }

  private lost(error: unknown, now: number): void {
    this.restUntil = now + REST;
    if (this.away) return;
    this.away = true;
    this.options.log.error('session', 'the session store does not answer; sessions go on from memory', {
      store: this.name,
      error,
    });
  }

  private returned(): void {
    if (!this.away) return;
    this.away = false;
    this.options.log.info('session', 'the session store answers again', { store: this.name });
  }
}

/** The answer, or a rejection once `patience` milliseconds are over. */
function within<T>(answer: T | Promise<T>, patience: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`no answer within ${patience} ms`));
    // When it was this process that stalled, the answer lies in the socket: one look before giving up.
    const timer = setTimeout(() => setImmediate(late), patience);
    Promise.resolve(answer)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}
