/** Slips of the hand are noticed, and other programs' variables are left in peace. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearest, nearMiss } from '../../../config/near-miss.ts';
import { variables } from '../../../config/sections.ts';

const known = variables.map((declared) => declared.name);

describe('nearMiss', () => {
  it.each([
    ['UPSTREAM_URI', 'UPSTREAM_URL'],
    ['UPSTREM_URL', 'UPSTREAM_URL'],
    ['UPSTREAM_CONECT_TIMEOUT', 'UPSTREAM_CONNECT_TIMEOUT'],
    ['MAX_HEADER', 'MAX_HEADERS'],
    ['LOG_LEVLE', 'LOG_LEVEL'],
    ['TRUSTED_PROXY', undefined],
    ['TRUSTED_PROXYS', 'TRUSTED_PROXIES'],
    ['ADMIN_TOKENS', 'ADMIN_TOKEN'],
    ['TLS_CRET', 'TLS_CERT'],
    ['log_level2', 'LOG_LEVEL'],
  ])('takes %s for %s', (name, meant) => {
    expect(nearMiss(name, known)).toBe(meant);
  });

  it.each([
    'PATH',
    'HOME',
    'PORTS',
    'HOSTS',
    'POST',
    'SHELL',
    'HOSTNAME',
    'WORKER',
    'APP_HOST',
    'API_PORT',
    'DB_PORT',
    'DB_HOST',
    'API_URL',
    'SSL_CERT',
    'RAILWAY_PROJECT_ID',
    'NODE_OPTIONS',
    'npm_config_user_agent',
    'LC_ALL',
    'MIN_BODY_SIZE',
    'SUPABASE_URL',
    'DATABASE_HOST',
  ])('leaves %s alone', (name) => {
    expect(nearMiss(name, known)).toBeUndefined();
  });
});

describe('editDistance', () => {
  it('counts a swap of neighbours as one', () => {
    expect(editDistance('sevre', 'serve')).toBe(1);
    expect(editDistance('LEVLE', 'LEVEL')).toBe(1);
    expect(editDistance('TIMEOUT', 'TIMOUTE')).toBe(2);
    expect(editDistance('', 'abc')).toBe(3);
  });

  it('is symmetric, nought only for equals, and never above the longer text', () => {
    const text = fc.string({ maxLength: 8 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const distance = editDistance(a, b);
        expect(distance).toBe(editDistance(b, a));
        expect(distance === 0).toBe(a === b);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });
});

it('nearest gives the closest candidate, and none of none', () => {
  expect(nearest('sevre', ['env', 'serve', 'demo'])).toBe('serve');
  expect(nearest('x', [])).toBeUndefined();
});
