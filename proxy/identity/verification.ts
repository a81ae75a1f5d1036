/** Puts the verification of tokens together: keys of the configuration and of a URL, the verifier, and how the keys fare. */
import type { Core } from '../../core/core.ts';
import type { Probe } from '../../core/lifecycle.ts';
import type { TokenFacts } from './claims.ts';
import { fetchOver, Jwks } from './jwks.ts';
import { ConfiguredKeys } from './key-source.ts';
import { pemKey, secretKey, type VerificationKey } from './keys.ts';
import type { IdentitySettings } from './settings.ts';
import { Verifier } from './verifier.ts';

export interface Verification {
  /** Undefined without a URL. */
  readonly jwks: Jwks | undefined;
  readonly verify: (token: string) => TokenFacts | Promise<TokenFacts>;
  /** Milliseconds. */
  readonly longestLife: () => number;
  readonly probes: readonly Probe[];
}

/** Throws BadKey when a configured key is of no use. */
export function openVerification(tokens: IdentitySettings, core: Core): Verification {
  const { algorithms: allowed, jwksUrl } = tokens;
  const local: VerificationKey[] = [];
  if (tokens.secretKey !== undefined) local.push(secretKey(tokens.secretKey.reveal(), allowed));
  if (tokens.publicKey !== undefined) local.push(pemKey(tokens.publicKey, allowed));
  const jwks =
    jwksUrl === undefined
      ? undefined
      : new Jwks({ fetch: fetchOver(jwksUrl), allowed, clock: core.clock, log: core.log });
  const verifier = new Verifier({
    keys: new ConfiguredKeys(local, jwks),
    allowed: new Set(allowed),
    policy: {
      issuers: tokens.issuers,
      audiences: tokens.audiences,
      tolerance: tokens.clockTolerance,
      required: tokens.requiredClaims,
      refusedTypes: tokens.refusedTypes.map((type) => type.toLowerCase()),
    },
    clock: core.clock,
  });
  if (jwks !== undefined) watchKeys(core, jwks);
  return {
    jwks,
    verify: (token) => verifier.verify(token),
    longestLife: () => verifier.longestLife,
    probes: jwks === undefined ? [] : [keyProbe(jwks)],
  };
}

function watchKeys({ metrics }: Core, jwks: Jwks): void {
  metrics.gauge('railguard_jwks_age_seconds', 'Age of the fetched keys; -1 without any.', [], (gauge) =>
    gauge.set(jwks.age === undefined ? -1 : jwks.age / 1000),
  );
}

/** Tokens can't be checked without keys; all else can go on, so it does not make the instance unready. */
function keyProbe(jwks: Jwks): Probe {
  return {
    name: 'identity_keys',
    critical: false,
    check: () =>
      jwks.age === undefined
        ? { ok: false, message: 'The verification keys can not be fetched.' }
        : { ok: true, figures: { age_seconds: Math.round(jwks.age / 1000) } },
  };
}
