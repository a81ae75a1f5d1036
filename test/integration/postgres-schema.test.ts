/** Migrations on a real server: by many at once, by a role of few rights, by one of none. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AUDIT_MIGRATION } from '../../core/audit-postgres.ts';
import { Schema } from '../../core/postgres/schema.ts';
import { RATE_LIMIT_DDL } from '../../proxy/stores/postgres.ts';
import { until } from '../harness/ports.ts';
import { PostgresCluster } from '../harness/postgres-cluster.ts';
import { startRailguard } from '../harness/railguard.ts';
import { openTestPostgres, testCore } from '../harness/wire-postgres.ts';

const MIGRATIONS = [AUDIT_MIGRATION, { name: 'rate_limit', sql: RATE_LIMIT_DDL }];

let cluster: PostgresCluster;
beforeAll(async () => {
  cluster = await PostgresCluster.start();
});
afterAll(() => cluster.stop());

/** A database of its own, and a role that may log in to it. */
async function fresh() {
  const name = `db_${randomBytes(4).toString('hex')}`;
  await cluster.sql(`CREATE DATABASE ${name}`);
  await cluster.sql(`CREATE ROLE ${name} LOGIN PASSWORD 'p'`);
  return {
    name,
    superuser: cluster.url.replace(/\/postgres$/, `/${name}`),
    role: cluster.urlOf(name, 'p', name),
  };
}

const applied = (database: string) =>
  cluster.sql<{ name: string }>(
    'SELECT name FROM railguard.migrations ORDER BY applied_at, name',
    [],
    database,
  );

describe('the schema', () => {
  it('is made once by three processes that start together on an empty database', async () => {
    const { name, superuser } = await fresh();
    const env = { DATABASE_URL: superuser, LOG_LEVEL: 'info', DB_POOL_MIN_SIZE: '2' };
    const three = await Promise.all([1, 2, 3].map(() => startRailguard({ env, wait: 'listening' })));
    const said = (message: string) =>
      three.map((one) =>
        one
          .logs()
          .filter((line) => line.message === message)
          .map((line) => line.applied),
      );
    await until('all three have a schema', 10_000, () =>
      said('the database schema stands').every((lines) => lines.length === 1),
    );
    const steps = said('the database schema stands').flat(2).sort();
    expect(steps).toEqual(expect.arrayContaining(['audit', 'rate_limit']));
    expect((await applied(name)).map((step) => step.name).sort()).toEqual(steps);
    const errors = three.flatMap((one) => one.logs().filter(({ level }) => level === 'error'));
    expect(errors).toEqual([]);
    expect((await Promise.all(three.map((one) => one.stop()))).map(({ code }) => code)).toEqual([0, 0, 0]);
  });

  it('is made once by ten pools at the same moment, and again by none', async () => {
    const { name, superuser } = await fresh();
    for (let round = 0; round < 2; round++) {
      const ten = Array.from({ length: 10 }, () => openTestPostgres(superuser, MIGRATIONS));
      await until('all stand', 10_000, () => ten.every(({ postgres }) => postgres.schema.ready));
      const steps = ten.flatMap(({ kept }) =>
        kept.parsed.flatMap((line) => (line.applied as string[]) ?? []),
      );
      expect(steps.sort()).toEqual(round === 0 ? ['audit', 'rate_limit'] : []);
      await Promise.all(ten.map(({ postgres }) => postgres.close()));
    }
    expect(await applied(name)).toHaveLength(2);
  });

  it('takes up new steps where an older version stopped, and undoes a step that fails', async () => {
    const { name, superuser } = await fresh();
    const first = openTestPostgres(superuser, MIGRATIONS.slice(0, 1));
    await until('the first stands', 5000, () => first.postgres.schema.ready);
    const broken = { name: 'broken', sql: 'CREATE TABLE railguard.half (n int); SELECT nothing' };
    const failing = openTestPostgres(superuser, [...MIGRATIONS, broken]);
    await until('it says so', 5000, () => failing.postgres.schema.problem !== undefined);
    expect(failing.postgres.schema.ready).toBe(false);
    expect(await applied(name)).toEqual([{ name: 'audit' }, { name: 'rate_limit' }]);
    expect(await cluster.sql("SELECT to_regclass('railguard.half') AS half", [], name)).toEqual([
      { half: null },
    ]);
    await Promise.all([first.postgres.close(), failing.postgres.close()]);
  });

  it('works for a role that may not create a schema when an owner made it', async () => {
    const { name, role } = await fresh();
    await cluster.sql(`CREATE SCHEMA railguard AUTHORIZATION ${name}`, [], name);
    const { postgres } = openTestPostgres(role, MIGRATIONS);
    await until('the schema stands', 5000, () => postgres.schema.ready);
    expect(await applied(name)).toHaveLength(2);
    await postgres.close();
  });

  it('without any right says what an owner has to do, and stands soon after that was done', async () => {
    const { name, role } = await fresh();
    const { postgres, kept } = openTestPostgres(role, MIGRATIONS);
    await until('it says so', 5000, () => postgres.schema.problem !== undefined);
    expect(kept.parsed.map(({ message }) => message)).toEqual([
      expect.stringContaining('CREATE SCHEMA railguard AUTHORIZATION'),
    ]);
    expect(await postgres.health()).toMatchObject({
      status: 'warning',
      message: expect.stringContaining('CREATE SCHEMA railguard AUTHORIZATION'),
    });
    const core = testCore();
    const schema = new Schema(postgres.pool, MIGRATIONS, core.log, 100);
    await until('the second says so too', 5000, () => schema.problem !== undefined);
    await cluster.sql(`CREATE SCHEMA railguard AUTHORIZATION ${name}`, [], name);
    await until('the schema stands', 5000, () => schema.ready);
    expect(schema.problem).toBeUndefined();
    schema.stop();
    await postgres.close();
  });

  it('waits for a database that comes later', async () => {
    const { superuser } = await fresh();
    await cluster.shutDown();
    const { postgres, kept } = openTestPostgres(superuser, MIGRATIONS);
    await until('it knows', 5000, () => !postgres.pool.reachable);
    expect(await postgres.health()).toMatchObject({
      status: 'critical',
      message: 'The database can not be reached.',
    });
    await cluster.startAgain();
    await until('the schema stands', 10_000, () => postgres.schema.ready);
    expect(kept.parsed.map(({ message }) => message)).toEqual([
      'the database can not be reached',
      'the database answers again',
      'the database schema stands',
    ]);
    expect(await postgres.health()).toMatchObject({ status: 'healthy' });
    await postgres.close();
  });
});
