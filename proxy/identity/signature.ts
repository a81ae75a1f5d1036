/** Checks one signature with one key: HMAC at once, for it costs microseconds; the rest off the main thread, by jose. */
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { algorithm } from './algorithms.ts';
import type { Compact } from './compact.ts';
import type { VerificationKey } from './keys.ts';

/** `token` is the text that `parts` were read from, its algorithm the key's. */
export function goodSignature(
  token: string,
  parts: Compact,
  { alg, key }: VerificationKey,
): boolean | Promise<boolean> {
  if (parts.header.alg !== alg) return false;
  const { hash } = algorithm(alg);
  if (hash !== undefined) {
    const expected = createHmac(hash, key).update(parts.signed).digest();
    const given = Buffer.from(parts.signature, 'base64url');
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
  return verified(token, alg, key);
}

let loading: Promise<typeof import('jose')> | undefined;

/** HMAC and no tokens at all do without jose: the first token that needs it loads it. */
async function verified(token: string, alg: string, key: KeyObject): Promise<boolean> {
  loading ??= import('jose');
  const { compactVerify } = await loading;
  try {
    await compactVerify(token, key, { algorithms: [alg] });
    return true;
  } catch {
    return false;
  }
}
