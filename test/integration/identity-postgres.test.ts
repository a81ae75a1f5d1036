/** Revocations in a real PostgreSQL: they survive a restart where there is no Redis, and fail closed when it is gone. */
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PostgresRevocations, REVOCATIONS_DDL } from '../../proxy/stores/revocations/postgres.ts';
import { Upstream } from '../conformance/upstream.ts';
import { until } from '../harness/ports.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres-server.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { claims, hs, type Json, SECRET } from '../harness/tokens.ts';
import { revocation, revocationStoreSuite } from '../unit/proxy/stores/revocations/suite.ts';

const ADMIN_TOKEN = 'an-admin-token-of-the-tests-of-32-or-more';
let server: PostgresServer;
let pool: pg.Pool;
let app: Upstream;
beforeAll(async () => {
  [server, app] = await Promise.all([startPostgres(), Upstream.start()]);
  pool = new pg.Pool({ connectionString: server.url, max: 8 });
  pool.on('error', () => {});
});
afterAll(async () => {
  await pool.end();
  await Promise.all([server.stop(), app.stop()]);
});

const open = async () => {
  await pool.query('CREATE SCHEMA IF NOT EXISTS railguard; DROP TABLE IF EXISTS railguard.revocations');
  await pool.query(REVOCATIONS_DDL);
  await pool.query(REVOCATIONS_DDL);
  return new PostgresRevocations(pool);
};
revocationStoreSuite('PostgreSQL', open);

it('tells all again when the table was made anew', async () => {
  const store = await open();
  await store.add(revocation('a'));
  const { epoch, mark } = await store.news('', 0);
  const reborn = await open();
  await reborn.add(revocation('b'));
  const news = await reborn.news(epoch, mark + 100);
  expect(news.epoch).not.toBe(epoch);
  expect(news.revocations.map(({ name }) => name)).toEqual(['b']);
});

it('keeps a revocation over a restart, and vouches for no token while the database is away', async () => {
  await pool.query('DROP SCHEMA railguard CASCADE');
  const start = (): Promise<Railguard> =>
    startRailguard({
      env: {
        UPSTREAM_URL: `http://127.0.0.1:${app.port}`,
        ...{ JWT_SECRET_KEY: SECRET, ADMIN_TOKEN, DATABASE_URL: server.url },
      },
      wait: 'listening',
    });
  const ask = async ({ url }: Railguard, token: string): Promise<unknown> => {
    const answer = await fetch(`${url}/a`, {
      headers: { authorization: `Bearer ${token}`, connection: 'close' },
    });
    const text = await answer.text();
    return answer.status === 200 ? 200 : (JSON.parse(text) as Json).code;
  };
  const [lost, known] = [hs(claims({ jti: 'lost' })), hs(claims({ jti: 'known' }))];
  const first = await start();
  await until('tokens pass', 5000, async () => (await ask(first, lost)) === 200);
  const answer = await fetch(`${first.adminUrl}/revocations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    body: '{"jti":"lost"}',
  });
  expect(answer.status).toBe(201);
  expect(await ask(first, lost)).toBe('session_revoked');
  await first.kill();
  const second = await start();
  try {
    await until('it is there again', 5000, async () => (await ask(second, known)) === 200);
    expect(await ask(second, lost)).toBe('session_revoked');
    await pool.query('ALTER TABLE railguard.revocations RENAME TO gone');
    await until('it is noticed', 5000, async () => (await ask(second, hs(claims()))) === 'store_unavailable');
    expect(await ask(second, known)).toBe(200);
    expect(await ask(second, lost)).toBe('session_revoked');
  } finally {
    await second.kill();
  }
});
