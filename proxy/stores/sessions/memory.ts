/** Sessions of this process alone: exact, bounded, gone with it. */
import { makeRoom } from '../../../core/make-room.ts';
import type {
  SessionQuery,
  SessionRecord,
  SessionRules,
  SessionState,
  SessionStore,
  Sighting,
  Verdict,
} from './store.ts';

interface Entry {
  readonly subject: string;
  readonly firstSeen: number;
  lastSeen: number;
  state: SessionState;
  /** When it last moved to the young end of the map. */
  moved: number;
}

const MAX_SESSIONS = 100_000;
/** Moving an entry costs more than looking at it. */
const MOVE_EVERY = 60_000;
const NONE: readonly string[] = [];

export class MemorySessions implements SessionStore {
  readonly name = 'memory';
  private readonly rules: SessionRules;
  private readonly capacity: number;
  /** Least lately seen first, to within a minute. */
  private readonly entries = new Map<string, Entry>();
  /** Live sessions of a subject, oldest first; kept only while their number is limited. */
  private readonly bySubject = new Map<string, Set<string>>();

  constructor(rules: SessionRules, capacity = MAX_SESSIONS) {
    this.rules = rules;
    this.capacity = capacity;
  }

  see(sighting: Sighting): Verdict {
    const { session, now } = sighting;
    const entry = this.entries.get(session);
    if (entry === undefined) return this.open(sighting);
    if (entry.state === 'live' && this.over(entry, now)) this.close(session, entry, 'expired');
    if (entry.state === 'live' && now > entry.lastSeen) entry.lastSeen = now;
    if (now - entry.moved > MOVE_EVERY) {
      entry.moved = now;
      this.entries.delete(session);
      this.entries.set(session, entry);
    }
    return { state: entry.state, firstSeen: entry.firstSeen, fresh: false, displaced: NONE };
  }

  /** Takes over what another store decided. */
  adopt({ session, subject, now }: Sighting, { state, firstSeen, displaced }: Verdict): void {
    const entry = { subject, firstSeen, lastSeen: now, state, moved: now };
    this.entries.delete(session);
    this.insert(session, entry);
    for (const other of displaced) this.mark(other, 'ended');
  }

  /** The state that is remembered; undefined for a session that was never seen. */
  stateOf(session: string): SessionState | undefined {
    return this.entries.get(session)?.state;
  }

  end(session: string, now: number): SessionRecord | undefined {
    const entry = this.entries.get(session);
    if (entry === undefined || entry.state !== 'live' || this.over(entry, now)) return undefined;
    this.close(session, entry, 'ended');
    return record(session, entry);
  }

  mark(session: string, state: SessionState): void {
    const entry = this.entries.get(session);
    if (entry !== undefined) this.close(session, entry, state);
  }

  list({ subject, limit, now }: SessionQuery): readonly SessionRecord[] {
    const found: SessionRecord[] = [];
    for (const [session, entry] of this.entries) {
      if (entry.state !== 'live' || this.over(entry, now)) continue;
      if (subject === undefined || entry.subject === subject) found.push(record(session, entry));
    }
    return found.sort((a, b) => b.lastSeen - a.lastSeen).slice(0, limit);
  }

  /** How many are live. */
  count(now: number): number {
    let live = 0;
    for (const entry of this.entries.values()) if (entry.state === 'live' && !this.over(entry, now)) live++;
    return live;
  }

  private open({ session, subject, now, startedAt }: Sighting): Verdict {
    const firstSeen = Math.min(startedAt ?? now, now);
    const entry: Entry = { subject, firstSeen, lastSeen: now, state: 'live', moved: now };
    if (this.over(entry, now)) entry.state = 'expired';
    this.insert(session, entry);
    const displaced = entry.state === 'live' ? this.displace(subject, now) : NONE;
    return { state: entry.state, firstSeen, fresh: true, displaced };
  }

  private insert(session: string, entry: Entry): void {
    makeRoom(this.entries, this.capacity, (oldest) => this.mark(oldest, 'ended'));
    this.entries.set(session, entry);
    if (this.rules.concurrent === 0 || entry.state !== 'live') return;
    const own = this.bySubject.get(entry.subject);
    if (own === undefined) this.bySubject.set(entry.subject, new Set([session]));
    else own.add(session);
  }

  /** Ends the subject's oldest sessions until the rest is few enough. */
  private displace(subject: string, now: number): readonly string[] {
    const own = this.bySubject.get(subject);
    if (own === undefined || own.size <= this.rules.concurrent) return NONE;
    for (const session of own) {
      const entry = this.entries.get(session);
      if (entry !== undefined && this.over(entry, now)) this.close(session, entry, 'expired');
    }
    const displaced: string[] = [];
    for (const session of own) {
      if (own.size <= this.rules.concurrent) break;
      this.mark(session, 'ended');
      displaced.push(session);
    }
    return displaced;
  }

  private close(session: string, entry: Entry, state: SessionState): void {
    entry.state = state;
    const own = this.bySubject.get(entry.subject);
    own?.delete(session);
    if (own?.size === 0) this.bySubject.delete(entry.subject);
  }

  private over({ firstSeen, lastSeen }: Entry, now: number): boolean {
    const { idle, absolute } = this.rules;
    return (idle > 0 && now - lastSeen >= idle) || (absolute > 0 && now - firstSeen >= absolute);
  }
}

const record = (session: string, { subject, firstSeen, lastSeen }: Entry): SessionRecord => ({
  session,
  subject,
  firstSeen,
  lastSeen,
});
