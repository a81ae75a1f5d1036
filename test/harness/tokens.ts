/** Tokens as an issuer signs them, and as nobody should: any header, any payload, any bytes. */
import { createHmac, createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export const SECRET = 'a-secret-of-the-tests-of-32-bytes-and-more';

export type Json = Readonly<Record<string, unknown>>;

export const b64 = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

const seconds = (): number => Math.floor(Date.now() / 1000);
let serial = 0;

/** Claims as the app issues them; good for half an hour. */
export const claims = (more: Json = {}): Json => ({
  sub: 'user-1',
  session_id: `session-of-the-tests-${serial++}`,
  type: 'access',
  iat: seconds(),
  exp: seconds() + 1800,
  ...more,
});

/** Header and payload may be text, to be encoded as it stands. */
export function hs(
  payload: Json | string,
  header: Json | string = {},
  secret: string | Buffer = SECRET,
): string {
  const head = typeof header === 'string' ? header : { alg: 'HS256', typ: 'JWT', ...header };
  const alg = typeof head === 'string' ? 'HS256' : String((head as Json).alg);
  const signed = `${b64(head)}.${b64(payload)}`;
  const hash = `sha${/^HS(256|384|512)$/.exec(alg)?.[1] ?? '256'}`;
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`;
}

export interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly alg: 'RS256' | 'PS256' | 'ES256' | 'EdDSA';
  readonly kid: string;
  readonly jwk: Json;
}

export function pair(alg: Pair['alg'], kid: string): Pair {
  const { privateKey, publicKey } =
    alg === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : alg === 'EdDSA'
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = { ...(publicKey.export({ format: 'jwk' }) as Json), kid, alg, use: 'sig' };
  return { privateKey, publicKey, alg, kid, jwk };
}

/** Signed with the pair's key, by its algorithm unless the header says another; `header` may take `kid` away. */
export function signed({ privateKey, alg, kid }: Pair, payload: Json, header: Json = {}): string {
  const head = { alg, typ: 'JWT', kid, ...header };
  const text = `${b64(head)}.${b64(payload)}`;
  return `${text}.${signature(privateKey, String(head.alg), text)}`;
}

function signature(key: KeyObject, alg: string, text: string): string {
  const bytes = Buffer.from(text);
  const object = createPrivateKey(key.export({ format: 'pem', type: 'pkcs8' }));
  if (alg === 'EdDSA') return sign(null, bytes, object).toString('base64url');
  if (alg === 'ES256')
    return sign('sha256', bytes, { key: object, dsaEncoding: 'ieee-p1363' }).toString('base64url');
  if (alg === 'PS256')
    return sign('sha256', bytes, { key: object, padding: 6, saltLength: 32 }).toString('base64url');
  return sign('sha256', bytes, object).toString('base64url');
}
