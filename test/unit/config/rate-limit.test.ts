import { describe, expect, it } from 'vitest';
import { load } from '../../../config/load.ts';

const read = (env: Record<string, string>) => load(env, { cwd: '/nonexistent' });
function config(env: Record<string, string> = {}) {
  const loaded = read(env);
  if ('errors' in loaded) throw new Error(loaded.errors.join('\n'));
  return loaded.config.rateLimit;
}
function errors(env: Record<string, string>): string[] {
  const loaded = read(env);
  return 'errors' in loaded ? loaded.errors : [];
}

describe('the rate limit settings', () => {
  it('are 50 a minute with a burst of 10, in memory, unless said otherwise', () => {
    expect(config()).toMatchObject({
      enabled: true,
      perMinute: 50,
      burst: 10,
      routes: [],
      exemptPaths: [],
      backend: 'memory',
      onStoreFailure: 'local',
      headers: 'both',
    });
  });

  it('read routes with a method or without, a prefix, a unit and a burst', () => {
    const text = 'POST /api/v1/auth/login=5/m; /api/*=100/s burst 20 ;GET /a=b=3/h;;';
    expect(config({ RATE_LIMIT_ROUTES: text }).routes).toEqual([
      { method: 'POST', path: '/api/v1/auth/login', limit: 5, windowSeconds: 60, burst: 5 },
      { method: undefined, path: '/api/*', limit: 100, windowSeconds: 1, burst: 20 },
      { method: 'GET', path: '/a=b', limit: 3, windowSeconds: 3600, burst: 3 },
    ]);
  });

  it.each([
    ['/login', 'is not a route with a limit'],
    ['post /login=5/m', 'is not a route with a limit'],
    ['/login=5', 'is not a route with a limit'],
    ['/login=5/w', 'is not a route with a limit'],
    ['/login=0/m', 'between 1 and 1000000'],
    ['/login=5/m burst 0', 'between 1 and 1000000'],
    ['login=5/m', 'is not a path'],
    ['/a/*/b=5/m', 'elsewhere than in a closing'],
    ['/a/../b=5/m', 'would never match'],
    ['/a=5/m; /a=6/m', 'named twice'],
    ['/a=1/d burst 40', 'more than 30 days'],
    [Array.from({ length: 61 }, (_, i) => `/a${i}=1/m`).join(';'), 'more than 60 routes'],
  ])('refuse the route %s', (text, why) => {
    const [error, ...others] = errors({ RATE_LIMIT_ROUTES: text });
    expect(error).toMatch(/^RATE_LIMIT_ROUTES: /);
    expect(error).toContain(why);
    expect(others).toEqual([]);
  });

  it('choose Redis when there is one, and say so when one is named that is not there', () => {
    const redis = { REDIS_URL: 'redis://:hunter22@redis.internal:6379' };
    expect(config(redis).backend).toBe('redis');
    expect(config({ ...redis, RATE_LIMIT_BACKEND: 'memory' }).backend).toBe('memory');
    expect(errors({ RATE_LIMIT_BACKEND: 'redis' })).toEqual([
      'RATE_LIMIT_BACKEND: is redis without REDIS_URL; set REDIS_URL, or use memory',
    ]);
    expect(errors({ RATE_LIMIT_BACKEND: 'postgres' })[0]).toContain('without DATABASE_URL');
    expect(errors({ RATE_LIMIT_BACKEND: 'etcd' })[0]).toContain('use memory, redis, postgres');
  });

  it('never show the URL of Redis, which holds its password', () => {
    const loaded = read({ REDIS_URL: 'redis://:hunter22@redis.internal:6379' });
    expect(JSON.stringify(loaded)).not.toContain('hunter22');
    expect(errors({ REDIS_URL: 'http://:hunter22@x' }).join()).not.toContain('hunter22');
  });
});
