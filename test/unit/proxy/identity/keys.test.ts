import { createHash, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { keyFingerprint } from '../../../../proxy/identity/key-fingerprint.ts';
import { jwkKey, pemKey, secretKey } from '../../../../proxy/identity/keys.ts';
import { strictObject } from '../../../../proxy/identity/strict-json.ts';
import { type Json, pair } from '../../../harness/tokens.ts';

const rsa = pair('RS256', 'a');
const pem = (options: object, type: 'rsa' | 'ec' = 'rsa') =>
  String(
    (type === 'rsa'
      ? generateKeyPairSync('rsa', options as { modulusLength: number })
      : generateKeyPairSync('ec', options as { namedCurve: string })
    ).publicKey.export({ format: 'pem', type: 'spki' }),
  );

describe('keys', () => {
  it('are bound to the first allowed algorithm that fits', () => {
    expect(secretKey('s'.repeat(48), ['RS256', 'HS384', 'HS256']).alg).toBe('HS384');
    expect(pemKey(pem({ modulusLength: 2048 }), ['ES256', 'PS256', 'RS256']).alg).toBe('PS256');
    expect(pemKey(pem({ namedCurve: 'P-384' }, 'ec'), ['ES256', 'ES384']).alg).toBe('ES384');
    expect(jwkKey({ ...rsa.jwk, alg: undefined }, { allowed: ['RS512', 'RS256'] }).alg).toBe('RS512');
  });

  it.each([
    ['a secret too short for its hash', () => secretKey('s'.repeat(47), ['HS384'])],
    ['a secret without an HMAC algorithm', () => secretKey('s'.repeat(64), ['RS256'])],
    ['RSA of 1024 bits', () => pemKey(pem({ modulusLength: 1024 }), ['RS256'])],
    ['RSA with exponent 3', () => pemKey(pem({ modulusLength: 2048, publicExponent: 3 }), ['RS256'])],
    ['a curve of another algorithm', () => pemKey(pem({ namedCurve: 'P-384' }, 'ec'), ['ES256'])],
    ['no PEM', () => pemKey('hello', ['RS256'])],
    [
      'a private JWK',
      () => jwkKey({ ...(rsa.privateKey.export({ format: 'jwk' }) as Json) }, { allowed: ['RS256'] }),
    ],
    ['a JWK for encryption', () => jwkKey({ ...rsa.jwk, use: 'enc' }, { allowed: ['RS256'] })],
    ['a JWK for signing only', () => jwkKey({ ...rsa.jwk, key_ops: ['sign'] }, { allowed: ['RS256'] })],
    ['a JWK of an algorithm not allowed', () => jwkKey(rsa.jwk, { allowed: ['RS512'] })],
    [
      'a JWK of an algorithm of other keys',
      () => jwkKey({ ...rsa.jwk, alg: 'ES256' }, { allowed: ['ES256'] }),
    ],
    ['a published secret', () => jwkKey({ kty: 'oct', k: 'A'.repeat(64) }, { allowed: ['HS256'] })],
  ])('%s is no key', (_name, make) => {
    expect(make).toThrow();
  });
});

describe('fingerprints of API keys', () => {
  it('are the same in every replica of one salt, differ under another, and hold nothing of the key', () => {
    const [a, b, c] = [keyFingerprint('salt'), keyFingerprint('salt'), keyFingerprint('pepper')];
    expect(a('mk-key')).toBe(b('mk-key'));
    expect(a('mk-key')).not.toBe(c('mk-key'));
    expect(a('mk-key')).not.toBe(a('mk-kez'));
    expect(a('mk-key')).toMatch(/^[0-9a-f]{16}$/);
    expect(createHash('sha256').update('mk-key').digest('hex')).not.toContain(a('mk-key'));
  });

  it('last as long as the process without a salt', () => {
    expect(keyFingerprint(undefined)('k')).not.toBe(keyFingerprint(undefined)('k'));
  });
});

describe('strict JSON', () => {
  const read = (text: string | Buffer) => strictObject(Buffer.from(text as string));

  it.each([
    '{}',
    ' {"a":{"b":1},"c":{"b":1}} ',
    '{"a":"{\\"a\\":1,\\"a\\":2}"}',
    '{"a":[{"b":1},{"b":2}],"b":"\\\\"}',
  ])('takes %s', (text) => {
    expect(read(text)).toEqual(JSON.parse(text));
  });

  it.each([
    ...['{"a":1,"a":1}', '{"a":1, "\\u0061" :2}', '{"x":{"a":1,"b":[{"c":1,"c":2}]}}', '{"":1,"":2}'],
    ...['[]', '"a"', 'null', '1', '', '{"a":1}x', "{'a':1}", '{"a":NaN}', '{"a":1,}', '\ufeff{}'],
    `{"a":${'['.repeat(40)}${']'.repeat(40)}}`,
  ])('refuses %s', (text) => {
    expect(read(text)).toBeUndefined();
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(strictObject(Buffer.from('7b2261223a22ff227d', 'hex'))).toBeUndefined();
  });
});
