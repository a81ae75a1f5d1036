/** Rate limits in Redis: one script call a decision, on the server's clock, so that replicas share one budget. */
import { createHash } from 'node:crypto';
import { type Decision, decision, type Policy } from './gcra.ts';
import type { Store } from './store.ts';

/** The part of an ioredis client that is used. */
export interface ScriptRunner {
  evalsha(sha: string, keys: number, ...args: (string | number)[]): Promise<unknown>;
  eval(script: string, keys: number, ...args: (string | number)[]): Promise<unknown>;
}

/**
 * The step of gcra.ts. Lua prints 14 digits of a number unless told otherwise, and Redis drops fractions: both
 * are kept off by `%.0f` and whole microseconds. A key outlives its last use by a second, never less.
 */
const SCRIPT = `
local interval, tolerance, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if now == nil then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
local ahead = (tonumber(redis.call('GET', KEYS[1]) or 0) or 0) - now
if ahead < 0 then ahead = 0 end
if ahead > tolerance + interval then ahead = tolerance + interval end
if ahead > tolerance then return {0, ahead} end
ahead = ahead + interval
redis.call('SET', KEYS[1], string.format('%.0f', now + ahead), 'PX', string.format('%.0f', math.ceil(ahead / 1000) + 1000))
return {1, ahead}
`;
const SHA = createHash('sha1').update(SCRIPT).digest('hex');

export class RedisStore implements Store {
  readonly name = 'redis';
  private readonly redis: ScriptRunner;
  private readonly prefix: string;

  constructor(redis: ScriptRunner, prefix = 'railguard:rate:') {
    this.redis = redis;
    this.prefix = prefix;
  }

  async decide(key: string, policy: Policy, now?: number): Promise<Decision> {
    const name = `${this.prefix}${policy.name}:${key}`;
    const reply = await this.run(name, policy, now === undefined ? '' : String(now));
    const [allowed, ahead] = reply as [number, number];
    return decision(allowed === 1, ahead, policy);
  }

  close(): void {}

  private async run(name: string, policy: Policy, now: string): Promise<unknown> {
    try {
      return await this.redis.evalsha(SHA, 1, name, policy.interval, policy.tolerance, now);
    } catch (error) {
      // A server that restarted, or a replica that took over, has not seen the script yet.
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return this.redis.eval(SCRIPT, 1, name, policy.interval, policy.tolerance, now);
    }
  }
}
