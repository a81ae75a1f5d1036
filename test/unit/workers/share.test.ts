import { describe, expect, it } from 'vitest';
import { load } from '../../../config/load.ts';
import { shareOf } from '../../../workers/share.ts';

function shared(env: Record<string, string>) {
  const loaded = load(env, { cwd: import.meta.dirname });
  if ('errors' in loaded) throw new Error(loaded.errors.join());
  return { whole: loaded.config, part: shareOf(loaded.config) };
}

describe('the share of a worker', () => {
  it('makes no more in all than was allowed', () => {
    const { whole, part } = shared({ WORKERS: '3' });
    for (const of of [
      (config: typeof whole) => config.limits.maxConnections,
      (config: typeof whole) => config.limits.maxInFlight,
      (config: typeof whole) => config.upstream.maxConnections,
      (config: typeof whole) => config.logs.maxPerSecond,
    ]) {
      expect(of(part) * 3).toBeLessThanOrEqual(of(whole));
      expect(of(part) * 3).toBeGreaterThan(of(whole) - 3);
    }
  });

  it('is at least one, and no limit stays none', () => {
    const { part } = shared({ WORKERS: '4', UPSTREAM_MAX_CONNECTIONS: '2', LOG_MAX_PER_SECOND: '0' });
    expect(part.upstream.maxConnections).toBe(1);
    expect(part.logs.maxPerSecond).toBe(0);
  });
});
