import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CATEGORIES } from '../../../../admin/validate/check.ts';
import { checks } from '../../../../admin/validate/checks.ts';
import { markdown } from '../../../../admin/validate/docs.ts';
import { probes } from '../../../../admin/validate/live/probes.ts';
import { schema } from '../../../../admin/validate/schema.ts';
import { textOf } from '../../../../admin/validate/text.ts';
import { judge, type Outcome } from '../../../../admin/validate/validate.ts';
import { type Breakage, breakages } from './breakages.ts';
import { healthy, letters, type Settings } from './healthy.ts';
import { violations } from './json-schema.ts';

const ROOT = resolve(import.meta.dirname, '../../../..');
let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'railguard-validate-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function broken({ set = {}, change, files = {} }: Partial<Breakage>): Settings {
  const env = healthy();
  for (const [name, value] of Object.entries(set)) {
    if (value === undefined) delete env[name];
    else env[name] = value;
  }
  change?.(env);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), text);
  }
  return env;
}

const speaking = ({ results }: Outcome): string[] =>
  results.filter(({ issues }) => issues.length > 0).map(({ row }) => row.id);

describe('the healthy environment', () => {
  it('is healthy: nothing speaks, every category has 100', async () => {
    const outcome = await judge(healthy(), cwd, false);
    expect(speaking(outcome)).toEqual([]);
    expect(outcome.report).toMatchObject({
      overall_status: 'healthy',
      ready_for_deployment: true,
      score: 100,
      critical_issues: [],
      warnings: [],
      recommendations: [],
    });
    expect(outcome.results.length).toBeGreaterThan(60);
  });

  it('stays so on 0.0.0.0, on another PORT, and with a valid railpack.json', async () => {
    for (const set of [{ HOST: '0.0.0.0' }, { PORT: '3000' }, { HOST: '::' }])
      expect(speaking(await judge(broken({ set }), cwd, false))).toEqual([]);
    const files = {
      'railpack.json':
        '{ // comments and a last comma are fine\n "$schema": "https://schema.railpack.com", "provider": "node",\n "steps": { "build": { "commands": ["...", "npm run build"] } },\n "deploy": { "startCommand": "node dist/main.js serve", "aptPackages": ["pgbouncer"], }, }',
    };
    expect(speaking(await judge(broken({ files }), cwd, false))).toEqual([]);
  });
});

describe('one thing broken', () => {
  it('covers a hundred ways, and every check that a machine without Railway can show', () => {
    expect(breakages.length).toBeGreaterThanOrEqual(100);
    const shown = new Set(breakages.flatMap(({ speaks }) => speaks));
    const elsewhere = new Set([
      'ai-providers-settings',
      'jwt-keys-in-clear',
      'railpack-pooler',
      'database-name',
      'database-pooler-program',
      'tls-behind-edge',
    ]);
    const missing = checks.filter(({ id }) => !shown.has(id) && !elsewhere.has(id)).map(({ id }) => id);
    expect(missing).toEqual([]);
  });

  it.each(breakages.map((one) => [one.title, one] as const))('%s', async (_, breakage) => {
    const outcome = await judge(broken(breakage), cwd, false);
    expect(speaking(outcome).toSorted()).toEqual([...breakage.speaks].toSorted());
    const { report } = outcome;
    expect(report.overall_status).toBe(breakage.status);
    expect(report.ready_for_deployment).toBe(breakage.status !== 'critical');
    const issues = CATEGORIES.flatMap((category) => report.checks[category].issues);
    expect(issues.map(({ message, mend }) => `${message} ${mend}`).join('\n')).toMatch(breakage.mend);
    expect(violations(report, schema)).toEqual([]);
  });

  it('tells a key that is fetched over plain http', async () => {
    const env = broken({ set: { JWT_JWKS_URL: 'http://id.example.org/keys', JWT_SECRET_KEY: undefined } });
    expect(speaking(await judge(env, cwd, false))).toEqual(['jwt-keys-in-clear']);
  });

  it('tells a managed pooler that the image does not have', async () => {
    const files = { 'railpack.json': '{"deploy":{"startCommand":"node dist/main.js"}}' };
    const spoken = speaking(
      await judge(broken({ set: { POOLER: 'managed', DB_POOL_MAX_OVERFLOW: '20' }, files }), cwd, false),
    );
    expect(spoken.filter((id) => id !== 'database-pooler-program')).toEqual(['railpack-pooler']);
  });

  it("tells a pool under the app's own name", async () => {
    const env = broken({
      set: { DB_APPLICATION_NAME: 'coder' },
      change: (all) => {
        all.DATABASE_URL += '&application_name=coder';
      },
    });
    expect(speaking(await judge(env, cwd, false))).toEqual(['database-name']);
  });
});

describe('several things broken', () => {
  it('says all bad values at once, and judges the rest all the same', async () => {
    const env = broken({
      set: {
        PORT: 'x',
        MAX_BODY_SIZE: 'big',
        JWT_MODE: 'maybe',
        LOG_LEVEL: 'debug',
        TRUSTED_HOSTS: undefined,
      },
    });
    const spoken = speaking(await judge(env, cwd, false));
    expect(spoken.toSorted()).toEqual(
      [
        'railway-settings',
        'production-settings',
        'security-settings',
        'log-level-debug',
        'hosts-empty',
      ].toSorted(),
    );
  });

  it('ends with what to do when a .env file can not be read', async () => {
    mkdirSync(join(cwd, '.env'));
    const outcome = await judge({ ...healthy(), ENVIRONMENT: 'staging' }, cwd, false);
    expect(outcome.report.checks.production.issues.map(({ message }) => message).join()).toContain('.env');
  });

  it('reads bad values of a .env file, too', async () => {
    writeFileSync(join(cwd, '.env'), 'MAX_HEADERS=lots\n');
    const outcome = await judge({ ...healthy(), ENVIRONMENT: 'staging' }, cwd, false);
    expect(speaking(outcome)).toContain('production-settings');
  });
});

describe('what is printed', () => {
  it('holds no part of a secret, whatever is wrong with it', async () => {
    const values = {
      JWT_SECRET_KEY: `zq${letters(12)}`,
      ADMIN_TOKEN: `vw${letters(14)}`,
      DATABASE_URL: `postgresql://railguard:${letters(24)}%zz@db.example.org/x`,
      SENTRY_DSN: `nothing-${letters(20)}`,
      GITHUB_TOKEN: `ghp_${letters(20)}`,
      OPENAI_API_KEY: `bad-${letters(20)}`,
      STRIPE_API_KEY: `sk_test_${letters(24)}`,
      REDIS_URL: `redis://:${letters(24)}@cache.example.org`,
    };
    const { report, results } = await judge(broken({ set: values }), cwd, false);
    const printed = JSON.stringify(report) + textOf(report, results, true);
    for (const value of Object.values(values))
      for (const part of value.match(/[A-Za-z0-9]{12,}/g) ?? [])
        for (let at = 0; at + 8 <= part.length; at++) expect(printed).not.toContain(part.slice(at, at + 8));
  });

  it('has a line for each check, the mend of each issue, and the verdict', async () => {
    const { report, results } = await judge(broken({ set: { PORT: '0', LOG_LEVEL: 'debug' } }), cwd, false);
    const text = textOf(report, results, false);
    for (const { row } of results) expect(text).toContain(` ${row.id} `);
    expect(text).toMatch(/✗ port-random +PORT is 0\./);
    expect(text).toMatch(/! log-level-debug +LOG_LEVEL is debug\./);
    expect(text).toContain('mend: Set LOG_LEVEL=info.');
    expect(text).toContain('[ ] a deployment drains and starts as it should');
    expect(text).toContain('Not ready for deployment: critical, 1 critical, 1 warning');
    expect(text).not.toContain('\u001b');
    expect(textOf(report, results, true)).toContain('\u001b[31m✗');
  });
});

describe('the tables', () => {
  const rows = [...checks, ...probes];

  it('name each check once, with a reason and a mend in a whole sentence', () => {
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    for (const { id, reason, mend, holds } of rows) {
      expect(id).toMatch(/^[a-z][a-z0-9-]+$/);
      expect(reason, id).toMatch(/^(railguard |uvicorn |npm |railway\.json |[A-Z`']).*\.$/s);
      expect(mend, id).toMatch(/^(railguard |uvicorn |npm |railway\.json |[A-Z`']).*\.$/s);
      expect(holds, id).not.toMatch(/\.$/);
    }
  });

  it('are in docs/validate.md and in the published schema as they are', () => {
    expect(readFileSync(join(ROOT, 'docs/validate.md'), 'utf8')).toBe(markdown());
    expect(JSON.parse(readFileSync(join(ROOT, 'docs/validate.schema.json'), 'utf8'))).toEqual(schema);
  });
});

describe('the schema', () => {
  it('refuses a document that lacks a category, has a stranger, or a wrong kind', async () => {
    const { report } = await judge(healthy(), cwd, false);
    const { railway: _, ...others } = report.checks;
    expect(violations({ ...report, checks: others }, schema)).not.toEqual([]);
    expect(violations({ ...report, more: 1 }, schema)).not.toEqual([]);
    expect(violations({ ...report, score: '100' }, schema)).not.toEqual([]);
    expect(violations({ ...report, overall_status: 'fine' }, schema)).not.toEqual([]);
  });
});
