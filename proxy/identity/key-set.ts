/** A set of keys that one token header picks at most one of. */
import type { AlgorithmName } from './algorithms.ts';
import type { Header } from './compact.ts';
import { jwkKey, type VerificationKey } from './keys.ts';

export interface KeySetOptions {
  readonly allowed: readonly AlgorithmName[];
  readonly symmetric?: boolean;
}

export const MAX_KEYS = 10;

export class KeySet {
  readonly keys: readonly VerificationKey[];
  private readonly byName = new Map<string, VerificationKey>();

  constructor(keys: readonly VerificationKey[]) {
    this.keys = keys;
    for (const key of keys) if (key.kid !== undefined) this.byName.set(`${key.alg} ${key.kid}`, key);
  }

  get size(): number {
    return this.keys.length;
  }

  /** A name picks its key; without one there must be exactly one key of the algorithm. */
  pick({ alg, kid }: Header): VerificationKey | undefined {
    if (kid !== undefined) return this.byName.get(`${alg} ${kid}`);
    const fitting = this.keys.filter((key) => key.alg === alg);
    return fitting.length === 1 ? fitting[0] : undefined;
  }
}

export interface ReadSet {
  readonly set: KeySet;
  /** Keys of the document that are not used: for other purposes, unsound, of an algorithm not allowed, or too many. */
  readonly unused: number;
}

/**
 * Reads a JWK Set (RFC 7517 §5): keys that can't verify are left out, and so are all that share a name.
 * Throws when it is no set, or when it mixes secrets with public keys, which no honest publisher does.
 */
export function readKeySet(document: unknown, options: KeySetOptions): ReadSet {
  const jwks = (document as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(jwks)) throw new Error('not a JWK Set');
  const types = new Set(jwks.map((jwk: { kty?: unknown } | null) => jwk?.kty));
  if (types.has('oct') && types.size > 1) throw new Error('the set mixes secrets with public keys');
  const good: VerificationKey[] = [];
  for (const jwk of jwks.slice(0, MAX_KEYS * 4)) {
    try {
      good.push(jwkKey(jwk as Record<string, unknown>, options));
    } catch {
      // Sets hold keys of other purposes; what can't verify is counted below.
    }
  }
  const names = good.map(({ kid }) => kid);
  const distinct = good.filter(
    ({ kid }) => kid === undefined || names.indexOf(kid) === names.lastIndexOf(kid),
  );
  const set = new KeySet(distinct.slice(0, MAX_KEYS));
  return { set, unused: jwks.length - set.size };
}
