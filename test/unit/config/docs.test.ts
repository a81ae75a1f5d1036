/** The docs say what the declarations say, and the effective view says it without secrets. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { describe, expect, it } from 'vitest';
import { effective, effectiveText, example, markdown, text } from '../../../config/docs.ts';
import { load } from '../../../config/load.ts';
import { variables } from '../../../config/sections.ts';
import type { Env } from '../../../config/var.ts';

const root = resolve(import.meta.dirname, '../../..');
const script = join(root, 'scripts/check-docs.ts');

function config(env: Env) {
  const loaded = load(env, { cwd: tmpdir() });
  if ('errors' in loaded) throw new Error(loaded.errors.join('\n'));
  return loaded.config;
}

describe('the written docs', () => {
  it('are what the declarations say', () => {
    expect(readFileSync(join(root, 'docs/configuration.md'), 'utf8')).toBe(markdown());
    expect(readFileSync(join(root, '.env.example'), 'utf8')).toBe(example());
  });

  it('are found to differ, and are mended with --write', () => {
    const other = mkdtempSync(join(tmpdir(), 'railguard-docs-'));
    try {
      mkdirSync(join(other, 'docs'));
      writeFileSync(join(other, 'docs/configuration.md'), 'old');
      const drifted = spawnSync(process.execPath, [script, other], { encoding: 'utf8' });
      expect(drifted.status).toBe(1);
      expect(drifted.stderr).toContain('docs/configuration.md is not');
      expect(drifted.stderr).toContain('.env.example is not');
      expect(readFileSync(join(other, 'docs/configuration.md'), 'utf8')).toBe('old');
      execFileSync(process.execPath, [script, '--write', other]);
      expect(spawnSync(process.execPath, [script, other]).status).toBe(0);
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  it.each([
    ['table', markdown],
    ['example', example],
    ['terminal text', text],
  ])('name every variable in the %s', (_form, write) => {
    const written = write();
    const missing = variables.filter((one) => !new RegExp(`\\b${one.name}\\b`).test(written));
    expect(missing).toEqual([]);
  });

  it('have as many cells in every row as the table has columns', () => {
    const rows = markdown()
      .split('\n')
      .filter((line) => line.startsWith('| `') && line.includes('` | '));
    for (const row of rows) expect([3, 5]).toContain(row.split(/(?<!\\)\|/).length - 1);
  });
});

describe('.env.example', () => {
  it('changes nothing as it stands', () => {
    expect(parseEnv(example())).toEqual({});
  });

  it('gives the defaults when every line is uncommented', () => {
    const uncommented = example().replaceAll(/^#(?=[A-Z][A-Z0-9_]*=)/gm, '');
    expect(Object.keys(parseEnv(uncommented)).sort()).toEqual(variables.map((one) => one.name).sort());
    expect(config(parseEnv(uncommented))).toEqual(config({}));
  });
});

describe('the effective view', () => {
  const token = 'Zq'.repeat(20);

  it('shows values in the form they are written in, and masks secrets', () => {
    const view = effective(config({ ADMIN_TOKEN: token, BODY_TIMEOUT: '90', TRUSTED_PROXIES: '10.1.1.1/8' }));
    expect(view.listeners).toMatchObject({ PORT: 8080, ADMIN_TOKEN: '[set]', TLS_KEY: null });
    expect(view.limits).toMatchObject({ BODY_TIMEOUT: '90s', MAX_HEADER_SIZE: '32kb' });
    expect(view.upstream).toMatchObject({ UPSTREAM_URL: 'http://127.0.0.1:8000' });
    expect(view.client).toMatchObject({ TRUSTED_PROXIES: ['10.0.0.0/8'] });
    expect(JSON.stringify(view)).not.toContain(token);
  });

  it('says the same of secrets of any length', () => {
    const short = effectiveText(config({ ADMIN_TOKEN: 'Z'.repeat(32) }));
    expect(effectiveText(config({ ADMIN_TOKEN: token }))).toBe(short);
  });

  it('reads back to the same view', () => {
    const env = { MAX_BODY_SIZE: '0', HEADER_TIMEOUT: '1500ms', REPORT_ONLY: 'cors,jwt' };
    const before = effective(config(env));
    expect(effective(config(parseEnv(effectiveText(config(env)))))).toEqual(before);
  });
});
