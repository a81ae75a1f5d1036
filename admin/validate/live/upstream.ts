/** The app as railguard will meet it: where it listens, whether it answers, what it says of itself. */
import type { Probe, Seen } from '../check.ts';
import type { Subject } from '../subject.ts';
import { type Answer, addressesOf, connects, get, handshake } from './reach.ts';

const portOf = (url: URL): number => Number(url.port || (url.protocol === 'https:' ? 443 : 80));
const speaksHttp1 = ({ config }: Subject): boolean => config.upstream.url.protocol !== 'h2c:';
const stranger = 'https://stranger.invalid';

/** Where apps answer for their health; the first that says 2xx is it. */
const HEALTH_PATHS = ['/health', '/api/health', '/healthz', '/'];
const DISCLOSING = ['server', 'x-powered-by', 'x-aspnet-version', 'x-generator', 'via'];
const EXPECTED = ['content-security-policy', 'x-content-type-options', 'strict-transport-security'];

async function listens({ config }: Subject): Promise<Seen> {
  const { url } = config.upstream;
  const addresses = await addressesOf(url.hostname).catch(
    (error: NodeJS.ErrnoException) => error.code ?? 'EDNS',
  );
  if (typeof addresses === 'string')
    return {
      said: {
        message: `The name ${url.hostname} of UPSTREAM_URL has no address (${addresses}).`,
        mend: 'Mend the name; a private name of Railway exists inside its network alone, not in CI and not while an image is built.',
      },
    };
  const tried = await Promise.all(
    addresses.map(async ({ address, family }) => ({ family, error: await connects(address, portOf(url)) })),
  );
  const open = (family: 4 | 6): boolean =>
    tried.some((one) => one.family === family && one.error === undefined);
  const figures = {
    upstream_ipv4: family(tried, 4),
    upstream_ipv6: family(tried, 6),
  };
  if (open(4) || open(6)) return { figures };
  const codes = [...new Set(tried.map(({ error }) => error))].join(', ');
  const onlySix = tried.every((one) => one.family === 6);
  const mend = onlySix
    ? 'Let the app listen on IPv6: `uvicorn --host ::` (which is IPv6 alone) or an address for both; this network has no IPv4.'
    : 'Start the app, let it listen on every address, and name its PORT in UPSTREAM_URL.';
  return { figures, said: { message: `Nothing accepts connections at ${url.host} (${codes}).`, mend } };
}

const family = (
  tried: readonly { readonly family: 4 | 6; readonly error: string | undefined }[],
  wanted: 4 | 6,
): string => {
  const own = tried.filter((one) => one.family === wanted);
  if (own.length === 0) return 'no address';
  return own.some(({ error }) => error === undefined) ? 'listens' : (own[0]?.error ?? 'unknown');
};

async function health({ config }: Subject): Promise<Seen> {
  const answers: { path: string; status: number }[] = [];
  for (const path of HEALTH_PATHS) {
    const { status } = await get(new URL(path, config.upstream.url));
    answers.push({ path, status });
    if (status >= 200 && status < 300) return { figures: { upstream_health: { path, status } } };
  }
  const last = answers.at(-1);
  const figures = { upstream_health: last };
  const broken = answers.every(({ status }) => status >= 500);
  return broken ? { figures, said: `The app answers ${last?.status} to every health path.` } : { figures };
}

async function cors({ config }: Subject): Promise<Seen> {
  const { headers } = await get(config.upstream.url, { origin: stranger, cookie: 'railguard-validate=1' });
  const allowed = headers['access-control-allow-origin'];
  const credentials = headers['access-control-allow-credentials'] === 'true';
  const open = allowed === '*' || allowed === stranger;
  const figures = { upstream_cors: allowed === undefined ? 'none' : open ? 'any origin' : 'some origins' };
  if (!open || config.cors.enabled) return { figures };
  const how = credentials ? ', with credentials' : '';
  return { figures, said: `The app lets any origin read its responses${how}, and ENABLE_CORS is false.` };
}

async function headers({ config }: Subject): Promise<Seen> {
  const answer: Answer = await get(config.upstream.url);
  const disclosing = DISCLOSING.filter((name) => answer.headers[name] !== undefined);
  const missing = EXPECTED.filter((name) => answer.headers[name] === undefined);
  const figures = { upstream_headers: { disclosing, missing } };
  if (config.headers.enabled || (disclosing.length === 0 && missing.length === 0)) return { figures };
  const parts = [
    disclosing.length === 0 ? '' : `tells ${disclosing.join(', ')}`,
    missing.length === 0 ? '' : `sends no ${missing.join(', ')}`,
  ].filter((part) => part !== '');
  return { figures, said: `The app ${parts.join(' and ')}, and ENABLE_SECURITY_HEADERS is false.` };
}

async function certificate({ config }: Subject): Promise<Seen> {
  const { url } = config.upstream;
  const { fault, protocol, daysLeft } = await handshake(url.hostname.replace(/^\[|\]$/g, ''), portOf(url));
  const figures = { upstream_tls: { protocol, days_left: daysLeft } };
  if (fault !== undefined)
    return {
      figures,
      said: { message: `The app's certificate is not to be trusted (${fault}).`, severity: 'critical' },
    };
  return daysLeft < 14 ? { figures, said: `The app's certificate ends in ${daysLeft} days.` } : { figures };
}

export const upstream: readonly Probe[] = [
  {
    id: 'live-upstream-reachable',
    category: 'railway',
    severity: 'critical',
    holds: 'The app accepts connections',
    reason: 'railguard answers 502 while nothing listens at UPSTREAM_URL, and its health check 503.',
    mend: 'Start the app, and let it listen where UPSTREAM_URL says.',
    applies: () => true,
    look: listens,
  },
  {
    id: 'live-upstream-health',
    category: 'railway',
    severity: 'critical',
    holds: 'The app answers',
    reason: 'An app that accepts connections may still fail at every request.',
    mend: "Look at the app's own log.",
    applies: speaksHttp1,
    look: health,
  },
  {
    id: 'live-upstream-cors',
    category: 'security',
    severity: 'warning',
    holds: 'No origin but those listed can read responses',
    reason: "railguard replaces the app's CORS fields; with ENABLE_CORS=false the app's own decide.",
    mend: 'Set ENABLE_CORS=true and list CORS_ORIGINS.',
    applies: speaksHttp1,
    look: cors,
  },
  {
    id: 'live-upstream-headers',
    category: 'security',
    severity: 'warning',
    holds: 'What the app tells of itself, and what it does not send, is mended at the edge',
    reason: 'With ENABLE_SECURITY_HEADERS=false the fields of the app reach browsers as they are.',
    mend: 'Set ENABLE_SECURITY_HEADERS=true.',
    applies: speaksHttp1,
    look: headers,
  },
  {
    id: 'live-upstream-tls',
    category: 'security',
    severity: 'warning',
    holds: "The app's certificate is valid for two weeks or more",
    reason: 'railguard refuses an upstream whose certificate it can not verify.',
    mend: 'Renew the certificate, or use the private network.',
    applies: ({ config }) => config.upstream.url.protocol === 'https:',
    look: certificate,
  },
];
