/** The watch over secrets in a running railguard: found, aged, recorded, and never told. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../harness/ports.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres-server.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { draw, URL_SAFE, VALID } from '../unit/admin/secrets/samples.ts';
import { tracesOf } from '../unit/admin/secrets/windows.ts';

interface Report {
  readonly status: string;
  readonly summary: Readonly<Record<string, number>>;
  readonly categories: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
  readonly usage: readonly Readonly<Record<string, unknown>>[];
}

const ELSEWHERE = ['DATABASE_URL', 'REDIS_URL', 'SENTRY_DSN'];
const full = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(VALID)
      .filter(([name]) => !ELSEWHERE.includes(name))
      .map(([name, [make]]) => [name, make?.() as string]),
  );

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'secrets-live-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const running: Railguard[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.kill()));
});

async function start(env: Readonly<Record<string, string>>): Promise<Railguard> {
  const railguard = await startRailguard({ env: { LOG_LEVEL: 'debug', ...env }, wait: 'listening' });
  running.push(railguard);
  return railguard;
}

async function ask(railguard: Railguard): Promise<{ status: number; text: string; report: Report }> {
  const answer = await fetch(`${railguard.adminUrl}/health/secrets`);
  const text = await answer.text();
  return { status: answer.status, text, report: JSON.parse(text) as Report };
}

const entry = (report: Report, name: string) =>
  Object.values(report.categories)
    .flat()
    .find((one) => one.name === name);

/** All that can be read from outside. */
async function allOf(railguard: Railguard): Promise<string> {
  const pages = ['/health', '/health/readiness', '/health/comprehensive', '/health/secrets', '/metrics'];
  pages.push('/config', '/audit', '/pool', '/sessions', '/');
  const texts = await Promise.all(
    pages.map(async (page) => (await fetch(`${railguard.adminUrl}${page}`)).text()),
  );
  return [...texts, ...railguard.child.stdout, ...railguard.child.stderr].join('\n');
}

const withoutIds = (text: string): string =>
  text.replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '[id]');

describe('a running railguard', () => {
  it('tells nothing of 19 values, four characters at a time, in any page, metric or log line', async () => {
    const [mine, others] = [full(), full()];
    const written: string[] = [];
    // Twice with the same values: four characters of a random id that happen to be a secret's are not so again.
    for (const values of [mine, mine, others]) {
      const railguard = await start({ ...values, ENVIRONMENT: 'production' });
      const { report } = await ask(railguard);
      expect(report.summary).toMatchObject({ managed: 22, configured: 19, weak: 0, invalid: 0 });
      const client = await fetch(`${railguard.url}/`, {
        headers: { authorization: `Bearer ${values.JWT_SECRET_KEY}` },
      });
      written.push(`${await client.text()}\n${await allOf(railguard)}`);
    }
    const [once, again, control] = written as [string, string, string];
    const first = tracesOf(Object.values(mine), withoutIds(once), control);
    const second = new Set(tracesOf(Object.values(mine), withoutIds(again), control).traces);
    expect(first.traces.filter((window) => second.has(window))).toEqual([]);
    expect(first.compared).toBeGreaterThan(800);
  });

  it('finds a change between two runs in its file, and records it by name', async () => {
    const env = { SECRETS_STATE: `file:${join(folder, 'state.json')}`, SECRETS_EXTRA: 'MINE=security' };
    const values = { JWT_SECRET_KEY: draw(URL_SAFE, 43), MINE: draw(URL_SAFE, 43) };
    const first = await start({ ...env, ...values });
    expect(entry((await ask(first)).report, 'MINE')).toMatchObject({
      configured: true,
      rotation: 'ok',
      age_days: 0,
    });
    await first.stop();
    const second = await start({ ...env, ...values, MINE: draw(URL_SAFE, 43), LOG_LEVEL: 'info' });
    await ask(second);
    const events = () => second.logs().filter((line) => line.event_type === 'secret_rotation');
    await until('the change is logged', 5_000, () => events().length > 0);
    expect(events()).toMatchObject([{ action: 'rotated', outcome: 'success', subject: 'MINE' }]);
    await second.stop();
    const third = await start({ ...env, ...values });
    expect(entry((await ask(third)).report, 'MINE')?.findings).toEqual(['retired_value']);
    const kept = readFileSync(join(folder, 'state.json'), 'utf8');
    for (const value of Object.values(values)) expect(kept).not.toContain(value.slice(0, 8));
  });

  it('believes the date an operator gives, and refuses one that is none', async () => {
    const name = 'CSRF_SECRET_KEY';
    const railguard = await start({ [name]: draw(URL_SAFE, 43), [`${name}_ROTATED_AT`]: '2020-02-29' });
    expect(entry((await ask(railguard)).report, name)).toMatchObject({
      age_source: 'rotated_at',
      rotate_by: '2020-08-27T00:00:00.000Z',
      rotation: 'overdue',
    });
    const metrics = await (await fetch(`${railguard.adminUrl}/metrics`)).text();
    expect(metrics).toContain(`railguard_secret_rotation_overdue{secret="${name}"} 1`);
    const refused = await startRailguard({ env: { [`${name}_ROTATED_AT`]: '2021-02-29' }, wait: 'none' });
    running.push(refused);
    expect((await refused.child.exited).code).toBe(64);
    expect(refused.child.stderr.join('\n')).toContain(`${name}_ROTATED_AT: \`2021-02-29\` is not a date`);
  });

  it('counts which API keys clients use, by a name that is not the key', async () => {
    const railguard = await start({ JWT_SECRET_KEY: draw(URL_SAFE, 43) });
    const key = `mk-${draw(URL_SAFE, 43)}`;
    for (let n = 0; n < 3; n++)
      await fetch(`${railguard.url}/`, { headers: { authorization: `Bearer ${key}` } });
    await until('the use is counted', 15_000, async () => (await ask(railguard)).report.usage.length > 0);
    const { text, report } = await ask(railguard);
    expect(report.usage).toHaveLength(1);
    expect(report.usage[0]).toMatchObject({ key_id: expect.any(String), last_seen: expect.any(String) });
    expect(tracesOf([key], text, '').traces).toEqual([]);
  });
});

describe('a running railguard with a database', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  it('keeps what it sees there, and writes the change to the audit', async () => {
    const env = { DATABASE_URL: server.url };
    const first = await start({ ...env, CSRF_SECRET_KEY: draw(URL_SAFE, 43) });
    const known = async (railguard: Railguard) =>
      entry((await ask(railguard)).report, 'CSRF_SECRET_KEY')?.rotation === 'ok';
    await until('its age is known', 15_000, () => known(first));
    const { report, status } = await ask(first);
    expect(status).toBe(503);
    expect(entry(report, 'DATABASE_URL')).toMatchObject({
      configured: true,
      score: 0,
      findings: ['known_weak'],
    });
    await first.stop();
    const second = await start({ ...env, CSRF_SECRET_KEY: draw(URL_SAFE, 43) });
    await until('its age is known', 15_000, () => known(second));
    const found = async () =>
      (
        (await (await fetch(`${second.adminUrl}/audit?type=secret_rotation`)).text()).match(
          /CSRF_SECRET_KEY/g,
        ) ?? []
      ).length;
    await until('the audit has it', 10_000, async () => (await found()) === 1);
  });
});
