/** Who fails too often to be heard for a while: counted by address and by what was presented, shared where Redis is. */
import { hash } from 'node:crypto';
import { createRequire } from 'node:module';
import type * as flexible from 'rate-limiter-flexible';
import type { Clock } from '../../core/clock.ts';
import type { Redis } from '../../core/redis.ts';

/** File by file: the package's index loads its counters for a dozen databases. */
const require = createRequire(import.meta.url);
const part = <Name extends keyof typeof flexible>(name: Name): (typeof flexible)[Name] =>
  require(`rate-limiter-flexible/lib/${name}`);
const RateLimiterMemory = part('RateLimiterMemory');
const RateLimiterRes = part('RateLimiterRes');

export interface LockoutOptions {
  /** Failures within `window` that are borne. */
  readonly failures: number;
  /** Milliseconds. */
  readonly window: number;
  readonly block: number;
  readonly clock: Clock;
  readonly redis?: Redis | undefined;
  readonly maxKeys?: number;
}

export class Lockout {
  private readonly options: LockoutOptions;
  private readonly limiter: flexible.RateLimiterAbstract;
  private readonly local: flexible.RateLimiterMemory;
  /** Ends of blocks, on the monotonic clock. */
  private readonly blocked = new Map<string, number>();
  /** Keys that are being counted: bounds what the counters hold in memory. */
  private readonly counted = new Set<string>();
  private readonly maxKeys: number;

  constructor(options: LockoutOptions) {
    this.options = options;
    this.maxKeys = options.maxKeys ?? 20_000;
    const rule = {
      points: options.failures,
      duration: Math.ceil(options.window / 1000),
      blockDuration: Math.ceil(options.block / 1000),
      keyPrefix: 'railguard:lockout',
    };
    this.local = new RateLimiterMemory(rule);
    this.limiter =
      options.redis === undefined
        ? this.local
        : new (part('RateLimiterRedis'))({
            ...rule,
            storeClient: options.redis,
            rejectIfRedisNotReady: true,
            insuranceLimiter: this.local,
          });
  }

  /** Is anybody blocked at all? */
  get idle(): boolean {
    return this.blocked.size === 0;
  }

  /** Milliseconds the block goes on; 0 without one. */
  remaining(client: string, presented: string): number {
    if (this.blocked.size === 0) return 0;
    const key = keyOf(client, presented);
    const until = this.blocked.get(key);
    if (until === undefined) return 0;
    const left = until - this.options.clock.monotonic();
    if (left > 0) return left;
    this.blocked.delete(key);
    return 0;
  }

  /** Counts a failure; resolves to true when it is the one that blocks. Never rejects. */
  async failed(client: string, presented: string): Promise<boolean> {
    const key = keyOf(client, presented);
    this.makeRoom(key);
    try {
      const { remainingPoints } = await this.limiter.consume(key);
      if (remainingPoints > 0) return false;
      // The last one that was borne: the next would be refused, so the block begins here.
      await this.limiter.block(key, Math.ceil(this.options.block / 1000));
      return this.block(key, this.options.block);
    } catch (rejected) {
      // Another replica saw the last one; anything else is a store that failed even its insurance.
      return rejected instanceof RateLimiterRes && this.block(key, rejected.msBeforeNext);
    }
  }

  private block(key: string, milliseconds: number): boolean {
    const already = this.blocked.has(key);
    if (this.blocked.size >= this.maxKeys) {
      for (const oldest of this.blocked.keys()) {
        this.blocked.delete(oldest);
        break;
      }
    }
    this.blocked.set(key, this.options.clock.monotonic() + milliseconds);
    return !already;
  }

  private makeRoom(key: string): void {
    this.counted.delete(key);
    this.counted.add(key);
    if (this.counted.size <= this.maxKeys) return;
    for (const oldest of this.counted) {
      this.counted.delete(oldest);
      void this.local.delete(oldest);
      break;
    }
  }
}

/** One size whatever was presented, and nothing of it to be read. */
const keyOf = (client: string, presented: string): string =>
  hash('sha256', `${client} ${presented}`, 'base64url').slice(0, 22);
