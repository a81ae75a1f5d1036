/** Counts the failures of a key, and says when there were too many: in this process, or in Redis for all replicas. */

import { createRequire } from 'node:module';
import type * as flexible from 'rate-limiter-flexible';
import { makeRoom } from '../../core/make-room.ts';
import type { Redis } from '../../core/redis.ts';

/** File by file: the package's index loads its counters for a dozen databases. */
const require = createRequire(import.meta.url);
const part = <Name extends keyof typeof flexible>(name: Name): (typeof flexible)[Name] =>
  require(`rate-limiter-flexible/lib/${name}`);
const RateLimiterMemory = part('RateLimiterMemory');
const RateLimiterRes = part('RateLimiterRes');

export interface FailureCount {
  /** Counts one more; resolves to the milliseconds the key is blocked for from now on, 0 for not. Never rejects. */
  failed(key: string): Promise<number>;
}

export interface FailureRules {
  /** Failures within `window` that are borne. */
  readonly failures: number;
  /** Milliseconds. */
  readonly window: number;
  readonly block: number;
  readonly redis?: Redis | undefined;
  readonly maxKeys?: number | undefined;
}

/** Keys that are counted at once; the one that failed longest ago makes room. */
export const MAX_KEYS = 20_000;

export class KeptFailures implements FailureCount {
  private readonly block: number;
  private readonly maxKeys: number;
  private readonly limiter: flexible.RateLimiterAbstract;
  private readonly local: flexible.RateLimiterMemory;
  /** Keys that are being counted: bounds what the counters hold in memory. */
  private readonly counted = new Set<string>();

  constructor({ failures, window, block, redis, maxKeys }: FailureRules) {
    this.block = block;
    this.maxKeys = maxKeys ?? MAX_KEYS;
    const rule = {
      points: failures,
      duration: Math.ceil(window / 1000),
      blockDuration: Math.ceil(block / 1000),
      keyPrefix: 'railguard:lockout',
    };
    this.local = new RateLimiterMemory(rule);
    this.limiter =
      redis === undefined
        ? this.local
        : new (part('RateLimiterRedis'))({
            ...rule,
            storeClient: redis,
            rejectIfRedisNotReady: true,
            insuranceLimiter: this.local,
          });
  }

  async failed(key: string): Promise<number> {
    this.makeRoom(key);
    try {
      const { remainingPoints } = await this.limiter.consume(key);
      if (remainingPoints > 0) return 0;
      // The last one that was borne: the next would be refused, so the block begins here.
      await this.limiter.block(key, Math.ceil(this.block / 1000));
      return this.block;
    } catch (rejected) {
      // Another replica saw the last one; anything else is a store that failed even its insurance.
      return rejected instanceof RateLimiterRes ? rejected.msBeforeNext : 0;
    }
  }

  private makeRoom(key: string): void {
    this.counted.delete(key);
    makeRoom(this.counted, this.maxKeys, (oldest) => void this.local.delete(oldest));
    this.counted.add(key);
  }
}
