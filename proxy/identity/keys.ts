/** Verification keys, each bound to one algorithm when it is read, so that no token can choose how it is used (RFC 8725 §3.1). */
import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { type AlgorithmName, algorithm, isAlgorithm } from './algorithms.ts';
import { fromBrokenGenerator } from './roca.ts';

export interface VerificationKey {
  readonly alg: AlgorithmName;
  readonly kid: string | undefined;
  readonly key: KeyObject;
}

export class BadKey extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BadKey';
  }
}

const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 8192;

/** The first HMAC algorithm of the list is the secret's. Throws BadKey when it is too short for it. */
export function secretKey(secret: string, allowed: readonly AlgorithmName[]): VerificationKey {
  const alg = allowed.find((name) => algorithm(name).kty === 'oct');
  if (alg === undefined) throw new BadKey('no HMAC algorithm is allowed, so a secret verifies nothing');
  return { alg, kid: undefined, key: octets(Buffer.from(secret), alg) };
}

/** SPKI or certificate. The first allowed algorithm that fits the key is the key's. Throws BadKey. */
export function pemKey(pem: string, allowed: readonly AlgorithmName[]): VerificationKey {
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    throw new BadKey('not a public key in PEM');
  }
  const alg = allowed.find((name) => fits(key, name));
  if (alg === undefined) throw new BadKey('no allowed algorithm fits the public key');
  return { alg, kid: undefined, key: sound(key) };
}

interface JwkOptions {
  readonly allowed: readonly AlgorithmName[];
  /** Take secrets too; never of a set that is fetched. */
  readonly symmetric?: boolean;
}

/** Throws BadKey when the JWK is no key for verifying signatures with an allowed algorithm. */
export function jwkKey(jwk: Readonly<Record<string, unknown>>, options: JwkOptions): VerificationKey {
  if (jwk.use !== undefined && jwk.use !== 'sig') throw new BadKey('not for signatures');
  const ops = jwk.key_ops;
  if (ops !== undefined && !(Array.isArray(ops) && ops.includes('verify')))
    throw new BadKey('not for verifying');
  const kid = typeof jwk.kid === 'string' && jwk.kid.length <= 256 ? jwk.kid : undefined;
  if (jwk.kty === 'oct') return octetJwk(jwk, kid, options);
  if ('d' in jwk) throw new BadKey('a private key');
  let key: KeyObject;
  try {
    key = createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    throw new BadKey('not a valid public key');
  }
  const alg = boundAlgorithm(jwk.alg, options.allowed, (name) => fits(key, name));
  return { alg, kid, key: sound(key) };
}

function octetJwk(
  jwk: Readonly<Record<string, unknown>>,
  kid: string | undefined,
  { allowed, symmetric }: JwkOptions,
): VerificationKey {
  if (symmetric !== true || typeof jwk.k !== 'string')
    throw new BadKey('a secret that was published is none');
  const alg = boundAlgorithm(jwk.alg, allowed, (name) => algorithm(name).kty === 'oct');
  return { alg, kid, key: octets(Buffer.from(jwk.k, 'base64url'), alg) };
}

function boundAlgorithm(
  stated: unknown,
  allowed: readonly AlgorithmName[],
  fitting: (name: AlgorithmName) => boolean,
): AlgorithmName {
  if (stated === undefined) {
    const first = allowed.find(fitting);
    if (first === undefined) throw new BadKey('no allowed algorithm fits');
    return first;
  }
  if (typeof stated !== 'string' || !isAlgorithm(stated) || !allowed.includes(stated) || !fitting(stated))
    throw new BadKey('its algorithm is not allowed, or not its own');
  return stated;
}

function octets(bytes: Buffer, alg: AlgorithmName): KeyObject {
  const least = algorithm(alg).bytes ?? 0;
  if (bytes.length < least) throw new BadKey(`shorter than the ${least} bytes that ${alg} needs`);
  return createSecretKey(bytes);
}

const CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

function fits(key: KeyObject, name: AlgorithmName): boolean {
  const { kty, curve } = algorithm(name);
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return kty === 'RSA';
    case 'ec':
      return kty === 'EC' && CURVES[key.asymmetricKeyDetails?.namedCurve ?? ''] === curve;
    case 'ed25519':
      return kty === 'OKP';
    default:
      return false;
  }
}

/** Refuses RSA keys that are short, oddly made, or known to be broken. */
function sound(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType !== 'rsa') return key;
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (modulusLength < MIN_RSA_BITS || modulusLength > MAX_RSA_BITS)
    throw new BadKey(`an RSA key of ${modulusLength} bits; it must have ${MIN_RSA_BITS} to ${MAX_RSA_BITS}`);
  if (publicExponent !== 65537n) throw new BadKey('an RSA key whose exponent is not 65537');
  const { n } = key.export({ format: 'jwk' });
  if (typeof n !== 'string' || fromBrokenGenerator(Buffer.from(n, 'base64url')))
    throw new BadKey('an RSA key of the broken ROCA generator');
  return key;
}
