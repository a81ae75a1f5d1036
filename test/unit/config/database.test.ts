import { describe, expect, it } from 'vitest';
import { load } from '../../../config/load.ts';

const read = (env: Record<string, string>) => {
  const loaded = load(env, { cwd: '/nonexistent' });
  return 'config' in loaded
    ? { database: loaded.config.database, errors: [] }
    : { database: undefined, errors: loaded.errors };
};

describe('the database section', () => {
  it('has the defaults of the documentation, and no database', () => {
    const { database } = read({});
    expect(database).toMatchObject({
      url: undefined,
      poolMinSize: 5,
      poolMaxSize: 20,
      poolMaxOverflow: 40,
      poolTimeout: 30_000,
      applicationName: 'railguard',
      pooler: 'off',
      poolerPort: 6432,
      poolerHost: '127.0.0.1',
      poolerMode: 'session',
      auditRetentionDays: 90,
    });
  });

  it.each([
    'postgres://u:p@h/d',
    'postgresql://u:p@h:5432/d?sslmode=require',
    'postgresql+asyncpg://u:p@h/d',
    'postgres://u:p@a:1,b:2/d?target_session_attrs=read-write',
    'postgres://u:p@[::1]:5432/d',
    'postgres:///d?host=/run/postgresql',
  ])('takes %s, and shows it to nobody', (url) => {
    const { database } = read({ DATABASE_URL: url });
    expect(database?.url?.reveal()).toBe(url);
    expect(JSON.stringify(database)).not.toContain('u:p');
  });

  it.each([
    'mysql://u:top-secret@h/d',
    'postgres://u:top-secret%@h/d',
    'postgres://u:top-secret@h:port/d',
    'postgres://u:top-secret@h/d?sslmode=sometimes',
    'u:top-secret@h',
  ])('refuses %s in words of its own', (url) => {
    const { errors } = read({ DATABASE_URL: url });
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(/^DATABASE_URL: /);
    expect(errors[0]).not.toContain('top-secret');
  });

  it('refuses a pooler without a database, and a floor above the size', () => {
    expect(read({ POOLER: 'managed' }).errors).toEqual([
      'POOLER: is managed without DATABASE_URL; set it, or use off',
    ]);
    expect(read({ DB_POOL_MIN_SIZE: '9', DB_POOL_MAX_SIZE: '8' }).errors).toEqual([
      'DB_POOL_MIN_SIZE: is 9, above the 8 of DB_POOL_MAX_SIZE; make it smaller',
    ]);
  });
});
