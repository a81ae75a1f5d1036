/** One suite for the three stores: memory, a real Redis and a real PostgreSQL decide alike, on clocks of their own. */
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import type { Log } from '../../core/logger.ts';
import { closeRedis, openRedis, type Redis, redisSettled } from '../../core/redis.ts';
import { type Decision, definePolicy } from '../../proxy/stores/gcra.ts';
import { MemoryStore } from '../../proxy/stores/memory.ts';
import { PostgresStore, RATE_LIMIT_DDL } from '../../proxy/stores/postgres.ts';
import { RedisStore } from '../../proxy/stores/redis.ts';
import type { Store } from '../../proxy/stores/store.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres-server.ts';
import { RedisServer } from '../harness/redis-server.ts';
import { Reference, schedules } from '../unit/proxy/stores/reference.ts';

const quiet: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  ready: () => undefined,
  enabled: () => false,
  flush: () => Promise.resolve(),
};
const standard = definePolicy('default', 50, 60, 10);
let redisServer: RedisServer;
let redis: Redis;
let postgres: PostgresServer;
let pool: pg.Pool;
let serial = 0;
/** A key nobody used before. */
const fresh = () => `key ${serial++}`;

beforeAll(async () => {
  [redisServer, postgres] = await Promise.all([RedisServer.start(), startPostgres()]);
  redis = await openRedis(redisServer.url, quiet);
  await redisSettled(redis, 2000);
  pool = new pg.Pool({ connectionString: postgres.url, max: 8 });
  pool.on('error', () => {});
  await pool.query('CREATE SCHEMA railguard');
  await pool.query(RATE_LIMIT_DDL);
  await pool.query(RATE_LIMIT_DDL);
});
afterAll(async () => {
  await closeRedis(redis);
  await pool.end();
  await redisServer.stop();
  await postgres.stop();
});

const stores: [string, () => Store, number][] = [
  ['memory', () => new MemoryStore(systemClock, 1000), 150],
  ['redis', () => new RedisStore(redis), 60],
  ['postgres', () => new PostgresStore(pool), 25],
];

describe.each(stores)('the %s store', (_name, open, runs) => {
  let store: Store;
  let start: number;
  beforeAll(() => {
    store = open();
    // Ahead of every clock, so that nothing expires in the middle of a schedule.
    start = (Date.now() + 3_600_000) * 1000;
  });
  afterAll(() => store.close());

  it('admits exactly what the reference admits, whatever the schedule', async () => {
    await fc.assert(
      fc.asyncProperty(schedules(60), async ({ policy, arrivals }) => {
        const run = fresh();
        const models = new Map(['a', 'b', 'c'].map((key) => [key, new Reference(policy)]));
        for (const { key, at } of arrivals) {
          const model = models.get(key) as Reference;
          const given = await store.decide(`${run}${key}`, policy, start + at);
          expect(given.allowed).toBe(model.request(at));
          expect(given.remaining).toBe(model.remaining(at));
        }
      }),
      { numRuns: runs },
    );
  });

  it('agrees with memory on every figure of a decision', async () => {
    const memory = new MemoryStore(systemClock, 10);
    const key = fresh();
    for (let i = 0; i < 200; i++) {
      const now = start + i * 317_003;
      expect(await store.decide(key, standard, now)).toEqual(memory.decide('key', standard, now));
    }
  });

  it('lets exactly 10 of 1,000 concurrent requests pass, on its own clock', async () => {
    const key = fresh();
    const began = performance.now();
    const answers = await Promise.all(Array.from({ length: 1000 }, () => store.decide(key, standard)));
    const most = 10 + Math.floor((performance.now() - began) / 1200);
    const allowed = answers.filter((answer) => answer.allowed).length;
    expect(allowed).toBeGreaterThanOrEqual(10);
    expect(allowed).toBeLessThanOrEqual(most);
    for (const answer of answers) {
      expect(answer.retryAfterMs).toBeGreaterThan(0);
      expect(answer.retryAfterMs).toBeLessThanOrEqual(1200);
    }
  });

  it('lets a request pass after exactly the wait it named, on its own clock', async () => {
    const policy = definePolicy('quick', 10, 1, 1);
    const key = fresh();
    await store.decide(key, policy);
    const refused = await store.decide(key, policy);
    expect(refused).toMatchObject({ allowed: false, remaining: 0 });
    await new Promise((resolve) => setTimeout(resolve, Math.ceil(refused.retryAfterMs) + 1));
    expect((await store.decide(key, policy)).allowed).toBe(true);
  });

  it('holds nobody longer than a burst when its clock steps back a day', async () => {
    const key = fresh();
    for (let i = 0; i < 10; i++) await store.decide(key, standard, start + 86_400e6);
    const refused = await store.decide(key, standard, start);
    expect(refused).toMatchObject({ allowed: false, retryAfterMs: 1200, resetMs: 12_000 });
  });

  it('takes keys of odd characters and keeps policies of one key apart', async () => {
    const other = definePolicy('POST /a;b', 1, 60, 1);
    const key = `s:${fresh()} ' -- "\\ é 一 {x}`;
    const answers: Decision[] = [];
    for (const policy of [other, standard, other]) answers.push(await store.decide(key, policy, start));
    expect(answers.map((answer) => answer.allowed)).toEqual([true, true, false]);
  });
});

describe('in Redis', () => {
  it('a key expires by itself once it is idle, a second later at most', async () => {
    const store = new RedisStore(redis, 'expiry:');
    await store.decide('k', standard);
    const ttl = await redis.pttl('expiry:default:k');
    expect(ttl).toBeGreaterThan(1200);
    expect(ttl).toBeLessThanOrEqual(2200);
  });

  it('a refusal writes nothing', async () => {
    const store = new RedisStore(redis, 'refusal:');
    const policy = definePolicy('once', 1, 3600, 1);
    await store.decide('k', policy);
    const [before] = [await redis.get('refusal:once:k')];
    for (let i = 0; i < 20; i++) expect((await store.decide('k', policy)).allowed).toBe(false);
    expect(await redis.get('refusal:once:k')).toBe(before);
  });

  it('a decision is one call, and a server that forgot the script is taught it in passing', async () => {
    const store = new RedisStore(redis);
    await redis.script('FLUSH');
    expect((await store.decide(fresh(), standard)).allowed).toBe(true);
    await redis.config('RESETSTAT');
    for (let i = 0; i < 25; i++) await store.decide(fresh(), standard);
    const stats = await redis.info('commandstats');
    expect(stats).toMatch(/cmdstat_evalsha:calls=25,/);
    expect(stats).not.toMatch(/cmdstat_eval:/);
  });
});

describe('in PostgreSQL', () => {
  it('rows that are idle are deleted in bounded bites, others stay', async () => {
    await pool.query('TRUNCATE railguard.rate_limit');
    const long = definePolicy('long', 1, 3600, 1);
    const store = new PostgresStore(pool, { bite: 100, bites: 2 });
    await store.decide('stays', long);
    await pool.query(
      "INSERT INTO railguard.rate_limit SELECT 'idle ' || i, 1000 + i, 1 FROM generate_series(1, 250) AS i",
    );
    const rows = async () =>
      (await pool.query<{ n: number }>('SELECT count(*)::int AS n FROM railguard.rate_limit')).rows[0]?.n;
    await store.sweep();
    expect(await rows()).toBe(51);
    await store.sweep();
    expect(await rows()).toBe(1);
    expect((await store.decide('stays', long)).allowed).toBe(false);
    store.close();
  });

  it('the sweep runs by itself and survives a database that fails', async () => {
    let calls = 0;
    const failing = {
      query() {
        calls++;
        return Promise.reject(new Error('gone'));
      },
    };
    const store = new PostgresStore(failing, { sweepEvery: 5 });
    await expect.poll(() => calls).toBeGreaterThan(2);
    store.close();
  });
});
