/** Names an API key in logs and audit without giving anything of it away. */
import { createHmac, hash, randomBytes } from 'node:crypto';

export type KeyFingerprint = (key: string) => string;

/**
 * 16 hex digits, keyed: the same key has the same name in every replica that shares `salt`, and nobody without it can
 * test a guess. Without a salt the names last as long as the process.
 */
export function keyFingerprint(salt: string | undefined): KeyFingerprint {
  const secret = salt === undefined ? randomBytes(32) : hash('sha256', `key-fingerprint:${salt}`, 'buffer');
  return (key) => createHmac('sha256', secret).update(key).digest('hex').slice(0, 16);
}
