/** What every store of sessions must do: one verdict a sighting, atomically, whoever else sees the same session. */

export interface SessionRules {
  /** Milliseconds without a request after which a session ends; 0 for never. */
  readonly idle: number;
  /** Milliseconds a session may last at all; 0 for ever. */
  readonly absolute: number;
  /** Sessions a subject may have at once; 0 for any number. */
  readonly concurrent: number;
}

/** A request of a session; milliseconds since the epoch. */
export interface Sighting {
  readonly session: string;
  readonly subject: string;
  readonly now: number;
  /** When it began, where that is known: a refresh must not make it younger. */
  readonly startedAt: number | undefined;
}

export type SessionState = 'live' | 'expired' | 'ended';

export interface Verdict {
  readonly state: SessionState;
  readonly firstSeen: number;
  /** Nobody saw it before. */
  readonly fresh: boolean;
  /** Sessions of the subject that had to end for this one. */
  readonly displaced: readonly string[];
}

export interface SessionRecord {
  readonly session: string;
  readonly subject: string;
  readonly firstSeen: number;
  readonly lastSeen: number;
}

export interface SessionQuery {
  readonly subject?: string | undefined;
  readonly limit: number;
  readonly now: number;
}

export interface SessionStore {
  readonly name: string;
  see(sighting: Sighting): Verdict | Promise<Verdict>;
  /** Ends it for good; the record as it was, undefined when there is no live session of that name. */
  end(session: string, now: number): SessionRecord | undefined | Promise<SessionRecord | undefined>;
  /** Live sessions, last seen first. */
  list(query: SessionQuery): readonly SessionRecord[] | Promise<readonly SessionRecord[]>;
}

/** An ended session is remembered this long, so that no token brings it back: longer than refresh tokens last. */
export const REMEMBER_ENDED = 31 * 86_400_000;
