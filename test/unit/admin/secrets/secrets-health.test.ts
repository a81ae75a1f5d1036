/** The answer of `GET /health/secrets` for environments that are full, empty and rotten, and what it must never hold. */
import { describe, expect, it } from 'vitest';
import type { SecretsReport } from '../../../../admin/secrets/report.ts';
import { secretsRoute } from '../../../../admin/secrets/route.ts';
import { SecretsHealth } from '../../../../admin/secrets/secrets-health.ts';
import { MemoryState } from '../../../../admin/secrets/state/memory.ts';
import type { SecretState } from '../../../../admin/secrets/state/state.ts';
import { UsageCount } from '../../../../admin/secrets/usage.ts';
import type { ManagedSecret } from '../../../../config/managed-secrets.ts';
import { Audit, type AuditEvent, LogAudit } from '../../../../core/audit.ts';
import { Metrics } from '../../../../core/metrics.ts';
import { Redactor } from '../../../../core/redact.ts';
import { HandClock, keptLog } from '../../core/lines.ts';
import { bearer, startPort, TOKEN } from '../port.ts';
import { catalogue, draw, managed, URL_SAFE, VALID } from './samples.ts';
import { tracesOf } from './windows.ts';

const full = (): Record<string, string> =>
  Object.fromEntries(Object.entries(VALID).map(([name, [make]]) => [name, make?.() as string]));

const ROTTEN: Readonly<Record<string, string>> = {
  OPENAI_API_KEY: 'paste-mine-at-once-here',
  ANTHROPIC_API_KEY: 'sk-ant-api03-Qm7',
  JWT_SECRET_KEY: 'Zq!Zq!Zq!Zq!Zq!Zq!Zq!Zq!Zq!Zq!Zq!',
  CSRF_SECRET_KEY: 'jkjkjkjk',
  COOKIE_SECRET_KEY: 'jkjkjkjk',
  DATABASE_URL: 'mysql+x://u:p@h/d',
  REDIS_URL: 'redis://127.0.0.1:6379',
  STRIPE_API_KEY: `sk_test_${'Qz4Qz4Qz4Qz4Qz4Qz4Qz4Qz4'}`,
  GITHUB_TOKEN: 'ghp_zQWBuTSOoRi4A9spHcVY5ncnsDkxkj0mLq17',
};

/** The same faults in other values. */
const ROTTEN_TOO: Readonly<Record<string, string>> = {
  OPENAI_API_KEY: '<put it in>',
  ANTHROPIC_API_KEY: 'sk-ant-api03-Vb8',
  JWT_SECRET_KEY: 'Mw?Mw?Mw?Mw?Mw?Mw?Mw?Mw?Mw?Mw?Mw?',
  CSRF_SECRET_KEY: 'vbvbvbvb',
  COOKIE_SECRET_KEY: 'vbvbvbvb',
  DATABASE_URL: 'mssql://a:b@c/e',
  REDIS_URL: 'redis://127.0.0.1:6379',
  STRIPE_API_KEY: `sk_test_${'Kx7Kx7Kx7Kx7Kx7Kx7Kx7Kx7'}`,
  GITHUB_TOKEN: 'ghp_Abcdefghijklmnopqrstuvwxyz0123000000',
};

interface Setting {
  readonly secrets: readonly ManagedSecret[];
  readonly environment?: string;
  readonly state?: SecretState;
  readonly clock?: HandClock;
}

function build({ secrets, environment = 'production', clock = new HandClock(), state }: Setting) {
  const { log, kept } = keptLog();
  const metrics = new Metrics({ version: '1.2.3' });
  const events: AuditEvent[] = [];
  const sinks = [{ write: (event: AuditEvent) => events.push(event) }, new LogAudit(log)];
  const audit = new Audit({ clock, redactor: new Redactor(), sinks });
  const options = { secrets, environment, state: state ?? new MemoryState(clock), pepper: 'p'.repeat(32) };
  return { health: new SecretsHealth(options, { log, metrics, clock }, audit), kept, metrics, events, clock };
}

async function ask(setting: Setting) {
  const built = build(setting);
  await built.health.look();
  const usage = new UsageCount();
  const port = await startPort({ token: TOKEN });
  port.admin.registerRoute(secretsRoute(built.health, usage));
  const answer = await port.get('/health/secrets', bearer(TOKEN));
  const text = await answer.text();
  const metrics = (await built.metrics.render(undefined)).body;
  return {
    ...built,
    status: answer.status,
    text,
    report: JSON.parse(text) as SecretsReport,
    written: metrics,
  };
}

const entries = (report: SecretsReport) => Object.values(report.categories).flat();
const entryOf = (report: SecretsReport, name: string) => entries(report).find((entry) => entry.name === name);

describe('GET /health/secrets', () => {
  it('has the form that was agreed on, whatever the environment', async () => {
    for (const secrets of [catalogue(full()), catalogue({}), catalogue(ROTTEN)]) {
      const { report } = await ask({ secrets });
      expect(Object.entries(report.categories).map(([name, list]) => [name, list.length])).toEqual([
        ['ai_providers', 13],
        ['security', 4],
        ['infrastructure', 3],
        ['external_services', 2],
      ]);
      expect(report.rotation_schedule).toEqual({
        ai_providers: 90,
        security: 180,
        infrastructure: 365,
        external_services: 120,
      });
      expect(['healthy', 'warning', 'critical']).toContain(report.status);
      expect(new Date(report.timestamp).toISOString()).toBe(report.timestamp);
      for (const entry of entries(report)) {
        expect(Object.keys(entry)).toEqual([
          'name',
          'configured',
          'format',
          'score',
          'findings',
          'age_days',
          'age_source',
          'rotate_by',
          'rotation',
        ]);
        expect(['ok', 'unexpected', 'placeholder', 'unknown']).toContain(entry.format);
        expect(
          entry.score === null || (Number.isInteger(entry.score) && entry.score >= 0 && entry.score <= 100),
        ).toBe(true);
        expect(['rotated_at', 'first_seen', 'unknown']).toContain(entry.age_source);
        expect(['ok', 'due_soon', 'overdue', 'unknown']).toContain(entry.rotation);
      }
      expect(report).toMatchObject({ usage: [] });
    }
  });

  it('is healthy when all 22 are there and strong', async () => {
    const { status, report } = await ask({ secrets: catalogue(full()) });
    expect({ status, report: report.status, advice: report.recommendations }).toEqual({
      status: 200,
      report: 'healthy',
      advice: [],
    });
    expect(report.summary).toEqual({
      managed: 22,
      configured: 22,
      missing: 0,
      weak: 0,
      invalid: 0,
      rotation_due: 0,
    });
  });

  it('is critical when nothing is there, and says what is needed first', async () => {
    const { status, report } = await ask({ secrets: catalogue({}) });
    expect({ status, report: report.status }).toEqual({ status: 503, report: 'critical' });
    expect(report.summary).toMatchObject({ configured: 0, missing: 22, weak: 0, invalid: 0 });
    expect(report.recommendations).toEqual([
      'JWT_SECRET_KEY is not set; run `openssl rand -base64 48` and set what it prints.',
      'DATABASE_URL is not set; set it to the URL of the database.',
      'No AI provider has a key; set the keys of two, so that one may fail.',
    ]);
    for (const entry of entries(report))
      expect(entry).toMatchObject({ configured: false, format: 'unknown', score: null, rotation: 'unknown' });
  });

  it('needs no database outside production', async () => {
    const { DATABASE_URL: _, ...rest } = full();
    const { report } = await ask({ secrets: catalogue(rest), environment: 'development' });
    expect(report.status).toBe('healthy');
    expect((await ask({ secrets: catalogue(rest) })).report.status).toBe('critical');
  });

  it('is critical when all is rotten, and names every fault', async () => {
    const { status, report } = await ask({ secrets: catalogue(ROTTEN) });
    expect({ status, report: report.status }).toEqual({ status: 503, report: 'critical' });
    const findings = Object.fromEntries(
      entries(report)
        .filter(({ configured }) => configured)
        .map(({ name, findings }) => [name, [...findings].sort()]),
    );
    expect(findings).toMatchObject({
      ANTHROPIC_API_KEY: ['known_weak', 'unexpected_format'],
      JWT_SECRET_KEY: ['weak'],
      CSRF_SECRET_KEY: ['known_weak', 'reused', 'too_short'],
      COOKIE_SECRET_KEY: ['known_weak', 'reused', 'too_short'],
      REDIS_URL: ['localhost', 'no_password'],
      GITHUB_TOKEN: ['bad_checksum'],
    });
    expect(findings.STRIPE_API_KEY).toContain('test_key_in_production');
    expect(findings.DATABASE_URL).toContain('unexpected_format');
    expect(report.summary).toMatchObject({ configured: 9, missing: 13 });
    expect(report.category_status).toMatchObject({ security: 'critical', infrastructure: 'critical' });
    for (const { name, findings: found } of entries(report))
      for (const finding of found)
        expect(
          report.recommendations.filter((line) => line.startsWith(name)).length,
          finding,
        ).toBeGreaterThan(0);
  });

  it('warns of one AI provider alone', async () => {
    const { OPENAI_API_KEY = '', JWT_SECRET_KEY = '', DATABASE_URL = '' } = full();
    const { report } = await ask({ secrets: catalogue({ OPENAI_API_KEY, JWT_SECRET_KEY, DATABASE_URL }) });
    expect(report.status).toBe('warning');
    expect(report.recommendations[0]).toContain('One AI provider alone');
  });

  it('counts secrets that the operator added', async () => {
    const extra = { ...managed('CSRF_SECRET_KEY', draw(URL_SAFE, 64)), name: 'MINE', format: 'any' as const };
    const { report } = await ask({ secrets: [...catalogue(full()), extra] });
    expect(report.summary).toMatchObject({ managed: 23, configured: 23 });
    expect(entryOf(report, 'MINE')).toMatchObject({ format: 'unknown', score: 100, findings: [] });
  });

  it('is closed to whoever has no token', async () => {
    const port = await startPort({ token: TOKEN });
    const { health } = build({ secrets: catalogue(full()) });
    port.admin.registerRoute(secretsRoute(health, new UsageCount()));
    expect((await port.get('/health/secrets')).status).toBe(401);
  });

  it.each([
    ['full', full, full],
    ['rotten', () => ROTTEN, () => ROTTEN_TOO],
  ])('and metrics and log hold no four characters of any value, when %s', async (_kind, values, others) => {
    const mine = values();
    const clock = new HandClock();
    const told = await ask({ secrets: catalogue(mine), clock });
    const other = await ask({ secrets: catalogue(others()), clock });
    const writtenBy = (one: typeof told) => `${one.text}\n${one.written}\n${one.kept.lines.join('\n')}`;
    // What fixed words of the report and the values share is shared by other values as well.
    const { traces, compared, excused } = tracesOf(Object.values(mine), writtenBy(told), writtenBy(other));
    expect(traces).toEqual([]);
    expect(compared).toBeGreaterThan(100);
    expect(excused).toBeLessThan(compared * 0.25);
  });
});

describe('looking again', () => {
  it('finds a change and records it once, by name', async () => {
    const clock = new HandClock();
    const state = new MemoryState(clock);
    await build({ secrets: catalogue(full()), state, clock }).health.look();
    clock.turn(60_000);
    const values = full();
    const changed = build({ secrets: catalogue(values), state, clock });
    await changed.health.look();
    await changed.health.look();
    expect(changed.events).toHaveLength(22);
    expect(changed.events[0]).toMatchObject({
      type: 'secret_rotation',
      action: 'rotated',
      outcome: 'success',
      subject: 'JWT_SECRET_KEY',
    });
    expect(changed.kept.parsed[0]).toMatchObject({ event_type: 'secret_rotation', level: 'info' });
  });

  it('warns when a retired value is back', async () => {
    const clock = new HandClock();
    const state = new MemoryState(clock);
    const [first, second] = [catalogue(full()), catalogue(full())];
    for (const secrets of [first, second]) {
      await build({ secrets, state, clock }).health.look();
      clock.turn(60_000);
    }
    const back = build({ secrets: first, state, clock });
    await back.health.look();
    expect(
      back.events.every(({ action, outcome }) => action === 'retired_value_again' && outcome === 'failure'),
    ).toBe(true);
    expect(back.events).toHaveLength(22);
    expect((await back.health.report()).status).toBe('warning');
  });

  it('goes on without its state, says so once, and recovers', async () => {
    const clock = new HandClock();
    const memory = new MemoryState(clock);
    let away = true;
    const state: SecretState = {
      kind: 'memory',
      ready: true,
      pepper: (candidate) => memory.pepper(candidate),
      read: (environment) => (away ? Promise.reject(new Error('away')) : memory.read(environment)),
      write: (environment, sightings) => memory.write(environment, sightings),
    };
    const { health, kept } = build({ secrets: catalogue(full()), state, clock });
    await health.look();
    await health.look();
    const report = await health.report();
    expect(report.status).toBe('warning');
    expect(report.recommendations).toEqual([
      'Ages are not up to date: what is kept of secrets can not be reached.',
    ]);
    expect(entries(report)[0]).toMatchObject({ age_days: null, rotation: 'unknown', score: 95 });
    away = false;
    await health.look();
    expect((await health.report()).status).toBe('healthy');
    expect(kept.parsed.map(({ message }) => message)).toEqual([
      'what is kept of secrets can not be reached',
      'what is kept of secrets can be reached again',
    ]);
  });

  it('shows score, age and due date as metrics, by name', async () => {
    const clock = new HandClock();
    const secrets = [managed('JWT_SECRET_KEY', draw(URL_SAFE, 64), clock.now() - 200 * 86_400_000)];
    const { health, metrics } = build({ secrets, clock });
    await health.look();
    const { body } = await metrics.render(undefined);
    expect(body).toContain('railguard_secret_score{secret="JWT_SECRET_KEY"} 100');
    expect(body).toContain('railguard_secret_age_seconds{secret="JWT_SECRET_KEY"} 17280000');
    expect(body).toContain('railguard_secret_rotation_overdue{secret="JWT_SECRET_KEY"} 1');
    const { recommendations } = await health.report();
    expect(recommendations[0]).toBe(
      'JWT_SECRET_KEY is older than 180 days; run `openssl rand -base64 48` and set what it prints. It is 200 days old.',
    );
  });
});

describe('the usage of API keys', () => {
  const event = (key_id: string, more: Partial<AuditEvent> = {}): AuditEvent => ({
    id: 'id',
    time: '2026-01-02T03:04:05.678Z',
    type: 'api_key_usage',
    action: 'key_used',
    outcome: 'success',
    key_id,
    ...more,
  });

  it('is counted by key, the latest first', () => {
    const usage = new UsageCount();
    usage.write(event('a'));
    usage.write(event('b', { count: 5 }));
    usage.write(event('a', { time: '2026-01-03T00:00:00.000Z', outcome: 'failure' }));
    usage.write(event('c', { type: 'authentication' }));
    expect(usage.list()).toEqual([
      {
        key_id: 'a',
        uses: 1,
        refused: 1,
        first_seen: '2026-01-02T03:04:05.678Z',
        last_seen: '2026-01-03T00:00:00.000Z',
      },
      expect.objectContaining({ key_id: 'b', uses: 5, refused: 0 }),
    ]);
  });

  it('keeps a bounded number of keys, whatever comes', () => {
    const usage = new UsageCount();
    for (let n = 0; n < 5000; n++) usage.write(event(`key-${n}`));
    expect(usage.list()).toHaveLength(1000);
    expect(usage.list()[0]?.key_id).toBe('key-4999');
  });
});
