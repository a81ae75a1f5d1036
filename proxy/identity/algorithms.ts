/** The signature algorithms there are (RFC 7518 §3.1, RFC 8037), and which key fits which. */

export interface Algorithm {
  readonly kty: 'oct' | 'RSA' | 'EC' | 'OKP';
  /** Of HMAC: Node's name of the hash, and the shortest key in bytes (RFC 7518 §3.2). */
  readonly hash?: string;
  readonly bytes?: number;
  /** Of EC: the one curve. */
  readonly curve?: string;
}

export const ALGORITHMS = {
  HS256: { kty: 'oct', hash: 'sha256', bytes: 32 },
  HS384: { kty: 'oct', hash: 'sha384', bytes: 48 },
  HS512: { kty: 'oct', hash: 'sha512', bytes: 64 },
  RS256: { kty: 'RSA' },
  RS384: { kty: 'RSA' },
  RS512: { kty: 'RSA' },
  PS256: { kty: 'RSA' },
  PS384: { kty: 'RSA' },
  PS512: { kty: 'RSA' },
  ES256: { kty: 'EC', curve: 'P-256' },
  ES384: { kty: 'EC', curve: 'P-384' },
  ES512: { kty: 'EC', curve: 'P-521' },
  EdDSA: { kty: 'OKP', curve: 'Ed25519' },
} as const satisfies Record<string, Algorithm>;

export type AlgorithmName = keyof typeof ALGORITHMS;

export const isAlgorithm = (name: string): name is AlgorithmName => Object.hasOwn(ALGORITHMS, name);

export const algorithm = (name: AlgorithmName): Algorithm => ALGORITHMS[name];
