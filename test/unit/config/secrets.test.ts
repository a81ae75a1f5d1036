/** The secrets are declared once, read wherever they are declared, and printed nowhere. */
import { tmpdir } from 'node:os';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { effective, effectiveText, example, markdown, text } from '../../../config/docs.ts';
import { knownSecrets } from '../../../config/known-secrets.ts';
import { load } from '../../../config/load.ts';
import { managedSecrets } from '../../../config/managed-secrets.ts';
import { ROTATION_DAYS, SECRET_KINDS } from '../../../config/secrets.ts';
import { variables } from '../../../config/sections.ts';
import type { Env } from '../../../config/var.ts';
import { VALID } from '../admin/secrets/samples.ts';

function read(env: Env) {
  const loaded = load(env, { cwd: tmpdir() });
  if ('errors' in loaded) throw new Error(loaded.errors.join('\n'));
  return loaded.config;
}

function errors(env: Env): string[] {
  const loaded = load(env, { cwd: tmpdir() });
  return 'errors' in loaded ? loaded.errors : [];
}

const VALUES = Object.fromEntries(Object.entries(VALID).map(([name, [make]]) => [name, make?.() as string]));

describe('the catalogue', () => {
  it('has 22 secrets in four categories, each declared exactly once', () => {
    const counts = Object.keys(ROTATION_DAYS).map((category) => [
      category,
      SECRET_KINDS.filter((kind) => kind.category === category).length,
    ]);
    expect(counts).toEqual([
      ['ai_providers', 13],
      ['security', 4],
      ['infrastructure', 3],
      ['external_services', 2],
    ]);
    for (const { name } of SECRET_KINDS) {
      const declared = variables.filter((one) => one.name === name);
      expect(declared.map(({ secret }) => secret)).toEqual([true]);
    }
  });

  it('says how many days each may live', () => {
    const days = Object.fromEntries(SECRET_KINDS.map(({ name, rotationDays }) => [name, rotationDays]));
    expect(days).toMatchObject({
      OPENAI_API_KEY: 90,
      JWT_SECRET_KEY: 180,
      DATABASE_URL: 365,
      REDIS_URL: 365,
      SENTRY_DSN: 120,
      STRIPE_API_KEY: 120,
      GITHUB_TOKEN: 120,
    });
  });

  it('finds every value, wherever its variable is declared', () => {
    const found = managedSecrets(read(VALUES));
    expect(Object.fromEntries(found.map(({ name, value }) => [name, value?.reveal()]))).toEqual(VALUES);
    expect(managedSecrets(read({})).every(({ value }) => value === undefined)).toBe(true);
  });

  it('needs no JWT_SECRET_KEY where tokens are checked with public keys', () => {
    const needed = (env: Env) =>
      managedSecrets(read(env)).find(({ name }) => name === 'JWT_SECRET_KEY')?.needed;
    expect(needed({})).toBe('always');
    expect(needed({ JWT_JWKS_URL: 'https://id.example.org/jwks', JWT_ALGORITHM: 'RS256' })).toBe('no');
  });
});

describe('secrets that are added', () => {
  const env = {
    SECRETS_EXTRA: 'MINE=security, OTHER=ai_providers',
    MINE: 'the-value-of-mine',
    MINE_ROTATED_AT: '2026-01-02',
  };

  it('join the catalogue with their value, category and date', () => {
    const [mine, other] = managedSecrets(read(env)).slice(22);
    expect(mine).toMatchObject({ name: 'MINE', category: 'security', rotationDays: 180, format: 'any' });
    expect(mine?.value?.reveal()).toBe('the-value-of-mine');
    expect(mine?.rotatedAt).toBe(Date.UTC(2026, 0, 2));
    expect(other).toMatchObject({
      name: 'OTHER',
      category: 'ai_providers',
      rotationDays: 90,
      value: undefined,
    });
  });

  it('are known to the redaction', () => {
    expect([...knownSecrets(read(env))]).toContainEqual({ name: 'MINE', value: 'the-value-of-mine' });
  });

  it.each([
    ['MINE', 'is not NAME=category'],
    ['MINE=none', 'categories are ai_providers, security, infrastructure, external_services'],
    ['9=security', 'is not NAME=category'],
    ['JWT_SECRET_KEY=security', 'is watched already'],
  ])('are refused when written %s', (written, error) => {
    expect(errors({ SECRETS_EXTRA: written })).toEqual([expect.stringContaining(error)]);
  });

  it('never show a value that was set in the place of a category', () => {
    expect(errors({ SECRETS_EXTRA: 'MINE=hunter2hunter2' }).join()).not.toContain('hunter');
    expect(errors({ SECRETS_EXTRA: 'hunter2hunter2' }).join()).not.toContain('hunter');
  });
});

describe('where ages are kept', () => {
  it.each([
    [{}, { kind: 'memory' }],
    [{ DATABASE_URL: 'postgres://u:p@h/d' }, { kind: 'postgres' }],
    [{ SECRETS_STATE: 'file:/data/state.json' }, { kind: 'file', path: '/data/state.json' }],
    [{ SECRETS_STATE: 'memory', DATABASE_URL: 'postgres://u:p@h/d' }, { kind: 'memory' }],
  ])('with %j is %j', (env, state) => {
    expect(read(env as Env).secrets.state).toEqual(state);
  });

  it.each([
    [{ SECRETS_STATE: 'postgres' }, 'set DATABASE_URL'],
    [{ SECRETS_STATE: 'redis' }, 'use postgres, file:PATH or memory'],
    [{ SECRETS_PEPPER: 'short' }, 'is shorter than 32 characters'],
    [{ JWT_SECRET_KEY_ROTATED_AT: 'yesterday' }, 'write it as 2026-11-30'],
    [{ JWT_SECRET_KEY_ROTATED_AT: '2026-02-30' }, 'is not a date'],
  ])('with %j is refused: %s', (env, error) => {
    expect(errors(env as Env)).toEqual([expect.stringContaining(error)]);
  });
});

describe('a value', () => {
  it('is in none of the ways in which configuration is shown', () => {
    const pepper = 'the pepper, which is a secret as well, of course';
    const config = read({
      ...VALUES,
      SECRETS_EXTRA: 'MINE=security',
      MINE: 'the-value-of-mine',
      SECRETS_PEPPER: pepper,
    });
    const managed = managedSecrets(config);
    const shown = [
      JSON.stringify(config),
      inspect(config, { depth: 9, showHidden: true }),
      `${config.secrets.OPENAI_API_KEY}`,
      String(managed[0]?.value),
      JSON.stringify(managed),
      inspect(managed, { depth: 9, showHidden: true }),
      JSON.stringify(effective(config)),
      effectiveText(config),
      JSON.stringify(structuredClone(effective(config))),
      markdown(),
      example(),
      text(),
    ].join('\n');
    for (const value of [...Object.values(VALUES), 'the-value-of-mine', pepper])
      expect(shown.includes(value)).toBe(false);
    expect(effective(config).secrets).toMatchObject({
      OPENAI_API_KEY: '[set]',
      SECRETS_EXTRA: ['MINE=security'],
    });
  });
});
