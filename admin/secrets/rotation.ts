/** Reads from what was kept how old a secret is, when it is due, and what its past says against it. */
import type { ManagedSecret } from '../../config/managed-secrets.ts';
import type { Finding } from './findings.ts';
import { type Kept, type Row, type Sighting, sameSecret } from './state/state.ts';

export interface Rotation {
  readonly age_days: number | null;
  readonly age_source: 'rotated_at' | 'first_seen' | 'unknown';
  /** ISO 8601. */
  readonly rotate_by: string | null;
  readonly rotation: 'ok' | 'due_soon' | 'overdue' | 'unknown';
  readonly findings: readonly Finding[];
  /** Milliseconds. */
  readonly age: number | undefined;
}

export const DAY = 86_400_000;
/** Milliseconds before the day it is due. */
const SOON = 14 * DAY;
/** Milliseconds within which a value was seen that is in use. */
const LIVE = 3 * 60_000;
/** Milliseconds that a rolling deploy may take, in which two values are in use. */
const ROLLING = 15 * 60_000;

const UNKNOWN: Rotation = {
  age_days: null,
  age_source: 'unknown',
  rotate_by: null,
  rotation: 'unknown',
  findings: [],
  age: undefined,
};

export interface Seen {
  readonly name: string;
  readonly fingerprint: string;
  readonly pepperId: string;
}

/**
 * What to write down of what is seen. `first`: this process looks for the first time. Only then can a value have come
 * back, which it has when another was first seen after it was last seen.
 */
export function sightingsOf(seen: readonly Seen[], { rows }: Kept, first: boolean): Sighting[] {
  return seen.map((one) => {
    const named = rows.filter(({ name }) => name === one.name);
    const comparable = named.filter(({ pepperId }) => pepperId === one.pepperId);
    const known = comparable.find(({ fingerprint }) => fingerprint === one.fingerprint);
    const returned =
      first &&
      known !== undefined &&
      comparable.some((row) => row !== known && row.firstSeen > known.lastSeen);
    return { ...one, returned, adopted: named.length > 0 && comparable.length === 0 };
  });
}

/** Was there another value before, as far as can be compared? */
export const hasPredecessor = (seen: Seen, { rows }: Kept): boolean =>
  rows.some(
    (row) => row.name === seen.name && row.pepperId === seen.pepperId && row.fingerprint !== seen.fingerprint,
  );

/** `seen` is undefined, and so is `kept`, when nothing could be looked up; `now` in milliseconds since the epoch. */
export function rotationOf(
  secret: ManagedSecret,
  seen: Seen | undefined,
  kept: Kept | undefined,
  now: number,
): Rotation {
  if (secret.value === undefined) return UNKNOWN;
  const rows = kept?.rows.filter(({ name, pepperId }) => name === secret.name && pepperId === seen?.pepperId);
  const own = seen === undefined ? undefined : rows?.find((row) => sameSecret(row, { ...seen, ...NEUTRAL }));
  const future = secret.rotatedAt !== undefined && secret.rotatedAt > now + DAY;
  const findings: Finding[] = future ? ['date_in_future'] : [];
  if (own !== undefined && rows !== undefined) findings.push(...pastOf(own, rows, now));
  const dated = secret.rotatedAt !== undefined && !future && !changedSince(secret.rotatedAt, own, rows);
  if (dated) return aged(secret, secret.rotatedAt as number, 'rotated_at', now, findings);
  if (own === undefined) return { ...UNKNOWN, findings };
  const known = aged(secret, own.firstSeen, 'first_seen', now, findings);
  if (!own.adopted) return known;
  // It is at least as old as it looks: what is overdue by that is overdue.
  const rotation = known.rotation === 'overdue' ? 'overdue' : 'unknown';
  return { ...UNKNOWN, rotation, findings: [...findings, 'pepper_changed'] };
}

const NEUTRAL = { returned: false, adopted: false };

function pastOf(own: Row, rows: readonly Row[], now: number): Finding[] {
  const findings: Finding[] = [];
  if (own.returnedAt !== undefined) findings.push('retired_value');
  const live = rows.filter(({ lastSeen }) => lastSeen >= now - LIVE);
  const settled = live.filter(({ firstSeen }) => firstSeen < now - ROLLING);
  if (live.length > 1 && settled.length === live.length) findings.push('replicas_differ');
  return findings;
}

/** A date that nobody set anew at a change that was seen later is no longer true. */
function changedSince(rotatedAt: number, own: Row | undefined, rows: readonly Row[] | undefined): boolean {
  if (own === undefined || rows === undefined || own.firstSeen <= rotatedAt + DAY) return false;
  return rows.some(({ firstSeen }) => firstSeen < own.firstSeen);
}

function aged(
  { rotationDays }: ManagedSecret,
  since: number,
  source: Rotation['age_source'],
  now: number,
  findings: readonly Finding[],
): Rotation {
  const age = Math.max(0, now - since);
  const due = since + rotationDays * DAY;
  return {
    age_days: Math.floor(age / DAY),
    age_source: source,
    rotate_by: new Date(due).toISOString(),
    rotation: now > due ? 'overdue' : now >= due - SOON ? 'due_soon' : 'ok',
    findings,
    age,
  };
}
