/** Sessions and revocations that two processes share through a real Redis, and what happens when it is gone. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { closeRedis, openRedis, type Redis } from '../../core/redis.ts';
import { Lockout } from '../../proxy/identity/lockout.ts';
import { RedisRevocations } from '../../proxy/stores/revocations/redis.ts';
import { RedisSessions } from '../../proxy/stores/sessions/redis.ts';
import { Upstream } from '../conformance/upstream.ts';
import { leaks } from '../harness/leaks.ts';
import { until } from '../harness/ports.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { RedisServer } from '../harness/redis-server.ts';
import { claims, hs, type Json, SECRET } from '../harness/tokens.ts';
import { keptLog } from '../unit/core/lines.ts';
import { revocationStoreSuite } from '../unit/proxy/stores/revocations/suite.ts';
import { sessionStoreSuite } from '../unit/proxy/stores/sessions/suite.ts';

let server: RedisServer;
let redis: Redis;
beforeAll(async () => {
  server = await RedisServer.start();
  redis = await openRedis(server.url, keptLog().log);
  await until('the client is connected', 5000, () => redis.status === 'ready');
});
afterAll(async () => {
  await closeRedis(redis);
  await server.stop();
});

const GRACE = 60_000;
sessionStoreSuite('Redis', (rules) => new RedisSessions(redis, rules, GRACE), GRACE);
let serial = 0;
revocationStoreSuite('Redis', () => new RedisRevocations(redis, `revocations of test ${serial++}`));

describe('the lock-out', () => {
  const open = (client: Redis) =>
    new Lockout({ failures: 4, window: 600_000, block: 900_000, clock: systemClock, redis: client });

  it('counts the failures of all replicas together', async () => {
    const [a, b] = [open(redis), open(redis)];
    for (const one of [a, b, a]) expect(await one.failed('c', 'p')).toBe(false);
    expect(await b.failed('c', 'p')).toBe(true);
    expect(b.remaining('c', 'p')).toBeGreaterThan(890_000);
    expect(await a.failed('c', 'p')).toBe(true);
    expect(a.remaining('c', 'p')).toBeGreaterThan(890_000);
    expect(a.remaining('c', 'q')).toBe(0);
  });

  it('goes on counting in memory while Redis is away', async () => {
    const away = await openRedis('redis://127.0.0.1:1', keptLog().log);
    const lockout = open(away);
    const blocked: boolean[] = [];
    for (let i = 0; i < 4; i++) blocked.push(await lockout.failed('c', 'p'));
    expect(blocked).toEqual([false, false, false, true]);
    await closeRedis(away);
  });
});

describe('two processes', () => {
  const ADMIN_TOKEN = 'an-admin-token-of-the-tests-of-32-or-more';
  let own: RedisServer;
  let app: Upstream;
  let both: Railguard[];
  const presented = new Set<string>();
  beforeEach(async () => {
    [own, app] = await Promise.all([RedisServer.start(), Upstream.start()]);
  });
  afterEach(async () => {
    await Promise.all(both.map((one) => one.kill()));
    await Promise.all([own.stop(), app.stop()]);
    const emitted = both.flatMap(({ child }) => [...child.stdout, ...child.stderr]);
    expect(leaks(emitted, [...presented, SECRET, ADMIN_TOKEN])).toEqual([]);
  });

  const start = async (env: Readonly<Record<string, string>> = {}): Promise<[Railguard, Railguard]> => {
    const options = {
      env: {
        ...{ UPSTREAM_URL: `http://127.0.0.1:${app.port}`, JWT_SECRET_KEY: SECRET, REDIS_URL: own.url },
        ...{ ADMIN_TOKEN, LOG_LEVEL: 'info', ...env },
      },
      wait: 'listening' as const,
    };
    const pair: [Railguard, Railguard] = [await startRailguard(options), await startRailguard(options)];
    both = pair;
    return pair;
  };

  const ask = async ({ url }: Railguard, token: string): Promise<number | string> => {
    presented.add(token);
    const answer = await fetch(`${url}/a`, {
      headers: { authorization: `Bearer ${token}`, connection: 'close' },
    });
    const text = await answer.text();
    return answer.status === 200 ? 200 : ((JSON.parse(text) as Json).code as string);
  };

  const admin = (railguard: Railguard, method: string, path: string, body?: Json): Promise<Response> =>
    fetch(`${railguard.adminUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, connection: 'close' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  const metric = async (railguard: Railguard, store: string): Promise<string | undefined> => {
    const text = await (await fetch(`${railguard.adminUrl}/metrics`)).text();
    return new RegExp(`railguard_identity_store_up\\{store="${store}"\\} (\\d)`).exec(text)?.[1];
  };

  it('agree on who is idle, who is one too many and who was ended', async () => {
    const [a, b] = await start({ SESSION_TIMEOUT_MINUTES: '0.05', MAX_CONCURRENT_SESSIONS: '2' });
    const [idle, busy, third, fourth] = [
      hs(claims()),
      hs(claims({ sub: 'busy' })),
      hs(claims()),
      hs(claims()),
    ];
    expect(await ask(a, idle)).toBe(200);
    for (let i = 0; i < 9; i++) {
      expect(await ask(i % 2 === 0 ? a : b, busy)).toBe(200);
      await sleep(400);
    }
    expect(await ask(b, idle)).toBe('session_expired');
    expect(await ask(a, idle)).toBe('session_expired');
    expect(await ask(a, busy)).toBe(200);
    const fifth = hs(claims());
    expect(await ask(a, third)).toBe(200);
    expect(await ask(b, fourth)).toBe(200);
    expect(await ask(b, fifth)).toBe(200);
    await until(
      'the other process hears of it',
      2000,
      async () => (await ask(a, third)) === 'session_revoked',
    );
    expect(await ask(b, third)).toBe('session_revoked');
    const { sessions } = (await (await admin(a, 'GET', '/sessions')).json()) as {
      sessions: { id: string }[];
    };
    expect(sessions.length).toBe(3);
  });

  it('hear of revocations within a second, and know them after a restart', async () => {
    const [a, b] = await start();
    const now = Math.floor(Date.now() / 1000);
    const token = hs(claims({ sub: 'ada', iat: now - 60, jti: 'lost' }));
    expect(await ask(a, token)).toBe(200);
    expect(await ask(b, token)).toBe(200);
    expect((await admin(a, 'POST', '/revocations', { sub: 'ada', reason: 'left' })).status).toBe(201);
    expect(await ask(a, token)).toBe('session_revoked');
    await until(
      'the other process hears of it',
      1500,
      async () => (await ask(b, token)) === 'session_revoked',
    );
    await Promise.all(both.map((one) => one.kill()));
    const [c] = await start();
    expect(await ask(c, token)).toBe('session_revoked');
    expect(await ask(c, hs(claims({ sub: 'ada', iat: now + 30 })))).toBe(200);
  });

  it('go on with the sessions they know while Redis is gone, and refuse tokens nobody can vouch for', async () => {
    const [a, b] = await start();
    const [known, strange] = [hs(claims()), hs(claims())];
    expect(await ask(a, known)).toBe(200);
    expect(await metric(a, 'revocations')).toBe('1');
    await own.stop();
    await until(
      'both notice',
      3000,
      async () => (await metric(a, 'revocations')) === '0' && (await metric(b, 'revocations')) === '0',
    );
    expect(await ask(a, known)).toBe(200);
    expect(await ask(a, strange)).toBe('store_unavailable');
    expect(await ask(b, known)).toBe('store_unavailable');
    expect((await fetch(`${a.url}/a`)).status).toBe(200);
    for (const [method, path, body] of [
      ['POST', '/revocations', { sub: 'x' }],
      ['GET', '/sessions', undefined],
    ] as const)
      expect((await admin(a, method, path, body)).status).toBe(503);
    await own.start();
    await until('tokens pass again', 5000, async () => (await ask(a, strange)) === 200);
    expect(await metric(a, 'revocations')).toBe('1');
    const levels = a
      .logs()
      .filter(({ event_type }) => event_type === 'session')
      .map(({ level }) => level);
    expect(levels).toContain('error');
  });

  it('remember revocations that Redis lost', async () => {
    const [a, b] = await start();
    const token = hs(claims({ jti: 'lost' }));
    expect((await admin(a, 'POST', '/revocations', { jti: 'lost' })).status).toBe(201);
    await until(
      'the other process hears of it',
      1500,
      async () => (await ask(b, token)) === 'session_revoked',
    );
    await a.kill();
    await own.stop();
    await own.start();
    await until('it is there again', 5000, async () => (await metric(b, 'revocations')) === '1');
    await sleep(1000);
    const fresh = await startRailguard({
      env: { UPSTREAM_URL: `http://127.0.0.1:${app.port}`, JWT_SECRET_KEY: SECRET, REDIS_URL: own.url },
    });
    both = [fresh, b];
    expect(await ask(fresh, token)).toBe('session_revoked');
  });

  it('hold no request for a Redis that hangs', async () => {
    const [a] = await start({ SESSION_TIMEOUT_MINUTES: '10' });
    const tokens = Array.from({ length: 20 }, () => hs(claims()));
    for (const token of tokens) expect(await ask(a, token)).toBe(200);
    own.pause();
    const started = performance.now();
    for (const token of tokens) expect(await ask(a, token)).toBe(200);
    for (let i = 0; i < 20; i++) expect([200, 'store_unavailable']).toContain(await ask(a, hs(claims())));
    expect(performance.now() - started).toBeLessThan(3000);
    own.resume();
  });
});
