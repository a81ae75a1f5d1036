/** The keys of the configuration and of a URL, as one place to ask. */
import type { Header } from './compact.ts';
import type { Jwks } from './jwks.ts';
import type { VerificationKey } from './keys.ts';
import type { KeySource } from './verifier.ts';

export class ConfiguredKeys implements KeySource {
  private readonly byAlgorithm: ReadonlyMap<string, VerificationKey>;
  private readonly jwks: Jwks | undefined;

  /** At most one local key an algorithm: the first counts. */
  constructor(local: readonly VerificationKey[], jwks?: Jwks) {
    this.byAlgorithm = new Map([...local].reverse().map((key) => [key.alg, key]));
    this.jwks = jwks;
  }

  /** A local key has no name, so a token's `kid` says nothing about it. */
  find(header: Header): VerificationKey | undefined | Promise<VerificationKey | undefined> {
    return this.byAlgorithm.get(header.alg) ?? this.jwks?.find(header);
  }
}
