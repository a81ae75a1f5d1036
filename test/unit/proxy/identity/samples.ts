/** A verifier over keys of the tests, and exchanges that present what they should. */
import type { ClaimsPolicy } from '../../../../proxy/identity/claims.ts';
import { ConfiguredKeys } from '../../../../proxy/identity/key-source.ts';
import { secretKey } from '../../../../proxy/identity/keys.ts';
import { TokenRefused } from '../../../../proxy/identity/refused.ts';
import { Verifier } from '../../../../proxy/identity/verifier.ts';
import { SECRET } from '../../../harness/tokens.ts';
import { HandClock } from '../../core/lines.ts';

export const POLICY: ClaimsPolicy = {
  issuers: [],
  audiences: [],
  tolerance: 0,
  required: ['sub', 'exp'],
  refusedTypes: ['refresh'],
};

export function verifier(policy: Partial<ClaimsPolicy> = {}) {
  const clock = new HandClock();
  const verifier = new Verifier({
    keys: new ConfiguredKeys([secretKey(SECRET, ['HS256'])]),
    allowed: new Set(['HS256']),
    policy: { ...POLICY, ...policy },
    clock,
  });
  /** Seconds since the epoch, on the hand clock. */
  const at = (more = 0) => Math.floor(clock.now() / 1000) + more;
  return { clock, verifier, at };
}

/** Why it is refused; undefined when it is not. */
export async function reason(act: () => unknown): Promise<string | undefined> {
  try {
    await act();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof TokenRefused) return thrown.reason;
    throw thrown;
  }
}
