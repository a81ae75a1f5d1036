/** Keyed fingerprints: enough to see that a secret is another one, too little to find it. */
import { createHmac, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import type { ManagedSecret } from '../../config/managed-secrets.ts';
import { dsnKey, readConnection } from './connection.ts';

const derive = promisify<string | Buffer, Buffer, number, { N: number; r: number; p: number }, Buffer>(
  scrypt,
);

const BYTES = 16;
/** 16 MB and some 30 ms a guess. */
const COST = { N: 16_384, r: 8, p: 1 };

/** Which pepper a fingerprint was made with; says nothing of the pepper. */
export const pepperId = (pepper: string): string => keyed(pepper, 'pepper').toString('hex');

/**
 * Of what a rotation changes: of a URL the password alone, so that a host may move. What a person may have made up is
 * stretched first. Runs off the main thread where it is slow.
 */
export async function fingerprint(secret: ManagedSecret, pepper: string): Promise<string | undefined> {
  const value = secret.value?.reveal().trim();
  if (value === undefined) return undefined;
  switch (secret.format) {
    case 'database':
    case 'redis':
      return stretched(secret.name, readConnection(secret.format, value)?.password ?? value, pepper);
    case 'key':
    case 'any':
      return stretched(secret.name, value, pepper);
    case 'sentry':
      return keyed(pepper, secret.name, dsnKey(value)).toString('hex');
    default:
      return keyed(pepper, secret.name, value).toString('hex');
  }
}

async function stretched(name: string, value: string, pepper: string): Promise<string> {
  return (await derive(value, keyed(pepper, name), BYTES, COST)).toString('hex');
}

function keyed(pepper: string, ...parts: readonly string[]): Buffer {
  return createHmac('sha256', pepper).update(parts.join('\0')).digest().subarray(0, BYTES);
}
