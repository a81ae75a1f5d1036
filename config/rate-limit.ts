/** How much a client or a user may ask, where that is counted, and what is said about it. */
import { parsePathPattern } from './parse-net.ts';
import { isSet } from './platform.ts';
import { bad, bool, choice, good, int, type Parsed, pathList, quote, variable } from './var.ts';

/** A route with a limit of its own. */
export interface RateLimitRoute {
  /** Undefined for every method. */
  readonly method: string | undefined;
  /** Exact, or a prefix ending in `/*`. */
  readonly path: string;
  readonly limit: number;
  readonly windowSeconds: number;
  readonly burst: number;
}

const WINDOWS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
const MAX_ROUTES = 60;
const MAX_LIMIT = 1_000_000;
const MAX_REFILL_SECONDS = 30 * 86_400;

function parseRoute(text: string): Parsed<RateLimitRoute> {
  const form = /^(?:([A-Z]+)\s+)?(\S+?)\s*=\s*(\d{1,9})\/([smhd])(?:\s+burst\s+(\d{1,9}))?$/.exec(text);
  if (form === null) {
    return bad(
      `${quote(text)} is not a route with a limit; write \`POST /login=5/m\` or \`/api/*=100/m burst 20\``,
    );
  }
  const path = parsePathPattern(form[2] as string);
  if ('error' in path) return path;
  const limit = Number(form[3]);
  const windowSeconds = WINDOWS[form[4] as string] as number;
  const burst = form[5] === undefined ? limit : Number(form[5]);
  if (limit < 1 || limit > MAX_LIMIT || burst < 1 || burst > MAX_LIMIT) {
    return bad(`the limit and burst of ${quote(text)} must lie between 1 and ${MAX_LIMIT}`);
  }
  if ((windowSeconds / limit) * burst > MAX_REFILL_SECONDS) {
    return bad(`the burst of ${quote(text)} would take more than 30 days to refill; make it smaller`);
  }
  return good({ method: form[1], path: path.value, limit, windowSeconds, burst });
}

function parseRoutes(text: string): Parsed<readonly RateLimitRoute[]> {
  const routes: RateLimitRoute[] = [];
  const seen = new Set<string>();
  for (const part of text.split(';')) {
    const item = part.trim();
    if (item === '') continue;
    const parsed = parseRoute(item);
    if ('error' in parsed) return parsed;
    const name = `${parsed.value.method ?? '*'} ${parsed.value.path}`;
    if (seen.has(name)) return bad(`${quote(name)} is named twice; keep one`);
    seen.add(name);
    routes.push(parsed.value);
  }
  return routes.length > MAX_ROUTES
    ? bad(`more than ${MAX_ROUTES} routes; use prefixes ending in \`/*\``)
    : good(routes);
}

function showRoute({ method, path, limit, windowSeconds, burst }: RateLimitRoute): string {
  const unit = Object.keys(WINDOWS).find((one) => WINDOWS[one] === windowSeconds);
  return `${method === undefined ? '' : `${method} `}${path}=${limit}/${unit} burst ${burst}`;
}

const BACKENDS = ['memory', 'redis', 'postgres'] as const;
type Backend = (typeof BACKENDS)[number];
const NEEDS: Partial<Record<Backend, string>> = { redis: 'REDIS_URL', postgres: 'DATABASE_URL' };

export const rateLimit = {
  enabled: bool('ENABLE_RATE_LIMITING', {
    default: 'true',
    doc: 'Limits how much each client or user may ask.',
  }),
  perMinute: int('RATE_LIMIT_PER_MINUTE', {
    default: '50',
    min: 1,
    max: MAX_LIMIT,
    doc: 'Requests a minute that one user, or one address without a verified token, may go on sending.',
  }),
  burst: int('RATE_LIMIT_BURST', {
    default: '10',
    min: 1,
    max: 10_000,
    doc: 'Requests that pass at once from cold; after that one every 60 s / RATE_LIMIT_PER_MINUTE.',
  }),
  routes: variable(
    'RATE_LIMIT_ROUTES',
    {
      default: 'none',
      doc: 'Routes with a limit of their own instead of the general one; the first that matches counts.',
    },
    {
      kind: 'list of routes (`POST /login=5/m; /api/*=100/m burst 20`)',
      parse: (text) => (text === 'none' ? good<readonly RateLimitRoute[]>([]) : parseRoutes(text)),
      show: (routes) => routes.map(showRoute),
    },
  ),
  exemptPaths: pathList('RATE_LIMIT_EXEMPT_PATHS', {
    default: 'none',
    doc: 'Paths that are not counted.',
  }),
  backend: variable(
    'RATE_LIMIT_BACKEND',
    {
      default: {
        from: ({ env }) => (isSet(env, 'REDIS_URL') ? 'redis' : 'memory'),
        text: '`redis` when `REDIS_URL` is set, else `memory`',
      },
      doc: 'Where requests are counted. Only `redis` and `postgres` are shared by replicas.',
    },
    {
      kind: BACKENDS.map((one) => `\`${one}\``).join(' or '),
      parse: (text, { env }): Parsed<Backend> => {
        const found = BACKENDS.find((one) => one === text.toLowerCase());
        if (found === undefined)
          return bad(`${quote(text)} is none of its values; use ${BACKENDS.join(', ')}`);
        const needed = NEEDS[found];
        if (needed === undefined || isSet(env, needed)) return good(found);
        return bad(`is ${found} without ${needed}; set ${needed}, or use memory`);
      },
    },
  ),
  onStoreFailure: choice('RATE_LIMIT_ON_STORE_FAILURE', ['local', 'open', 'closed'], {
    default: 'local',
    doc: 'While the store is away: count in this process (`local`), let everything pass (`open`), or answer 503 (`closed`).',
  }),
  headers: choice('RATE_LIMIT_HEADERS', ['both', 'draft', 'legacy', 'off'], {
    default: 'both',
    doc: '`RateLimit` and `RateLimit-Policy` (`draft`), `X-RateLimit-*` (`legacy`), or both.',
  }),
};
