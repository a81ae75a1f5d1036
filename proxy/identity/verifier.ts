/** From a token's text to what it says: strict reading, one key, its signature, its claims; successes are remembered for a minute. */

import { hash } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { Recent } from '../../core/recent.ts';
import { type ClaimsPolicy, checkClaims, hasExpired, type TokenFacts } from './claims.ts';
import { type Compact, type Header, readCompact } from './compact.ts';
import type { VerificationKey } from './keys.ts';
import { TokenRefused } from './refused.ts';
import { goodSignature } from './signature.ts';
import { strictObject } from './strict-json.ts';

type Found = VerificationKey | undefined;

/** Where keys come from: the configuration, or a URL. */
export interface KeySource {
  find(header: Header): Found | Promise<Found>;
}

export interface VerifierOptions {
  readonly keys: KeySource;
  /** Algorithms that tokens may use. */
  readonly allowed: ReadonlySet<string>;
  readonly policy: ClaimsPolicy;
  readonly clock: Clock;
}

interface Remembered {
  readonly facts: TokenFacts;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** A token is looked at anew after this many milliseconds: its key may be gone. */
const REMEMBER = 60_000;
/** As many are remembered at most, half as many of the newest at least. */
const MAX_REMEMBERED = 10_000;
const LONGEST_REMEMBERED = 4096;

export class Verifier {
  private readonly options: VerifierOptions;
  /** By digest; a token's text is kept nowhere. */
  private readonly known = new Recent<Remembered>(MAX_REMEMBERED / 2);

  /** Longest time, in milliseconds, that a token seen here still had to live. */
  longestLife = 0;

  constructor(options: VerifierOptions) {
    this.options = options;
  }

  /** Throws or rejects with TokenRefused or KeysUnavailable. At once for tokens that are known, and for HMAC. */
  verify(token: string): TokenFacts | Promise<TokenFacts> {
    const digest = hash('sha256', token, 'base64');
    const now = this.options.clock.now();
    const known = this.known.get(digest);
    if (known !== undefined) {
      const { facts } = known;
      if (hasExpired(facts.expiresAt, now, this.options.policy.tolerance)) throw new TokenRefused('expired');
      if (now < known.until) return facts;
    }
    const parts = readCompact(token);
    if (!this.options.allowed.has(parts.header.alg)) throw new TokenRefused('algorithm');
    const key = this.options.keys.find(parts.header);
    if (key instanceof Promise) return key.then((found) => this.check(token, parts, found, digest));
    return this.check(token, parts, key, digest);
  }

  get size(): number {
    return this.known.size;
  }

  private check(token: string, parts: Compact, key: Found, digest: string): TokenFacts | Promise<TokenFacts> {
    if (key === undefined) throw new TokenRefused('unknown_key');
    const good = goodSignature(token, parts, key);
    if (good instanceof Promise) return good.then((answer) => this.accept(token, parts, answer, digest));
    return this.accept(token, parts, good, digest);
  }

  private accept(token: string, parts: Compact, good: boolean, digest: string): TokenFacts {
    if (!good) throw new TokenRefused('signature');
    const claims = strictObject(Buffer.from(parts.payload, 'base64url'));
    if (claims === undefined) throw new TokenRefused('malformed');
    const now = this.options.clock.now();
    const facts = checkClaims(claims, parts.header, this.options.policy, now, digest);
    if (facts.expiresAt - now > this.longestLife && Number.isFinite(facts.expiresAt))
      this.longestLife = facts.expiresAt - now;
    if (token.length <= LONGEST_REMEMBERED) this.remember(facts, now);
    return facts;
  }

  private remember(facts: TokenFacts, now: number): void {
    this.known.set(facts.digest, { facts, until: Math.min(now + REMEMBER, facts.expiresAt) });
  }
}
