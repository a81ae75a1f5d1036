/** Who is believed to be whom: tokens, sessions, the lock-out, the address of the client. */
import { isSet } from '../../../config/platform.ts';
import type { Check } from '../check.ts';
import { isLoopback } from '../places.ts';

const DAY = 86_400_000;

export const identity: readonly Check[] = [
  {
    id: 'jwt-off',
    category: 'security',
    severity: 'warning',
    holds: 'Tokens are verified at the edge',
    reason:
      'With JWT_MODE=off forged and expired tokens reach the app, and sessions and revocations have no effect.',
    mend: 'Set JWT_SECRET_KEY, JWT_PUBLIC_KEY or JWT_JWKS_URL, and leave JWT_MODE out.',
    reads: ['JWT_MODE', 'JWT_SECRET_KEY', 'JWT_PUBLIC_KEY', 'JWT_JWKS_URL'],
    // That there is no key at all is a secret that is missing.
    applies: ({ env }) => isSet(env, 'JWT_MODE'),
    find: ({ config }) => (config.tokens.mode === 'off' ? 'JWT_MODE is off.' : undefined),
  },
  {
    id: 'jwt-never-expires',
    category: 'security',
    severity: 'warning',
    holds: 'Tokens must say whose they are and when they end',
    reason: 'A token without `exp` is good for ever, and so is every copy of it.',
    mend: 'Set JWT_REQUIRED_CLAIMS=sub,exp.',
    reads: ['JWT_REQUIRED_CLAIMS', 'JWT_MODE'],
    applies: ({ config }) => config.tokens.mode !== 'off',
    find: ({ config }) => {
      const missing = ['sub', 'exp'].filter((claim) => !config.tokens.requiredClaims.includes(claim));
      return missing.length === 0 ? undefined : `JWT_REQUIRED_CLAIMS leaves out ${missing.join(' and ')}.`;
    },
  },
  {
    id: 'jwt-refresh-accepted',
    category: 'security',
    severity: 'warning',
    holds: 'A refresh token gives no access',
    reason: 'Refresh tokens live for weeks; taken for access tokens they undo the short life of those.',
    mend: 'Set JWT_REFUSED_TYPES=refresh, or leave it out.',
    reads: ['JWT_REFUSED_TYPES', 'JWT_MODE'],
    applies: ({ config }) => config.tokens.mode !== 'off',
    find: ({ config }) =>
      config.tokens.refusedTypes.includes('refresh') ? undefined : 'JWT_REFUSED_TYPES does not name refresh.',
  },
  {
    id: 'jwt-clock-tolerance',
    category: 'security',
    severity: 'warning',
    holds: 'An expired token is refused within a minute',
    reason: 'The tolerance is added to the life of each token.',
    mend: 'Set JWT_CLOCK_TOLERANCE to 30s or less.',
    reads: ['JWT_CLOCK_TOLERANCE', 'JWT_MODE'],
    applies: ({ config }) => config.tokens.mode !== 'off',
    find: ({ config }) =>
      config.tokens.clockTolerance > 60_000
        ? `JWT_CLOCK_TOLERANCE is ${config.tokens.clockTolerance / 1000}s.`
        : undefined,
  },
  {
    id: 'jwt-keys-in-clear',
    category: 'security',
    severity: 'critical',
    holds: 'Public keys are fetched over TLS',
    reason: 'Whoever can change the answer of JWT_JWKS_URL on the way can sign tokens for anybody.',
    mend: 'Begin JWT_JWKS_URL with https:.',
    reads: ['JWT_JWKS_URL'],
    applies: ({ config }) => config.tokens.jwksUrl !== undefined,
    find: ({ config }) => {
      const url = config.tokens.jwksUrl;
      return url?.protocol === 'http:' && !isLoopback(url.hostname)
        ? 'JWT_JWKS_URL begins with http:.'
        : undefined;
    },
  },
  {
    id: 'jwt-public-paths',
    category: 'security',
    severity: 'critical',
    holds: 'The public paths are not everything',
    reason: 'On a public path no credential is asked for; `/*` makes all of the app public.',
    mend: 'Name the paths that are public in JWT_PUBLIC_PATHS.',
    reads: ['JWT_PUBLIC_PATHS'],
    find: ({ config }) =>
      config.tokens.publicPaths.includes('/*') ? 'JWT_PUBLIC_PATHS holds /*.' : undefined,
  },
  {
    id: 'lockout-off',
    category: 'security',
    severity: 'warning',
    holds: 'Whoever guesses is locked out',
    reason: 'Without a lock-out passwords and tokens can be tried without end.',
    mend: 'Leave AUTH_FAILURES_BEFORE_BLOCK out (20), or set it between 5 and 100.',
    reads: ['AUTH_FAILURES_BEFORE_BLOCK'],
    find: ({ config }) =>
      config.tokens.failuresBeforeBlock === 0 ? 'AUTH_FAILURES_BEFORE_BLOCK is 0.' : undefined,
  },
  {
    id: 'session-endless',
    category: 'security',
    severity: 'warning',
    holds: 'An idle session ends within a day',
    reason: 'A browser left open, or a token that was stolen, stays signed in for ever.',
    mend: 'Set SESSION_TIMEOUT_MINUTES to 1440 or less.',
    reads: ['SESSION_TIMEOUT_MINUTES', 'JWT_MODE'],
    applies: ({ config }) => config.tokens.mode !== 'off',
    find: ({ config: { sessions } }) => {
      if (sessions.idle === 0) return 'SESSION_TIMEOUT_MINUTES is 0, which is never.';
      return sessions.idle > DAY ? `SESSION_TIMEOUT_MINUTES is ${sessions.idle / 60_000}.` : undefined;
    },
  },
  {
    id: 'client-address',
    category: 'security',
    severity: 'critical',
    holds: "The client's address is taken from where it can't be forged",
    reason:
      'Limits, lock-outs and the log go by it: the wrong source makes all clients one, or lets each be anybody.',
    mend: 'On Railway leave CLIENT_IP_SOURCE and TRUSTED_PROXIES out; elsewhere name the addresses of your own proxies alone.',
    reads: ['CLIENT_IP_SOURCE', 'TRUSTED_PROXIES'],
    find: ({ config: { client }, railway, env }) => {
      if (railway && client.ipSource === 'socket')
        return 'CLIENT_IP_SOURCE is socket: behind the edge of Railway every client has the address of the edge.';
      if (railway && client.ipSource === 'x-forwarded-for')
        return 'CLIENT_IP_SOURCE is x-forwarded-for, whose last address on Railway is a changing one of the edge.';
      const anybody = client.trustedProxies.some((one) => one.endsWith('/0'));
      return !railway && anybody && isSet(env, 'TRUSTED_PROXIES')
        ? 'TRUSTED_PROXIES trusts every address, so that each client can claim any.'
        : undefined;
    },
  },
  {
    id: 'identity-headers',
    category: 'security',
    severity: 'warning',
    holds: 'Clients can not send identity headers to the app',
    reason: 'An app that believes `X-User-Id` from its proxy believes it from anybody otherwise.',
    mend: 'Leave IDENTITY_HEADERS out, or keep `X-User-*` and `X-Remote-User` in it.',
    reads: ['IDENTITY_HEADERS'],
    find: ({ config }) =>
      config.tokens.identityHeaders.length === 0 ? 'IDENTITY_HEADERS is empty.' : undefined,
  },
];
