import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { load } from '../../../config/load.ts';
import { SECRET } from '../../harness/tokens.ts';

const read = (env: Record<string, string>) => load({ ENVIRONMENT: 'production', ...env });
const errors = (env: Record<string, string>): string[] => {
  const loaded = read(env);
  return 'errors' in loaded ? loaded.errors : [];
};
const good = (env: Record<string, string>) => {
  const loaded = read(env);
  if ('errors' in loaded) throw new Error(loaded.errors.join('\n'));
  return loaded.config;
};
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = String(rsa.publicKey.export({ format: 'pem', type: 'spki' }));
const ec = String(
  generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'pem', type: 'spki' }),
);

describe('tokens', () => {
  it('are off without a key, and verified once there is one', () => {
    expect(good({}).tokens.mode).toBe('off');
    expect(good({ JWT_SECRET_KEY: SECRET }).tokens).toMatchObject({ mode: 'verify', algorithms: ['HS256'] });
    expect(good({ JWT_PUBLIC_KEY: pem }).tokens).toMatchObject({
      mode: 'verify',
      algorithms: ['RS256', 'ES256', 'EdDSA'],
    });
    expect(good({ JWT_SECRET_KEY: SECRET, JWT_MODE: 'off' }).tokens.mode).toBe('off');
  });

  it('have the defaults of the first app', () => {
    const { tokens } = good({});
    expect(tokens.requiredClaims).toEqual(['sub', 'exp']);
    expect(tokens.refusedTypes).toEqual(['refresh']);
    expect(tokens.issuers).toEqual([]);
    expect(tokens.keyPattern?.test(`mk-${'a'.repeat(43)}`)).toBe(true);
    expect(tokens.keyPattern?.test('mk-short')).toBe(false);
    expect(tokens.blockTime).toBe(900_000);
  });

  it.each([
    ['a mode without a key', { JWT_MODE: 'require' }, 'JWT_MODE'],
    ['a mode there is not', { JWT_MODE: 'strict', JWT_SECRET_KEY: SECRET }, 'JWT_MODE'],
    ['a short secret', { JWT_SECRET_KEY: 'short' }, 'JWT_SECRET_KEY'],
    ['a secret too short for HS512', { JWT_SECRET_KEY: SECRET, JWT_ALGORITHM: 'HS512' }, 'JWT_ALGORITHM'],
    ['a secret no algorithm uses', { JWT_SECRET_KEY: SECRET, JWT_ALGORITHM: 'RS256' }, 'JWT_ALGORITHM'],
    ['HS256 with a public key alone', { JWT_PUBLIC_KEY: pem, JWT_ALGORITHM: 'HS256' }, 'JWT_ALGORITHM'],
    ['a public key no algorithm fits', { JWT_PUBLIC_KEY: ec }, 'JWT_ALGORITHM'],
    ['none as an algorithm', { JWT_SECRET_KEY: SECRET, JWT_ALGORITHM: 'none' }, 'JWT_ALGORITHM'],
    [
      'a private key',
      { JWT_PUBLIC_KEY: String(rsa.privateKey.export({ format: 'pem', type: 'pkcs8' })) },
      'JWT_PUBLIC_KEY',
    ],
    ['a key that is none', { JWT_PUBLIC_KEY: '-----BEGIN PUBLIC KEY-----\nAAAA\n' }, 'JWT_PUBLIC_KEY'],
    ['a URL of files', { JWT_JWKS_URL: 'file:///etc/passwd' }, 'JWT_JWKS_URL'],
    ['a pattern without its ends', { API_KEY_PATTERN: 'mk-.*' }, 'API_KEY_PATTERN'],
    ['a pattern that is none', { API_KEY_PATTERN: '^mk-($' }, 'API_KEY_PATTERN'],
    ['a cookie name that is none', { JWT_COOKIE: 'a b' }, 'JWT_COOKIE'],
    ['a login path that is none', { AUTH_LOGIN_PATHS: 'login' }, 'AUTH_LOGIN_PATHS'],
    ['an identity field that is none', { IDENTITY_HEADERS: 'X-User: a' }, 'IDENTITY_HEADERS'],
    ['minutes that are none', { SESSION_TIMEOUT_MINUTES: '30m' }, 'SESSION_TIMEOUT_MINUTES'],
    ['redis without a URL', { SESSION_BACKEND: 'redis' }, 'SESSION_BACKEND'],
  ])('stop the start: %s', (_name, env, variable) => {
    const found = errors(env as Record<string, string>);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(new RegExp(`^${variable}: `));
    expect(found[0]).not.toContain(SECRET);
  });

  it('can do without a key pattern', () => {
    expect(good({ API_KEY_PATTERN: 'off' }).tokens.keyPattern).toBeUndefined();
  });
});

describe('sessions', () => {
  it('last a day without a request, for ever otherwise, in memory', () => {
    expect(good({}).sessions).toEqual({ idle: 86_400_000, absolute: 0, concurrent: 0, backend: 'memory' });
  });

  it('are kept in Redis where there is one', () => {
    const { sessions } = good({ REDIS_URL: 'redis://redis.test', SESSION_TIMEOUT_MINUTES: '0.5' });
    expect(sessions).toMatchObject({ idle: 30_000, backend: 'redis' });
  });
});
