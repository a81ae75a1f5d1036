import { describe, expect, it } from 'vitest';
import type { Core } from '../../../../core/core.ts';
import { Lifecycle } from '../../../../core/lifecycle.ts';
import type { Log } from '../../../../core/logger.ts';
import { Metrics } from '../../../../core/metrics.ts';
import { Redactor } from '../../../../core/redact.ts';
import { Exchange, type Filter, Reply } from '../../../../proxy/exchange.ts';
import { presentedCredential, rateLimit } from '../../../../proxy/filters/rate-limit.ts';
import { HeaderBlock } from '../../../../proxy/header-block.ts';
import { Problem } from '../../../../proxy/problem.ts';
import { openRate, type RateSettings } from '../../../../proxy/stores/limiter.ts';
import { Walk } from '../../../../proxy/walk.ts';

interface Ask {
  readonly path?: string;
  readonly method?: string;
  readonly client?: string;
  readonly headers?: readonly string[];
}

interface Setup extends Partial<RateSettings> {
  readonly exemptPaths?: readonly string[];
  readonly headers?: 'both' | 'draft' | 'legacy' | 'off';
  /** False: no token is verified anywhere. */
  readonly tokens?: boolean;
  readonly cookie?: string;
  /** Names of filters in report mode. */
  readonly report?: readonly string[];
}

const log: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  ready: () => undefined,
  enabled: () => false,
  flush: () => Promise.resolve(),
};

/** The two lines in a real walk, with a token check between them: `Bearer good-NAME` verifies, `Bearer pass` is left to the app. */
function chain(setup: Setup = {}) {
  const time = { ms: 0 };
  const core: Core = {
    log,
    metrics: new Metrics({ version: 'test' }),
    clock: { now: () => 0, monotonic: () => time.ms },
    lifecycle: new Lifecycle(),
    redactor: new Redactor({ secrets: [] }),
    version: 'test',
  };
  const settings: RateSettings = {
    perMinute: 50,
    burst: 10,
    routes: [],
    backend: 'memory',
    onStoreFailure: 'local',
    ...setup,
  };
  const rate = openRate(settings, {}, core);
  const credentials =
    setup.tokens === false ? undefined : { of: presentedCredential(setup.cookie), guard: rate.guard };
  const lines = rateLimit({
    ...rate,
    credentials,
    exemptPaths: setup.exemptPaths ?? [],
    headers: setup.headers ?? 'both',
  });
  let verifications = 0;
  const tokens: Filter = {
    name: 'jwt',
    request(x) {
      const token = presentedCredential(setup.cookie)(x)?.text;
      if (token === undefined || setup.tokens === false || token === 'Bearer pass') return undefined;
      verifications++;
      const subject = /(?:Bearer |=)good-(\w+)$/.exec(token)?.[1];
      if (token === 'Bearer later') throw new Problem('identity_unavailable');
      if (subject === undefined) throw new Problem('token_invalid');
      x.identity = { subject, claims: {} };
      return undefined;
    },
  };
  const session: Filter = {
    name: 'session',
    request(x) {
      if (x.identity?.subject === 'revoked') throw new Problem('session_revoked');
      return undefined;
    },
  };
  let forwarded = 0;
  const walk = new Walk({
    filters: [lines.byClient, tokens, session, lines.bySubject],
    forward: (x, to) => {
      forwarded++;
      const upstream = ['X-RateLimit-Limit', '7', 'ratelimit', 'theirs', 'x-ratelimit-limit', '8'];
      to.answered(x, new Reply(200, new HeaderBlock(upstream), undefined, 'upstream'));
    },
    core,
    reportOnly: new Set(setup.report ?? []),
  });
  const ask = ({ path = '/', method = 'GET', client = '203.0.113.1', headers = [] }: Ask = {}) => {
    const request = {
      kind: 'http' as const,
      version: '1.1' as const,
      method,
      target: path,
      path,
      ambiguous: false,
      authority: 'app.test',
      headers: new HeaderBlock([...headers]),
      body: undefined,
    };
    const x = new Exchange(
      request,
      { address: client, peer: client, scheme: 'http', host: '', trusted: false },
      0,
    );
    return new Promise<Reply>((resolve) => walk.start(x, { send: resolve, interim() {} }));
  };
  const statuses = async (count: number, what: Ask = {}) => {
    const seen: Record<number, number> = {};
    for (let i = 0; i < count; i++) {
      const { status } = await ask(what);
      seen[status] = (seen[status] ?? 0) + 1;
    }
    return seen;
  };
  const bearer = (token: string, more: Ask = {}): Ask => ({
    ...more,
    headers: ['Authorization', `Bearer ${token}`],
  });
  return {
    ask,
    statuses,
    bearer,
    time,
    core,
    verifications: () => verifications,
    forwarded: () => forwarded,
  };
}

describe('without tokens', () => {
  it('a client passes 10 times at once, then once every 1.2 s, and its refusals reach nobody', async () => {
    const { statuses, time, forwarded } = chain();
    expect(await statuses(40)).toEqual({ 200: 10, 429: 30 });
    expect(forwarded()).toBe(10);
    time.ms = 1199;
    expect(await statuses(1)).toEqual({ 429: 1 });
    time.ms = 1200;
    expect(await statuses(2)).toEqual({ 200: 1, 429: 1 });
  });

  it('clients do not share', async () => {
    const { statuses } = chain();
    expect(await statuses(20)).toEqual({ 200: 10, 429: 10 });
    expect(await statuses(20, { client: '203.0.113.2' })).toEqual({ 200: 10, 429: 10 });
  });

  it('addresses of one IPv6 /64 are one client, the next /64 another; IPv4 in IPv6 is IPv4 (D35)', async () => {
    const { ask, statuses } = chain({ perMinute: 5, burst: 5 });
    const one = ['2001:db8:1:2::1', '2001:DB8:1:2:0:0:0:2', '2001:db8:1:2:ffff::3'];
    const seen: number[] = [];
    for (let i = 0; i < 20; i++) seen.push((await ask({ client: one[i % 3] as string })).status);
    expect(seen).toEqual([...Array(5).fill(200), ...Array(15).fill(429)]);
    expect(await statuses(1, { client: '2001:db8:1:3::1' })).toEqual({ 200: 1 });
    const mapped = ['::ffff:203.0.113.7', '203.0.113.7'];
    const other: number[] = [];
    for (let i = 0; i < 20; i++) other.push((await ask({ client: mapped[i % 2] as string })).status);
    expect(other).toEqual([...Array(5).fill(200), ...Array(15).fill(429)]);
  });

  it('an Authorization field changes nothing when nobody verifies it', async () => {
    const { ask } = chain({ tokens: false });
    const seen: number[] = [];
    for (let i = 0; i < 20; i++) seen.push((await ask({ headers: ['Authorization', `Bearer ${i}`] })).status);
    expect(seen.filter((status) => status === 200)).toHaveLength(10);
  });
});

describe('what is said', () => {
  const of = (reply: Reply, name: string) => reply.headers.getAll(name);

  it('both families of fields stand on a response that passed, once each, whatever the app said', async () => {
    const { ask } = chain();
    const reply = await ask();
    expect(of(reply, 'ratelimit-policy')).toEqual(['"default";q=50;w=60']);
    expect(of(reply, 'ratelimit')).toEqual(['"default";r=9;t=2']);
    expect(of(reply, 'x-ratelimit-limit')).toEqual(['50']);
    expect(of(reply, 'x-ratelimit-remaining')).toEqual(['9']);
    expect(of(reply, 'x-ratelimit-reset')).toEqual(['2']);
    expect(of(reply, 'retry-after')).toEqual([]);
  });

  it('a refusal names the policy that was violated and a wait that is enough', async () => {
    const { ask, statuses, time } = chain();
    await statuses(10);
    time.ms = 100;
    const reply = await ask();
    expect(reply.status).toBe(429);
    expect(of(reply, 'retry-after')).toEqual(['2']);
    expect(of(reply, 'ratelimit')).toEqual(['"default";r=0;t=2']);
    expect(of(reply, 'x-ratelimit-reset')).toEqual(['12']);
    expect(JSON.parse(reply.body as string)).toMatchObject({
      type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
      status: 429,
      code: 'rate_limited',
      'violated-policies': ['default'],
    });
    time.ms = 100 + 2000;
    expect((await ask()).status).toBe(200);
  });

  it('Retry-After is never early, at whatever moment it is asked for', async () => {
    const { ask, statuses, time } = chain({ perMinute: 7, burst: 3 });
    await statuses(3);
    for (let i = 0; i < 200; i++) {
      time.ms += 137.31;
      const reply = await ask();
      if (reply.status === 200) continue;
      const wait = Number(reply.headers.get('retry-after'));
      expect(wait).toBeGreaterThanOrEqual(Number(/t=(\d+)/.exec(reply.headers.get('ratelimit') ?? '')?.[1]));
      time.ms += wait * 1000;
      expect((await ask()).status).toBe(200);
    }
  });

  it.each([
    ['draft', 1, 0],
    ['legacy', 0, 1],
    ['off', 0, 0],
  ] as const)('the operator may have %s alone', async (headers, draft, legacy) => {
    const { ask } = chain({ headers });
    const reply = await ask();
    expect(of(reply, 'ratelimit-policy')).toHaveLength(draft);
    expect(of(reply, 'x-ratelimit-remaining')).toHaveLength(legacy);
  });
});

describe('routes and exempt paths', () => {
  const routes = [
    { method: 'POST', path: '/login', limit: 5, windowSeconds: 60, burst: 5 },
    { method: 'GET', path: '/search', limit: 2, windowSeconds: 1, burst: 2 },
    { method: undefined, path: '/api/*', limit: 3, windowSeconds: 3600, burst: 3 },
  ];

  it('a route has its own budget instead of the general one', async () => {
    const { statuses, ask } = chain({ routes });
    expect(await statuses(8, { path: '/login', method: 'POST' })).toEqual({ 200: 5, 429: 3 });
    expect(await statuses(4, { path: '/api/x', method: 'PUT' })).toEqual({ 200: 3, 429: 1 });
    expect(await statuses(4, { path: '/api/y' })).toEqual({ 429: 4 });
    expect(await statuses(20, { path: '/login' })).toEqual({ 200: 10, 429: 10 });
    const reply = await ask({ path: '/login', method: 'POST' });
    expect(reply.headers.get('ratelimit-policy')).toBe('"POST /login";q=5;w=60');
    expect(JSON.parse(reply.body as string)['violated-policies']).toEqual(['POST /login']);
  });

  it('HEAD counts where GET does', async () => {
    const { statuses } = chain({ routes });
    expect(await statuses(1, { path: '/search', method: 'HEAD' })).toEqual({ 200: 1 });
    expect(await statuses(2, { path: '/search' })).toEqual({ 200: 1, 429: 1 });
  });

  it('an exempt path is neither counted nor labelled, with a bad token too', async () => {
    const { statuses, ask, bearer } = chain({ exemptPaths: ['/status', '/static/*'] });
    expect(await statuses(50, { path: '/status' })).toEqual({ 200: 50 });
    expect(await statuses(50, bearer('garbage', { path: '/static/a' }))).toEqual({ 401: 50 });
    expect((await ask({ path: '/status' })).headers.has('ratelimit-policy')).toBe(false);
    expect(await statuses(10)).toEqual({ 200: 10 });
  });
});

describe('with tokens', () => {
  it('a user has one budget, from whatever addresses', async () => {
    const { ask, bearer } = chain();
    const seen: number[] = [];
    for (let i = 0; i < 15; i++)
      seen.push((await ask(bearer('good-ann', { client: `203.0.113.${i}` }))).status);
    expect(seen).toEqual([...Array(10).fill(200), ...Array(5).fill(429)]);
  });

  it('a request is counted once: neither the address nor another policy pays for a user', async () => {
    const { ask, bearer, statuses } = chain();
    const reply = await ask(bearer('good-ann'));
    expect(reply.headers.get('ratelimit')).toBe('"default";r=9;t=2');
    expect(await statuses(20)).toEqual({ 200: 10, 429: 10 });
  });

  it('users behind one address do not share, nor does the address that spent its own budget stop them', async () => {
    const { bearer, statuses } = chain();
    expect(await statuses(30)).toEqual({ 200: 10, 429: 20 });
    for (let i = 0; i < 50; i++)
      expect(await statuses(11, bearer(`good-user${i}`))).toEqual({ 200: 10, 429: 1 });
  });

  it('credentials that fail are limited by address before they are verified', async () => {
    const { statuses, bearer, verifications, time, ask } = chain();
    expect(await statuses(200, bearer('garbage'))).toEqual({ 401: 10, 429: 190 });
    expect(verifications()).toBe(10);
    const reply = await ask(bearer('other-garbage'));
    expect(reply.headers.get('ratelimit-policy')).toBe('"credentials";q=50;w=60');
    expect(reply.headers.get('retry-after')).toBe('2');
    time.ms = 1200;
    expect(await statuses(2, bearer('garbage'))).toEqual({ 401: 1, 429: 1 });
  });

  it('a user who was verified before passes while a neighbour floods their address with bad credentials', async () => {
    const { statuses, bearer, ask } = chain();
    expect((await ask(bearer('good-ann'))).status).toBe(200);
    await statuses(100, bearer('garbage'));
    expect(await statuses(9, bearer('good-ann'))).toEqual({ 200: 9 });
  });

  it('a credential that was good and fails now is no longer waved through', async () => {
    const { statuses, bearer, verifications } = chain();
    const seen = await statuses(100, bearer('good-revoked'));
    expect(seen).toEqual({ 401: 10, 429: 90 });
    expect(verifications()).toBe(10);
  });

  it('a credential nobody judges is counted by address', async () => {
    const { statuses, bearer } = chain();
    expect(await statuses(15, bearer('pass'))).toEqual({ 200: 10, 429: 5 });
    expect(await statuses(5)).toEqual({ 429: 5 });
  });

  it('a client does not pay when its credential could not be checked', async () => {
    const { statuses, bearer } = chain();
    expect(await statuses(30, bearer('later'))).toEqual({ 503: 30 });
  });

  it('the token cookie is a credential as the Authorization field is', async () => {
    const { ask, statuses } = chain({ cookie: 'token' });
    const cookie = (value: string): Ask => ({ headers: ['Cookie', `a=b; token=${value}; c=d`] });
    await statuses(20);
    expect((await ask(cookie('good-ann'))).status).toBe(200);
    expect(await statuses(20, cookie('garbage'))).toEqual({ 401: 10, 429: 10 });
    expect(await statuses(1, { headers: ['Cookie', 'xtoken=good-ann'] })).toEqual({ 429: 1 });
  });

  it('subjects that are long or odd have budgets of their own', async () => {
    const { statuses, bearer } = chain();
    const long = 'x'.repeat(3000);
    expect(await statuses(11, bearer(`good-${long}a`))).toEqual({ 200: 10, 429: 1 });
    expect(await statuses(11, bearer(`good-${long}b`))).toEqual({ 200: 10, 429: 1 });
  });

  it('a subject can not be spelled so that it is an address', async () => {
    const { statuses, bearer } = chain();
    await statuses(10, bearer('good-203'));
    expect(await statuses(10, { client: '203' })).toEqual({ 200: 10 });
  });
});

describe('in report mode', () => {
  it('all passes, is counted once, and what would have been refused is known', async () => {
    const { statuses, bearer, core } = chain({ report: ['rate-limit'] });
    expect(await statuses(20)).toEqual({ 200: 20 });
    expect(await statuses(20, bearer('good-ann'))).toEqual({ 200: 20 });
    const { body } = await core.metrics.render(undefined);
    expect(body).toContain(
      'railguard_refusals_total{filter="rate-limit",code="rate_limited",mode="report"} 20',
    );
  });
});

describe('metrics', () => {
  it('count decisions by who made them', async () => {
    const { statuses, core } = chain();
    await statuses(15);
    const { body } = await core.metrics.render(undefined);
    expect(body).toContain('railguard_rate_limit_total{decision="allowed",store="memory"} 10');
    expect(body).toContain('railguard_rate_limit_total{decision="limited",store="memory"} 5');
  });
});
