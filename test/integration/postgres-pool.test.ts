/** The pool before a real server: what it opens, keeps and closes, as the server itself counts it. */
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { Connector } from '../../core/postgres/connector.ts';
import type { Link } from '../../core/postgres/link.ts';
import { Pool, type PoolOptions } from '../../core/postgres/pool.ts';
import { unprivileged } from '../../core/postgres/pooler/program.ts';
import { Statistics } from '../../core/postgres/statistics.ts';
import { freePort, until } from '../harness/ports.ts';
import { PostgresCluster } from '../harness/postgres-cluster.ts';
import { openTestPostgres } from '../harness/wire-postgres.ts';

const NAME = 'pool-under-test';
const hidden = (value: string) => ({ reveal: () => value });
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

let cluster: PostgresCluster;
beforeAll(async () => {
  cluster = await PostgresCluster.start();
});
afterAll(() => cluster.stop());

const pools: Pool[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close(0)));
  await until(
    'the server has no connection of the pool',
    5000,
    async () => (await cluster.count(NAME)) === 0,
  );
});

function open(options: Partial<PoolOptions> = {}, url = cluster.url): Pool {
  const pool = new Pool(
    { min: 5, max: 20, overflow: 40, timeout: 1000, idleTimeout: 700, ...options },
    new Connector({ url: hidden(url), applicationName: NAME, connectTimeout: 1000, statementTimeout: 1000 }),
    systemClock,
  );
  pools.push(pool);
  return pool;
}

const size = (pool: Pool, wanted: number) =>
  until(`the pool has ${wanted} connections`, 5000, () => pool.figures().size === wanted, 5);

/** The pool's figures and the server's count, read when both have settled. */
async function bothSay(pool: Pool, wanted: number): Promise<void> {
  await size(pool, wanted);
  await until(`the server counts ${wanted}`, 2000, async () => (await cluster.count(NAME)) === wanted);
  expect(pool.figures().size).toBe(wanted);
}

describe('the pool', () => {
  it('opens its floor at once, without being asked', async () => {
    const pool = open();
    await bothSay(pool, 5);
    expect(pool.figures()).toMatchObject({ idle: 5, active: 0, overflow_in_use: 0, waiting: 0, timeouts: 0 });
  });

  it('serves 200 borrowers with 60 connections, turns the rest away in time, then shrinks to 20 and to 5', async () => {
    const pool = open();
    await bothSay(pool, 5);
    let most = 0;
    const watch = setInterval(() => {
      void cluster.count(NAME).then((count) => {
        most = Math.max(most, count);
      });
    }, 50);
    const started = performance.now();
    const links: Link[] = [];
    const refused: { code: string; after: number }[] = [];
    await Promise.all(
      Array.from({ length: 200 }, () =>
        pool.borrow().then(
          (link) => links.push(link),
          (error) => refused.push({ code: error.code, after: performance.now() - started }),
        ),
      ),
    );
    expect(links).toHaveLength(60);
    expect(refused).toHaveLength(140);
    expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['pool_timeout']));
    expect(Math.min(...refused.map(({ after }) => after))).toBeGreaterThanOrEqual(995);
    await bothSay(pool, 60);
    expect(pool.figures()).toMatchObject({
      active: 60,
      idle: 0,
      overflow_in_use: 40,
      waiting: 0,
      timeouts: 140,
    });
    for (const link of links.splice(0, 40)) pool.release(link);
    await bothSay(pool, 20);
    expect(pool.figures()).toMatchObject({ active: 20, idle: 0, overflow_in_use: 0 });
    for (const link of links) pool.release(link);
    expect(pool.figures()).toMatchObject({ active: 0, idle: 20 });
    await bothSay(pool, 5);
    clearInterval(watch);
    expect(most).toBeLessThanOrEqual(60);
    expect(most).toBeGreaterThan(20);
    expect(pool.figures().wait_ms.p99).toBeGreaterThan(990);
  });

  it('hands a connection that comes back to whoever waits longest', async () => {
    const pool = open({ min: 1, max: 1, overflow: 0 });
    const held = await pool.borrow();
    const order: number[] = [];
    const waiting = [1, 2, 3].map((turn) =>
      pool.borrow().then((link) => {
        order.push(turn);
        pool.release(link);
      }),
    );
    expect(pool.figures()).toMatchObject({ active: 1, waiting: 3 });
    pool.release(held);
    await Promise.all(waiting);
    expect(order).toEqual([1, 2, 3]);
    expect(await cluster.count(NAME)).toBe(1);
  });

  it('does not exceed its bound while connections are closed and opened in a hurry', async () => {
    const pool = open({ min: 0, max: 2, overflow: 3 });
    let most = 0;
    let running = true;
    const watching = (async () => {
      while (running) most = Math.max(most, await cluster.count(NAME));
    })();
    await Promise.all(
      Array.from({ length: 40 }, async () => {
        for (let i = 0; i < 8; i++) {
          await pause(Math.random() * 20);
          await pool.with((client) => client.query('SELECT pg_sleep(0.001)'), 5000);
        }
      }),
    );
    running = false;
    await watching;
    expect(most).toBeGreaterThan(2);
    expect(most).toBeLessThanOrEqual(5);
  });

  it('does not take back a connection whose query the server never answered', async () => {
    const pool = open({ min: 1, max: 1, overflow: 0, timeout: 8000 });
    await bothSay(pool, 1);
    cluster.freeze();
    const answer = pool.query('SELECT 1');
    await expect(answer).rejects.toThrow();
    cluster.thaw();
    expect((await pool.query('SELECT 2 AS two')).rows).toEqual([{ two: 2 }]);
    await bothSay(pool, 1);
  });

  it('keeps a connection whose query was merely wrong, and replaces one that the server ended', async () => {
    const pool = open({ min: 1, max: 1, overflow: 0 });
    const pid = async () => (await pool.query('SELECT pg_backend_pid() AS pid')).rows[0].pid as number;
    const first = await pid();
    await expect(pool.query('SELECT nothing')).rejects.toMatchObject({ code: '42703' });
    await expect(pool.query('SELECT pg_sleep(5)')).rejects.toMatchObject({ code: '57014' });
    expect(await pid()).toBe(first);
    await cluster.sql('SELECT pg_terminate_backend($1)', [first]);
    await expect.poll(() => pid().catch(() => first), { timeout: 3000 }).not.toBe(first);
  });

  it('undoes a transaction that fails, and gives its connection back', async () => {
    const pool = open({ min: 1, max: 1, overflow: 0 });
    await pool.query('CREATE TABLE undone (n int)');
    const failing = pool.transaction(async (client) => {
      await client.query('INSERT INTO undone VALUES (1)');
      throw Object.assign(new Error('a check'), { severity: 'ERROR', code: '23514' });
    });
    await expect(failing).rejects.toThrow('a check');
    expect((await pool.query('SELECT * FROM undone')).rows).toEqual([]);
  });

  it('refuses a connection that is given back twice', async () => {
    const pool = open({ min: 1, max: 1, overflow: 0 });
    const link = await pool.borrow();
    pool.release(link);
    expect(() => pool.release(link)).toThrow('not out');
  });

  it('replaces connections at the end of their lives', async () => {
    const pool = open({ min: 2, max: 2, overflow: 0, lifetime: 300 });
    await bothSay(pool, 2);
    const pids = async () =>
      (
        await cluster.sql<{ pid: number }>('SELECT pid FROM pg_stat_activity WHERE application_name = $1', [
          NAME,
        ])
      ).map(({ pid }) => pid);
    const first = await pids();
    await until('none of the first is left', 4000, async () => {
      const now = await pids();
      return now.length === 2 && !now.some((pid) => first.includes(pid));
    });
  });

  it('ends what is still out when it closes, after the grace', async () => {
    const pool = open({ min: 1, max: 2, overflow: 0 });
    const running = pool.query('SELECT pg_sleep(0.9)').catch((error: Error) => error);
    await pause(100);
    const waiting = Promise.all([pool.borrow(), pool.borrow(), pool.borrow()]).catch((error) => error.code);
    await pool.close(50);
    expect(await running).toBeInstanceOf(Error);
    expect(await waiting).toBe('pool_closed');
    await expect(pool.borrow()).rejects.toMatchObject({ code: 'pool_closed' });
  });
});

describe('a pool without its server', () => {
  it('fails at once with a code, and finds the server when it comes', async () => {
    const port = await freePort();
    const home = cluster.port;
    const pool = open({ timeout: 20_000 }, cluster.url.replace(`:${home}/`, `:${port}/`));
    await expect(pool.query('SELECT 1')).rejects.toMatchObject({ code: 'database_unreachable' });
    const started = performance.now();
    await expect(pool.query('SELECT 1')).rejects.toMatchObject({ code: 'database_unreachable' });
    expect(performance.now() - started).toBeLessThan(500);
    await cluster.shutDown();
    await cluster.startAgain(port);
    await size(pool, 5);
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it('goes on at the other host of the URL when the first is gone, with one that takes writes', async () => {
    const [dead, home] = [await freePort(), cluster.port];
    const both = cluster.url.replace(`127.0.0.1:${home}/`, `127.0.0.1:${home},127.0.0.1:${dead}/`);
    const pool = open({ min: 2 }, `${both}?target_session_attrs=read-write`);
    await bothSay(pool, 2);
    await cluster.kill();
    await until('the pool knows', 3000, () => pool.figures().size === 0);
    await cluster.startAgain(dead);
    await bothSay(pool, 2);
    await cluster.sql('ALTER SYSTEM SET default_transaction_read_only = on');
    await cluster.sql('SELECT pg_reload_conf()');
    await cluster.sql('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [
      NAME,
    ]);
    await expect.poll(() => pool.query('SELECT 1').catch((error) => error.code)).toBe('database_unreachable');
    await cluster.sql('BEGIN READ WRITE; SELECT 1; COMMIT');
    await cluster.sql('ALTER SYSTEM RESET default_transaction_read_only');
    await cluster.sql('SELECT pg_reload_conf()');
    await bothSay(pool, 2);
  });
});

describe('a small server with a certificate of its own', () => {
  let secure: PostgresCluster;
  let authority: string;

  beforeAll(async () => {
    const home = mkdtempSync(path.join(os.tmpdir(), 'postgres-tls-'));
    authority = path.join(home, 'server.crt');
    const key = path.join(home, 'server.key');
    const request = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
    ];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    execFileSync('openssl', [...request, ...subject, '-keyout', key, '-out', authority], { stdio: 'ignore' });
    chmodSync(home, 0o755);
    const user = unprivileged();
    if (user !== undefined) chownSync(key, user.uid, user.gid);
    secure = await PostgresCluster.start(
      'max_connections=20',
      'ssl=on',
      `ssl_cert_file=${authority}`,
      `ssl_key_file=${key}`,
    );
  });
  afterAll(() => secure.stop());

  /** Is the connection encrypted? Or why there is none. */
  async function reach(host: string, query: string, server = secure): Promise<boolean | string> {
    const url = server.url.replace('127.0.0.1', host) + query;
    try {
      const link = await new Connector({
        url: hidden(url),
        applicationName: NAME,
        connectTimeout: 2000,
      }).open();
      const { rows } = await link.client.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
      await link.end();
      return rows[0].ssl;
    } catch (error) {
      return String((error as { code?: unknown }).code ?? (error as Error).message);
    }
  }

  it.each([
    ['', '127.0.0.1', true],
    ['?sslmode=prefer', '127.0.0.1', true],
    ['?sslmode=require', '127.0.0.1', true],
    ['?sslmode=disable', '127.0.0.1', false],
    ['?sslmode=verify-full', 'localhost', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['?sslmode=verify-ca&sslrootcert=CA', '127.0.0.1', true],
    ['?sslmode=verify-full&sslrootcert=CA', '127.0.0.1', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['?sslmode=verify-full&sslrootcert=CA', 'localhost', true],
  ])('is reached with the TLS that the URL says: %s at %s is %s', async (query, host, expected) => {
    expect(await reach(host, query.replace('CA', authority))).toBe(expected);
  });

  it('is done without TLS where it is only preferred and the server has none, and not where it is required', async () => {
    expect(await reach('127.0.0.1', '', cluster)).toBe(false);
    expect(await reach('127.0.0.1', '?sslmode=require', cluster)).toContain('SSL');
  });

  it('is well, then worth a warning at 80 % of what ordinary roles may use, then critical at 95 %', async () => {
    const connector = new Connector({ url: hidden(secure.url), applicationName: NAME });
    const links: Link[] = [];
    const holding = async (count: number) => {
      while (links.length < count) links.push(await connector.open());
      const { postgres } = openTestPostgres(secure.url, []);
      await until(
        'its two are open',
        3000,
        () => postgres.pool.figures().size === 2 && postgres.schema.ready,
      );
      const health = await postgres.health();
      await postgres.close();
      await until('its two are gone', 3000, async () => (await secure.count('railguard-test')) === 0);
      return health;
    };
    expect(await holding(11)).toMatchObject({ status: 'healthy', figures: { used: 13, reserved: 3 } });
    expect(await holding(12)).toMatchObject({
      status: 'warning',
      message: '14 of 17 connections are in use.',
      thresholds: { warning: 0.8, critical: 0.95 },
    });
    expect(await holding(15)).toMatchObject({ status: 'critical', figures: { load: 1 } });
    await Promise.all(links.map((link) => link.end()));
  });
});

describe("the server's own view", () => {
  it('is what pg_stat_activity says, asked for once in ten seconds however often it is read', async () => {
    const pool = open();
    await bothSay(pool, 5);
    const statistics = new Statistics(pool, systemClock);
    const asked = vi.spyOn(pool, 'transaction');
    const [first] = await Promise.all(Array.from({ length: 50 }, () => statistics.read()));
    await statistics.read();
    expect(asked).toHaveBeenCalledTimes(1);
    const [truth] = await cluster.sql<{ max: number; used: number }>(
      `SELECT current_setting('max_connections')::int AS max, count(*)::int - 1 AS used FROM pg_stat_activity
       WHERE backend_type = 'client backend'`,
    );
    expect(first).toMatchObject({
      max_connections: truth?.max,
      used: truth?.used,
      reserved: 3,
      restricted: false,
    });
    const mine = first?.by_application.filter(({ application }) => application === NAME) ?? [];
    expect(mine.reduce((sum, { count }) => sum + count, 0)).toBe(5);
    expect(mine.every(({ user }) => user === 'postgres')).toBe(true);
  });

  it('is given up after two seconds and marked as old when the server does not answer', async () => {
    const pool = open({ min: 1 });
    await bothSay(pool, 1);
    let turned = 0;
    const clock = { now: () => Date.now(), monotonic: () => performance.now() + turned };
    const statistics = new Statistics(pool, clock);
    expect(await statistics.read()).toMatchObject({ stale: false });
    turned = 10_000;
    cluster.freeze();
    const started = performance.now();
    const reading = await statistics.read();
    cluster.thaw();
    expect(performance.now() - started).toBeLessThan(6000);
    expect(reading).toMatchObject({ stale: true });
    expect(reading?.age_seconds).toBeGreaterThanOrEqual(10);
    turned = 20_000;
    expect(await statistics.read()).toMatchObject({ stale: false });
  });

  it('says what a role of little rights can not see', async () => {
    await cluster.sql("CREATE ROLE nobody_special LOGIN PASSWORD 'small'");
    const pool = open({ min: 1 }, cluster.urlOf('nobody_special', 'small'));
    const held = await new Connector({ url: hidden(cluster.url), applicationName: 'of another role' }).open();
    const reading = await new Statistics(pool, systemClock).read();
    await held.end();
    expect(reading).toMatchObject({ restricted: true });
    expect(reading?.by_application).toContainEqual({
      application: 'of another role',
      user: 'postgres',
      state: 'hidden',
      count: 1,
    });
  });
});
