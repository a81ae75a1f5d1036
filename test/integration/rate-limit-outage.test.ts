/** A Redis that dies, hangs, and comes back under load: no decision waits for it, limits hold, and it is used again. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import type { Log } from '../../core/logger.ts';
import { closeRedis, openRedis, type Redis } from '../../core/redis.ts';
import { definePolicy } from '../../proxy/stores/gcra.ts';
import { GuardedLimiter } from '../../proxy/stores/guarded.ts';
import { MemoryStore } from '../../proxy/stores/memory.ts';
import { RedisStore } from '../../proxy/stores/redis.ts';
import { until } from '../harness/ports.ts';
import { RedisServer } from '../harness/redis-server.ts';

const policy = definePolicy('default', 50, 60, 10);

describe('a Redis in trouble', () => {
  let server: RedisServer;
  let redis: Redis;
  let limiter: GuardedLimiter;
  let lines: string[];
  let counts: Record<string, number>;
  let load: Load;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  beforeEach(async () => {
    lines = [];
    counts = {};
    const line = (_: string, message: string) => void lines.push(message);
    const log: Log = {
      debug: line,
      info: line,
      warn: line,
      error: line,
      ready: () => undefined,
      enabled: () => true,
      flush: async () => {},
    };
    redis = await openRedis(server.url, log);
    await until('the client is ready', 2000, () => redis.status === 'ready');
    limiter = new GuardedLimiter({
      store: new RedisStore(redis, `outage ${Math.random()}:`),
      local: new MemoryStore(systemClock),
      onFailure: 'local',
      log,
      count: (outcome, store) => {
        counts[`${outcome} ${store}`] = (counts[`${outcome} ${store}`] ?? 0) + 1;
      },
    });
    load = new Load(limiter);
  });
  afterEach(async () => {
    load.stop();
    limiter.close();
    await closeRedis(redis);
  });

  const degraded = (is: boolean) => until(`degraded is ${is}`, 8000, () => limiter.degraded === is, 5);
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  it('that is killed and started again empty', async () => {
    await pause(200);
    expect(counts['allowed redis']).toBe(10);
    await server.stop();
    await degraded(true);
    await pause(300);
    // The count went on from what Redis had said: ten are spent, one comes back every 1.2 s.
    expect(counts['limited local']).toBeGreaterThan(10);
    expect(counts['allowed local'] ?? 0).toBeLessThanOrEqual(1);
    await server.start();
    await degraded(false);
    const before = counts['limited redis'] ?? 0;
    await pause(300);
    expect(counts['limited redis']).toBeGreaterThan(before);
    load.expectNoWait();
    expect(lines).toEqual([
      'redis can not be reached',
      'the rate limit store does not answer',
      'redis answers again',
      'the rate limit store answers again',
    ]);
  });

  it('that hangs for longer than any timeout, and goes on where it stopped', async () => {
    await pause(200);
    server.pause();
    await degraded(true);
    await pause(6500);
    // 6.5 s and a little: five or six at one each 1.2 s.
    expect(counts['allowed local']).toBeGreaterThanOrEqual(5);
    expect(counts['allowed local']).toBeLessThanOrEqual(7);
    server.resume();
    await degraded(false);
    await pause(200);
    load.expectNoWait();
    expect(lines.filter((text) => text === 'the rate limit store does not answer')).toHaveLength(1);
    expect(lines.at(-1)).toBe('the rate limit store answers again');
    expect(limiter.degraded).toBe(false);
  });

  it('that was never there: the process starts, limits, and finds it later', async () => {
    await server.stop();
    const late = await openRedis(server.url, {
      debug() {},
      info() {},
      warn() {},
      error() {},
      ready: () => undefined,
      enabled: () => false,
      flush: async () => {},
    });
    await pause(200);
    await expect(late.get('x')).rejects.toThrow();
    await server.start();
    await until('the late client is ready', 3000, () => late.status === 'ready');
    expect(await late.get('x')).toBeNull();
    await closeRedis(late);
    await degraded(false);
  });
});

/** One client that asks every few milliseconds, and remembers how long each answer took. */
class Load {
  private readonly limiter: GuardedLimiter;
  private readonly timer: NodeJS.Timeout;
  private longest = 0;
  private failures = 0;
  private stall = 0;
  private last = performance.now();

  constructor(limiter: GuardedLimiter) {
    this.limiter = limiter;
    this.timer = setInterval(() => void this.ask(), 2);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** 60 ms, and what this very process was kept from running. */
  expectNoWait(): void {
    expect(this.failures).toBe(0);
    expect(this.longest).toBeLessThan(60 + this.stall);
  }

  private async ask(): Promise<void> {
    const asked = performance.now();
    this.stall = Math.max(this.stall, asked - this.last - 2);
    this.last = asked;
    try {
      await this.limiter.decide('k', policy);
      this.longest = Math.max(this.longest, performance.now() - asked);
    } catch {
      this.failures++;
    }
  }
}
