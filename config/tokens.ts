/** Which tokens are believed, what they must say, and what a client may not say of itself. */
import { createPublicKey } from 'node:crypto';
import { parsePathPattern } from './parse-net.ts';
import { readPem } from './pem.ts';
import { isSet } from './platform.ts';
import {
  bad,
  choices,
  duration,
  type Env,
  good,
  int,
  list,
  type Parsed,
  pathList,
  quote,
  secret,
  string,
  url,
  variable,
} from './var.ts';

export const TOKEN_ALGORITHMS = [
  ...(['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA'] as const),
] as const;

const keyIsSet = (env: Env): boolean =>
  ['JWT_SECRET_KEY', 'JWT_PUBLIC_KEY', 'JWT_JWKS_URL'].some((name) => isSet(env, name));

const MODES = ['off', 'verify', 'openapi', 'require'] as const;
type Mode = (typeof MODES)[number];

function parseMode(text: string, env: Env): Parsed<Mode> {
  const mode = MODES.find((one) => one === text.toLowerCase());
  if (mode === undefined) return bad(`${quote(text)} is none of its values; use ${MODES.join(', ')}`);
  if (mode === 'off' || keyIsSet(env)) return good(mode);
  return bad(`is ${mode} without a key; set JWT_SECRET_KEY, JWT_PUBLIC_KEY or JWT_JWKS_URL`);
}

function parseKeyPattern(text: string): Parsed<RegExp | undefined> {
  if (text.toLowerCase() === 'off') return good(undefined);
  if (!text.startsWith('^') || !text.endsWith('$'))
    return bad(`${quote(text)} must take the whole key: begin it with \`^\` and end it with \`$\``);
  try {
    return good(new RegExp(text));
  } catch {
    return bad(`${quote(text)} is not a regular expression; write one such as \`^mk-[A-Za-z0-9_-]{43}$\``);
  }
}

const fieldName = (item: string): string | undefined =>
  /^[A-Za-z0-9-]+\*?$/.test(item)
    ? undefined
    : `${quote(item)} is not a field name; use X-User-Id or X-User-*`;

const claimName = (item: string): string | undefined =>
  item.length <= 64 && !/["\\]/.test(item) ? undefined : `${quote(item)} is not a claim's name`;

export const tokens = {
  mode: variable(
    'JWT_MODE',
    {
      default: {
        from: ({ env }) => (keyIsSet(env) ? 'verify' : 'off'),
        text: '`verify` once a key is set, else `off`',
      },
      doc: '`verify` refuses bad tokens and lets other credentials pass; `require` lets nothing pass without a token or an API key; `openapi` asks where the app says so.',
    },
    { kind: MODES.map((one) => `\`${one}\``).join(' or '), parse: (text, { env }) => parseMode(text, env) },
  ),
  secretKey: secret('JWT_SECRET_KEY', {
    min: 32,
    unit: 'bytes',
    doc: 'Secret of HS256, HS384 or HS512 tokens: the one the app signs with.',
  }),
  publicKey: variable(
    'JWT_PUBLIC_KEY',
    { doc: 'Public key of RS, PS, ES or EdDSA tokens.' },
    {
      kind: 'path or PEM',
      parse: (text, context) => {
        const pem = readPem(text, context);
        if ('error' in pem) return pem;
        if (pem.value.includes('PRIVATE KEY'))
          return bad('is a private key; railguard needs the public one alone');
        try {
          createPublicKey(pem.value);
          return pem;
        } catch {
          return bad('is not a public key; give PEM that begins with `-----BEGIN PUBLIC KEY-----`');
        }
      },
      show: () => '[set]',
    },
  ),
  jwksUrl: url('JWT_JWKS_URL', {
    schemes: ['https', 'http'],
    doc: 'Where the identity provider publishes its keys.',
  }),
  algorithms: choices('JWT_ALGORITHM', TOKEN_ALGORITHMS, {
    default: {
      from: ({ env }) => (keyIsSet(env) && !isSet(env, 'JWT_SECRET_KEY') ? 'RS256,ES256,EdDSA' : 'HS256'),
      text: '`HS256`; `RS256,ES256,EdDSA` when there are public keys alone',
    },
    doc: 'Algorithms that are accepted. A key is bound to the first of them that fits it.',
  }),
  issuers: list('JWT_ISSUER', { default: 'none', doc: 'Accepted values of `iss`; any when empty.' }),
  audiences: list('JWT_AUDIENCE', { default: 'none', doc: 'Accepted values of `aud`; any when empty.' }),
  clockTolerance: duration('JWT_CLOCK_TOLERANCE', {
    default: '0s',
    max: '5m',
    doc: 'How far the clocks of issuer and railguard may be apart.',
  }),
  requiredClaims: list('JWT_REQUIRED_CLAIMS', {
    default: 'sub,exp',
    check: claimName,
    doc: 'Claims that a token must have.',
  }),
  refusedTypes: list('JWT_REFUSED_TYPES', {
    default: 'refresh',
    doc: 'Kinds of token (`type`, `token_type`, `token_use` or `typ`) that give no access.',
  }),
  publicPaths: pathList('JWT_PUBLIC_PATHS', {
    default: 'none',
    doc: 'Paths that are open: no credential is asked for, and one that is no good counts as none.',
  }),
  loginPaths: variable(
    'AUTH_LOGIN_PATHS',
    {
      default: '/login,/signin,/auth/login,/api/login,/api/auth/login,/api/v1/auth/login',
      doc: 'Paths where the app takes passwords: its 401 there counts as a failure of the client, and an old token keeps nobody from signing in.',
    },
    {
      kind: 'list of paths',
      parse: (text): Parsed<readonly string[]> => parsePaths(text),
    },
  ),
  identityHeaders: list('IDENTITY_HEADERS', {
    default: 'X-User-*,X-Auth-*,X-Authenticated-*,X-Remote-User',
    check: fieldName,
    doc: 'Fields that no client may send to the app.',
  }),
  cookie: string('JWT_COOKIE', {
    check: (text) =>
      /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text) ? undefined : `${quote(text)} is not a cookie's name`,
    doc: 'Cookie that may hold the token; one in the Authorization field must agree with it.',
  }),
  keyPattern: variable(
    'API_KEY_PATTERN',
    {
      default: '^mk-[A-Za-z0-9_-]{43}$',
      doc: "What the app's API keys look like; a bearer that begins like one and is none is refused. `off` for none.",
    },
    {
      kind: 'regular expression or `off`',
      parse: (text) => parseKeyPattern(text),
      show: (pattern) => pattern?.source ?? 'off',
    },
  ),
  failuresBeforeBlock: int('AUTH_FAILURES_BEFORE_BLOCK', {
    default: '20',
    min: 0,
    max: 10_000,
    doc: 'Failed attempts within 10 minutes after which a client is blocked; 0 never blocks.',
  }),
  blockTime: duration('AUTH_BLOCK_TIME', {
    default: '15m',
    min: '1s',
    max: '24d',
    doc: 'How long a blocked client stays blocked.',
  }),
};

function parsePaths(text: string): Parsed<readonly string[]> {
  const paths: string[] = [];
  for (const item of text === 'none' ? [] : text.split(',')) {
    const path = parsePathPattern(item.trim());
    if ('error' in path) return path;
    paths.push(path.value);
  }
  return good(paths);
}

const HMAC_BYTES: Readonly<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 };
const CURVE_ALGORITHMS: Readonly<Record<string, string>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

interface TokenKeys {
  readonly algorithms: readonly string[];
  readonly secretKey: { reveal(): string } | undefined;
  readonly publicKey: string | undefined;
  readonly jwksUrl: URL | undefined;
}

/** Gives why a key could verify nothing, or an algorithm has no key. */
export function tokenProblem({ algorithms, secretKey, publicKey, jwksUrl }: TokenKeys): string | undefined {
  const hmac = algorithms.find((name) => name in HMAC_BYTES);
  if (secretKey === undefined && publicKey === undefined && jwksUrl === undefined) return undefined;
  if (secretKey === undefined) {
    if (hmac !== undefined) return `has ${hmac} without JWT_SECRET_KEY; set it, or leave ${hmac} out`;
  } else {
    if (hmac === undefined) return 'has no HS algorithm, so JWT_SECRET_KEY verifies nothing; add HS256';
    const least = HMAC_BYTES[hmac] as number;
    if (Buffer.byteLength(secretKey.reveal()) < least)
      return `has ${hmac}, which needs a JWT_SECRET_KEY of at least ${least} bytes`;
  }
  if (publicKey === undefined) return undefined;
  const fitting = fittingAlgorithms(publicKey);
  if (typeof fitting === 'string') return fitting;
  if (algorithms.some((name) => fitting.includes(name))) return undefined;
  return `has none that fits JWT_PUBLIC_KEY; add ${fitting[0]}`;
}

/** The algorithms of a key, or why it can't be used. */
function fittingAlgorithms(pem: string): readonly string[] | string {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details = {} } = createPublicKey(pem);
  if (type === 'ed25519') return ['EdDSA'];
  if (type === 'ec') return [CURVE_ALGORITHMS[details.namedCurve ?? ''] ?? 'ES256'];
  if (type !== 'rsa') return 'can not use a JWT_PUBLIC_KEY of this kind; use RSA, EC or Ed25519';
  if ((details.modulusLength ?? 0) < 2048) return 'can not use a JWT_PUBLIC_KEY of less than 2048 bits';
  if (details.publicExponent !== 65537n) return 'can not use a JWT_PUBLIC_KEY whose exponent is not 65537';
  return ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
}
