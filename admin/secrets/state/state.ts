/** What is kept of secrets between two looks, and the one way to it whatever keeps it. */

export interface Row {
  readonly name: string;
  readonly fingerprint: string;
  readonly pepperId: string;
  /** Milliseconds since the epoch, by the keeper's clock. */
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** When it was seen again after another had replaced it. */
  readonly returnedAt: number | undefined;
  /** Its past is unknown: the fingerprints before it had another pepper. */
  readonly adopted: boolean;
}

export interface Kept {
  /** The keeper's time. */
  readonly now: number;
  readonly rows: readonly Row[];
}

/** One secret as it is here and now. */
export interface Sighting {
  readonly name: string;
  readonly fingerprint: string;
  readonly pepperId: string;
  readonly returned: boolean;
  readonly adopted: boolean;
}

/** Every method rejects when the keeper can't be reached; what it kept stays whole. */
export interface SecretState {
  readonly kind: 'postgres' | 'file' | 'memory';
  /** False while it is still being made ready; what is asked then rejects. */
  readonly ready: boolean;
  /** The pepper that is kept; `candidate` from now on when there was none. */
  pepper(candidate: string): Promise<string>;
  read(environment: string): Promise<Kept>;
  /** Keeps what is seen now; gives the names whose fingerprint was not there before. */
  write(environment: string, sightings: readonly Sighting[]): Promise<ReadonlySet<string>>;
}

export const sameSecret = (a: Sighting | Row, b: Sighting | Row): boolean =>
  a.name === b.name && a.fingerprint === b.fingerprint && a.pepperId === b.pepperId;

/** `rows` with `sightings` in them, and the names of those that are new. */
export function merge(
  rows: readonly Row[],
  sightings: readonly Sighting[],
  now: number,
): { readonly rows: Row[]; readonly added: Set<string> } {
  const added = new Set<string>();
  const merged = [...rows];
  for (const sighting of sightings) {
    const at = merged.findIndex((row) => sameSecret(row, sighting));
    const known = merged[at];
    if (known !== undefined) {
      const returnedAt = sighting.returned ? now : known.returnedAt;
      merged[at] = { ...known, lastSeen: Math.max(known.lastSeen, now), returnedAt };
      continue;
    }
    added.add(sighting.name);
    const { name, fingerprint, pepperId, adopted } = sighting;
    merged.push({
      name,
      fingerprint,
      pepperId,
      adopted,
      firstSeen: now,
      lastSeen: now,
      returnedAt: undefined,
    });
  }
  return { rows: merged, added };
}
