/** What is kept of secrets survives what happens to processes and databases. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FileState } from '../../admin/secrets/state/file.ts';
import { PostgresState, SECRETS_MIGRATION } from '../../admin/secrets/state/postgres.ts';
import { systemClock } from '../../core/clock.ts';
import type { Postgres } from '../../core/postgres.ts';
import { Child } from '../harness/child.ts';
import { until } from '../harness/ports.ts';
import { PostgresCluster } from '../harness/postgres-cluster.ts';
import { openTestPostgres } from '../harness/wire-postgres.ts';
import { tellOfTwoReplicas, tellTheStory } from '../unit/admin/secrets/rotation-story.ts';
import { HandClock } from '../unit/core/lines.ts';

const DEATHS = 60;
const WRITES = 1_000;

describe('the file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'secrets-killed-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it(`is whole after every one of ${DEATHS} kills in ${WRITES} writes and more`, {
    timeout: 240_000,
  }, async () => {
    const path = join(folder, 'state.json');
    const writer = resolve(import.meta.dirname, 'secrets-writer.ts');
    let writes = 0;
    let cut = 0;
    for (let deaths = 0; deaths < DEATHS || writes < WRITES; deaths++) {
      const child = new Child(process.execPath, [writer, path], { PATH: process.env.PATH }, folder);
      await until('it writes', 10_000, () => child.stdout.length > 0 || child.exit !== undefined, 1);
      expect(child.exit, child.stderr.join('\n')).toBeUndefined();
      await new Promise((wake) => setTimeout(wake, Math.random() * 80));
      await child.stop('SIGKILL', 1_000);
      writes += child.stdout.filter((line) => line === 'written').length;
      cut += readdirSync(folder).filter((name) => name.endsWith('.tmp')).length;
      const broken: string[] = [];
      const state = new FileState({ path, clock: systemClock, onBroken: (aside) => broken.push(aside) });
      const { rows } = await state.read('production');
      expect(broken).toEqual([]);
      expect(rows.length % 22).toBe(0);
      expect(rows.length).toBeGreaterThan(0);
      expect(await state.pepper('another')).toBe('the one pepper');
      for (const name of readdirSync(folder)) if (name.endsWith('.tmp')) rmSync(join(folder, name));
    }
    expect(writes).toBeGreaterThanOrEqual(WRITES);
    // Some died between the first byte and the last: the test has met what it is about.
    expect(cut).toBeGreaterThan(0);
    console.log(`${writes} writes, ${DEATHS} kills or more, ${cut} of them in the middle of a write`);
  });
});

describe('PostgreSQL', () => {
  let cluster: PostgresCluster;
  let postgres: Postgres;
  beforeAll(async () => {
    cluster = await PostgresCluster.start();
    ({ postgres } = openTestPostgres(cluster.url, [SECRETS_MIGRATION]));
    await until('the schema stands', 5000, () => postgres.schema.ready);
  });
  afterAll(async () => {
    await postgres.close();
    await cluster.stop();
  });
  beforeEach(() => cluster.sql('TRUNCATE railguard.secret_sightings, railguard.secret_pepper'));

  const stateOn = (clock: HandClock) =>
    new PostgresState({ pool: postgres.pool, schema: postgres.schema, now: () => clock.now() });

  it('tells the life of a secret', () => {
    const clock = new HandClock();
    return tellTheStory(() => stateOn(clock), clock);
  });

  it('tells of two values at once', () => {
    const clock = new HandClock();
    return tellOfTwoReplicas(() => stateOn(clock), clock);
  });

  it('has the time of the server', async () => {
    const state = new PostgresState(postgres);
    const { now, rows } = await state.read('production');
    expect(Math.abs(now - Date.now())).toBeLessThan(10_000);
    expect(rows).toEqual([]);
  });

  it('gives one pepper to all replicas that start together', async () => {
    const peppers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => new PostgresState(postgres).pepper(`pepper ${n}`)),
    );
    expect(new Set(peppers).size).toBe(1);
  });

  it('tells one replica alone that a fingerprint is new', async () => {
    const sighting = { name: 'A', fingerprint: 'f', pepperId: 'p', returned: false, adopted: false };
    const added = await Promise.all(
      Array.from({ length: 8 }, () => new PostgresState(postgres).write('production', [sighting])),
    );
    expect(added.filter((names) => names.has('A'))).toHaveLength(1);
  });
});
