/** What no variable can be judged on alone: rules that read several, each a small named function in one list. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { corsProblems } from './cors.ts';
import { floorAboveSize, poolerNeedsDatabase } from './database.ts';
import { isSet, onRailway } from './platform.ts';
import type { Config } from './sections.ts';
import { tokenProblem } from './tokens.ts';
import type { Context } from './var.ts';

export interface Check {
  /** Variables it reads: it is skipped when one of them is bad, and its text opens with the first. */
  readonly reads: readonly [string, ...string[]];
  /** An error stops the start. */
  readonly level: 'error' | 'warning';
  /** Gives what is wrong and the mend, or undefined. */
  readonly find: (config: Config, context: Context) => string | undefined;
}

export const checks: readonly Check[] = [
  { reads: ['ADMIN_PORT', 'PORT'], level: 'error', find: portsDiffer },
  { reads: ['UPSTREAM_URL', 'PORT', 'ADMIN_PORT'], level: 'error', find: upstreamIsNotRailguard },
  { reads: ['TLS_KEY', 'TLS_CERT'], level: 'error', find: tlsNeedsBoth },
  { reads: ['TLS_KEY', 'TLS_CERT'], level: 'error', find: keyBelongsToCertificate },
  { reads: ['HEADER_TIMEOUT', 'BODY_TIMEOUT'], level: 'error', find: headerBeforeBody },
  {
    reads: [
      'CORS_ORIGINS',
      'CORS_ALLOW_CREDENTIALS',
      'CORS_ALLOWED_METHODS',
      'CORS_ALLOWED_HEADERS',
      'CORS_EXPOSED_HEADERS',
    ],
    level: 'error',
    find: corsIsSafe,
  },
  {
    reads: ['JWT_ALGORITHM', 'JWT_SECRET_KEY', 'JWT_PUBLIC_KEY', 'JWT_JWKS_URL'],
    level: 'error',
    find: ({ tokens }) => tokenProblem(tokens),
  },
  {
    reads: ['POOLER', 'DATABASE_URL'],
    level: 'error',
    find: ({ database }) => poolerNeedsDatabase(database),
  },
  {
    reads: ['DB_POOL_MIN_SIZE', 'DB_POOL_MAX_SIZE'],
    level: 'error',
    find: ({ database }) => floorAboveSize(database),
  },
  { reads: ['CLIENT_IP_SOURCE', 'TRUSTED_PROXIES'], level: 'warning', find: somebodyIsBelieved },
  { reads: ['ADMIN_TOKEN', 'ADMIN_HOST'], level: 'warning', find: adminNeedsToken },
  { reads: ['KEEPALIVE_TIMEOUT'], level: 'warning', find: outlivesTheEdge },
  { reads: ['ENVIRONMENT'], level: 'warning', find: environmentIsNamed },
];

const isLoopback = (host: string): boolean => /^(localhost\.?|127(\.\d{1,3}){3}|::1|\[::1\])$/i.test(host);

function portsDiffer({ listeners }: Config): string | undefined {
  if (listeners.port === 0 || listeners.port !== listeners.adminPort) return undefined;
  return `is ${listeners.port}, as PORT is; give it a port of its own`;
}

function upstreamIsNotRailguard({ upstream, listeners }: Config): string | undefined {
  const port = Number(upstream.url.port || (upstream.url.protocol === 'https:' ? 443 : 80));
  if (!isLoopback(upstream.url.hostname)) return undefined;
  for (const [name, own] of [
    ['PORT', listeners.port],
    ['ADMIN_PORT', listeners.adminPort],
  ] as const) {
    if (port === own) return `points at railguard's own ${name} ${own}; give the app another port`;
  }
  return undefined;
}

function tlsNeedsBoth({ listeners }: Config): string | undefined {
  if ((listeners.tlsCert === undefined) === (listeners.tlsKey === undefined)) return undefined;
  const [there, missing] = listeners.tlsKey === undefined ? ['TLS_CERT', 'TLS_KEY'] : ['TLS_KEY', 'TLS_CERT'];
  return `${there} is set without ${missing}; set both, or neither`;
}

function keyBelongsToCertificate({ listeners }: Config): string | undefined {
  if (listeners.tlsCert === undefined || listeners.tlsKey === undefined) return undefined;
  const certificate = new X509Certificate(listeners.tlsCert);
  if (certificate.checkPrivateKey(createPrivateKey(listeners.tlsKey.reveal()))) return undefined;
  return 'does not belong to the first certificate of TLS_CERT; put the leaf first, or give its key';
}

function headerBeforeBody({ limits }: Config): string | undefined {
  if (limits.headerTimeout <= limits.bodyTimeout) return undefined;
  return 'is longer than BODY_TIMEOUT; make it shorter, or BODY_TIMEOUT longer';
}

function corsIsSafe({ cors }: Config): string | undefined {
  const problems = cors.enabled ? corsProblems(cors) : [];
  return problems.length === 0 ? undefined : problems.join('; ');
}

function somebodyIsBelieved({ client }: Config): string | undefined {
  if (client.ipSource === 'socket' || client.trustedProxies.length > 0) return undefined;
  return `is ${client.ipSource}, but no peer is trusted to send it; name the proxies in TRUSTED_PROXIES`;
}

function adminNeedsToken({ listeners }: Config): string | undefined {
  if (listeners.adminToken !== undefined || isLoopback(listeners.adminHost)) return undefined;
  return 'is not set, so only health and metrics can be read from other machines; set it to read the rest';
}

function outlivesTheEdge({ limits }: Config, { env }: Context): string | undefined {
  if (!onRailway(env) || limits.keepaliveTimeout >= 65_000) return undefined;
  return "is shorter than the 60s of Railway's edge, which will meet closed connections; use 65s or more";
}

function environmentIsNamed(_config: Config, { env }: Context): string | undefined {
  if (!onRailway(env) || isSet(env, 'ENVIRONMENT')) return undefined;
  return 'is not set, so this runs as development; set ENVIRONMENT=production on a live service';
}
