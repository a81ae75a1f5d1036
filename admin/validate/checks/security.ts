/** What browsers are told, which hosts and origins are served, and who may read the admin port. */
import { isSet } from '../../../config/platform.ts';
import type { Check, Said } from '../check.ts';
import { isLoopback } from '../places.ts';

const DAY = 86_400_000;
const YEAR = 365 * DAY;

const isLocalOrigin = (origin: string): boolean => isLoopback(URL.parse(origin)?.hostname ?? '');

export const security: readonly Check[] = [
  {
    id: 'hosts-empty',
    category: 'security',
    severity: 'warning',
    holds: 'The host names that are served are listed',
    reason:
      'Any name is served otherwise: links in mails, caches and redirects can be made to name the host of an attacker.',
    mend: 'Set TRUSTED_HOSTS to the names of the app, with `*.railway.internal` for its neighbours.',
    reads: ['TRUSTED_HOSTS'],
    find: ({ config }) => (config.hosts.trusted.length === 0 ? 'TRUSTED_HOSTS is empty.' : undefined),
  },
  {
    id: 'hosts-wide',
    category: 'security',
    severity: 'warning',
    holds: 'No listed host name takes in those of strangers',
    reason: '`*.up.railway.app` is the name of every tenant of the platform.',
    mend: 'Write the names out one by one.',
    reads: ['TRUSTED_HOSTS'],
    find: ({ config }) => {
      const wide = config.hosts.trusted.filter((host) =>
        /^\*\.((up\.)?railway\.app|vercel\.app|herokuapp\.com|onrender\.com|fly\.dev|github\.io|[a-z]{2,}|co\.[a-z]{2})$/.test(
          host,
        ),
      );
      return wide
        .filter((host) => host !== '*.internal')
        .map((host) => ({ message: `TRUSTED_HOSTS holds ${host}.` }));
    },
  },
  {
    id: 'hosts-own-domain',
    category: 'security',
    severity: 'critical',
    holds: "The service's own public domain is served",
    reason: 'A host that is not listed gets 421: nobody could use the service.',
    mend: 'Add the domain to TRUSTED_HOSTS.',
    reads: ['TRUSTED_HOSTS'],
    applies: ({ env, config }) => isSet(env, 'RAILWAY_PUBLIC_DOMAIN') && config.hosts.trusted.length > 0,
    find: ({ env, config }) => {
      const domain = (env.RAILWAY_PUBLIC_DOMAIN ?? '').trim().toLowerCase();
      const served = config.hosts.trusted.some((host) =>
        host.startsWith('*.') ? domain.endsWith(host.slice(1)) : domain === host,
      );
      return served ? undefined : `TRUSTED_HOSTS does not take ${domain}, which is RAILWAY_PUBLIC_DOMAIN.`;
    },
  },
  {
    id: 'cors-off',
    category: 'security',
    severity: 'warning',
    holds: 'CORS is decided at the edge',
    reason: "The app's own CORS fields pass then, such as any origin with credentials.",
    mend: 'Set ENABLE_CORS=true and list CORS_ORIGINS.',
    reads: ['ENABLE_CORS'],
    find: ({ config }) => (config.cors.enabled ? undefined : 'ENABLE_CORS is false.'),
  },
  {
    id: 'cors-empty',
    category: 'security',
    severity: 'warning',
    holds: 'The origins that may read responses are listed',
    reason: 'With none listed, no page of another origin can use the app.',
    mend: 'Set CORS_ORIGINS to the origins of your pages; an app without pages elsewhere can leave this warning be.',
    reads: ['CORS_ORIGINS', 'ENABLE_CORS'],
    applies: ({ config }) => config.cors.enabled,
    find: ({ config }) => (config.cors.origins.length === 0 ? 'CORS_ORIGINS is empty.' : undefined),
  },
  {
    id: 'cors-unsafe',
    category: 'security',
    severity: 'warning',
    holds: 'Only https pages of known origins may read responses',
    reason:
      'A page over http can be changed on the way; one on localhost is anything that runs on a visitor’s machine.',
    mend: 'List https origins, one by one.',
    reads: ['CORS_ORIGINS', 'ENABLE_CORS'],
    applies: ({ config, production }) => config.cors.enabled && production,
    find: ({ config }) =>
      config.cors.origins.flatMap((origin): Said[] => {
        if (origin === '*') return [{ message: 'CORS_ORIGINS is `*`: every site may read responses.' }];
        if (origin === 'null')
          return [{ message: 'CORS_ORIGINS holds `null`, which every sandboxed page is.' }];
        if (isLocalOrigin(origin)) return [{ message: `CORS_ORIGINS holds ${origin}, in production.` }];
        return origin.startsWith('http:')
          ? [{ message: `CORS_ORIGINS holds ${origin}, which is not https.` }]
          : [];
      }),
  },
  {
    id: 'security-headers-off',
    category: 'security',
    severity: 'warning',
    holds: 'Security headers are sent',
    reason: 'They are what keeps a browser from framing, sniffing and loading what the app never meant.',
    mend: 'Set ENABLE_SECURITY_HEADERS=true.',
    reads: ['ENABLE_SECURITY_HEADERS'],
    find: ({ config }) => (config.headers.enabled ? undefined : 'ENABLE_SECURITY_HEADERS is false.'),
  },
  {
    id: 'csp-unsafe',
    category: 'security',
    severity: 'warning',
    holds: 'The content security policy stops injected scripts',
    reason:
      "`'unsafe-inline'`, `'unsafe-eval'` or any source for scripts lets an injected script run: the policy stops nothing then.",
    mend: "Set CSP_SCRIPT_SRC to `'self'` and the hosts, hashes or nonces the pages need.",
    reads: ['CSP', 'CSP_SCRIPT_SRC', 'CSP_DEFAULT_SRC'],
    applies: ({ config }) => config.headers.enabled,
    find: ({ config: { headers } }) => unsafeScripts(headers.csp, headers.cspScript),
  },
  {
    id: 'csp-report-only',
    category: 'security',
    severity: 'warning',
    holds: 'The content security policy is in force',
    reason: 'In report mode violations are only told.',
    mend: 'Take CSP_REPORT_ONLY away once no more violations of your own pages are reported.',
    reads: ['CSP_REPORT_ONLY'],
    applies: ({ config }) => config.headers.enabled,
    find: ({ config }) => (config.headers.cspReportOnly ? 'CSP_REPORT_ONLY is true.' : undefined),
  },
  {
    id: 'hsts-short',
    category: 'security',
    severity: 'warning',
    holds: 'Browsers insist on https for a year or more',
    reason: 'Until a browser knows it, the first request can be led elsewhere over http.',
    mend: 'Set HSTS_MAX_AGE=2y, or leave it out.',
    reads: ['HSTS_MAX_AGE'],
    applies: ({ config }) => config.headers.enabled,
    find: ({ config }) =>
      config.headers.hstsMaxAge < YEAR
        ? `HSTS_MAX_AGE is ${Math.round(config.headers.hstsMaxAge / DAY)} days.`
        : undefined,
  },
  {
    id: 'cookies-unprotected',
    category: 'security',
    severity: 'recommendation',
    holds: "The app's cookies get Secure and SameSite",
    reason: 'A cookie without Secure goes over http; one without SameSite goes with requests of other sites.',
    mend: 'Leave COOKIE_SECURE and COOKIE_SAMESITE out.',
    reads: ['COOKIE_SECURE', 'COOKIE_SAMESITE'],
    find: ({ config: { headers } }) =>
      [['COOKIE_SECURE', headers.cookieSecure] as const, ['COOKIE_SAMESITE', headers.cookieSameSite] as const]
        .filter(([, value]) => value === 'keep')
        .map(([name]) => ({ message: `${name} is keep.` })),
  },
  {
    id: 'admin-token-missing',
    category: 'security',
    severity: 'warning',
    holds: 'The admin port has a token',
    reason:
      'Without one, whoever gets to loopback (in `exec`, the app itself) reads the configuration and ends sessions, and nobody else can.',
    mend: 'Set ADMIN_TOKEN to what `openssl rand -base64 48` prints.',
    reads: ['ADMIN_TOKEN', 'ADMIN_HOST'],
    find: ({ config: { listeners } }) => {
      if (listeners.adminToken !== undefined) return undefined;
      const open =
        listeners.adminHost === '::' || listeners.adminHost === '0.0.0.0' || !isLoopback(listeners.adminHost);
      return open
        ? {
            message: `ADMIN_TOKEN is not set while the admin port is open on ${listeners.adminHost}.`,
            severity: 'critical',
          }
        : 'ADMIN_TOKEN is not set.';
    },
  },
  {
    id: 'admin-public',
    category: 'security',
    severity: 'critical',
    holds: 'The admin port has no public address',
    reason:
      'Health, configuration and sessions are for the private network; a TCP proxy puts them on the internet.',
    mend: 'Remove the TCP proxy of the service, or point it elsewhere than ADMIN_PORT.',
    reads: ['ADMIN_PORT'],
    applies: ({ env }) => isSet(env, 'RAILWAY_TCP_APPLICATION_PORT'),
    find: ({ env, config }) =>
      Number(env.RAILWAY_TCP_APPLICATION_PORT) === config.listeners.adminPort
        ? 'RAILWAY_TCP_APPLICATION_PORT is ADMIN_PORT: a TCP proxy leads to the admin port.'
        : undefined,
  },
];

function unsafeScripts(csp: string | undefined, script: string): string | undefined {
  const directives = new Map(
    (csp ?? '').split(';').map((part): [string, string] => {
      const [name = '', ...rest] = part.trim().split(/\s+/);
      return [name.toLowerCase(), rest.join(' ')];
    }),
  );
  const [name, sources] =
    csp === undefined
      ? ['CSP_SCRIPT_SRC', script]
      : ['CSP', directives.get('script-src') ?? directives.get('default-src')];
  if (sources === undefined) return 'CSP has neither script-src nor default-src, so that any script may run.';
  const items = sources.split(/\s+/);
  // A nonce, a hash or strict-dynamic makes browsers ignore 'unsafe-inline'.
  const guarded = /'(?:nonce-|sha(?:256|384|512)-|strict-dynamic)/.test(sources);
  const bad = items.find(
    (item) =>
      (item === "'unsafe-inline'" && !guarded) ||
      item === "'unsafe-eval'" ||
      /^(\*|https?:|data:)$/.test(item),
  );
  return bad === undefined ? undefined : `${name} allows ${bad} for scripts.`;
}
