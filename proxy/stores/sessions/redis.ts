/** Sessions in Redis: one script a sighting, so that replicas agree on who is live and who had to end. */
import { hash } from 'node:crypto';
import { LuaScript, type ScriptRunner } from '../lua-script.ts';
import {
  REMEMBER_ENDED,
  type SessionQuery,
  type SessionRecord,
  type SessionRules,
  type SessionState,
  type SessionStore,
  type Sighting,
  type Verdict,
} from './store.ts';

export interface SessionRedis extends ScriptRunner {
  zrevrange(key: string, start: number, stop: number): Promise<string[]>;
  hmget(key: string, ...fields: string[]): Promise<(string | null)[]>;
}

/** Sessions that are listed at most; all are enforced. */
const MAX_LISTED = 10_000;

const SEE = new LuaScript(`
local prefix, id, subject = ARGV[1], ARGV[2], ARGV[3]
local now, given, idle, absolute = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local most, keep, listed = tonumber(ARGV[8]), ARGV[9], tonumber(ARGV[10])
local known = redis.call('HMGET', KEYS[1], 'first', 'last', 'state')
local first, last, state = tonumber(known[1] or ''), tonumber(known[2] or ''), known[3] or 'live'
if state ~= 'live' then return {state, tostring(first or given), 0} end
local fresh = first == nil
if fresh then first, last = given, now elseif given < first then first = given end
if (idle > 0 and now - last >= idle) or (absolute > 0 and now - first >= absolute) then state = 'expired' end
if now < last then now = last end
if state == 'expired' then now = last end
redis.call('HSET', KEYS[1], 'subject', subject, 'first', string.format('%.0f', first),
  'last', string.format('%.0f', now), 'state', state)
redis.call('PEXPIRE', KEYS[1], keep)
local reply = {state, string.format('%.0f', first), fresh and 1 or 0}
if state ~= 'live' then
  redis.call('ZREM', KEYS[2], id)
  redis.call('ZREM', KEYS[3], id)
  return reply
end
redis.call('ZADD', KEYS[3], string.format('%.0f', now), id)
redis.call('ZREMRANGEBYRANK', KEYS[3], 0, -listed - 1)
if most > 0 then
  if fresh then
    local newest = redis.call('ZREVRANGE', KEYS[2], 0, 0, 'WITHSCORES')
    redis.call('ZADD', KEYS[2], string.format('%.0f', math.max(now, (tonumber(newest[2] or '') or 0) + 1)), id)
  end
  redis.call('PEXPIRE', KEYS[2], keep)
  if redis.call('ZCARD', KEYS[2]) > most then
    for _, other in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
      local seen = redis.call('HMGET', prefix .. 'one:' .. other, 'last', 'first', 'state')
      local l, f = tonumber(seen[1] or ''), tonumber(seen[2] or '')
      if l == nil or seen[3] ~= 'live' or (idle > 0 and now - l >= idle) or (absolute > 0 and now - f >= absolute) then
        redis.call('ZREM', KEYS[2], other)
      end
    end
    local over = redis.call('ZCARD', KEYS[2]) - most
    if over > 0 then
      for _, other in ipairs(redis.call('ZRANGE', KEYS[2], 0, over - 1)) do
        redis.call('HSET', prefix .. 'one:' .. other, 'state', 'ended')
        redis.call('ZREM', KEYS[2], other)
        redis.call('ZREM', KEYS[3], other)
        reply[#reply + 1] = other
      end
    end
  end
end
return reply
`);

const END = new LuaScript(`
local known = redis.call('HMGET', KEYS[1], 'subject', 'first', 'last', 'state')
if known[4] ~= 'live' then return {} end
redis.call('HSET', KEYS[1], 'state', 'ended')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('ZREM', KEYS[2], ARGV[1])
return {known[1], known[2], known[3]}
`);

export class RedisSessions implements SessionStore {
  readonly name = 'redis';
  private readonly redis: SessionRedis;
  private readonly rules: SessionRules;
  private readonly prefix: string;
  private readonly grace: number;

  /** `grace`: milliseconds by which the last sight in Redis may be behind, because not every one is written. */
  constructor(redis: SessionRedis, rules: SessionRules, grace: number, prefix = 'railguard:session:') {
    this.redis = redis;
    this.rules = rules;
    this.grace = grace;
    this.prefix = prefix;
  }

  async see({ session, subject, now, startedAt }: Sighting): Promise<Verdict> {
    const { idle, absolute, concurrent } = this.rules;
    const reply = await SEE.run(
      this.redis,
      [this.one(session), `${this.prefix}of:${hash('sha256', subject, 'base64url')}`, this.all],
      [
        ...[this.prefix, session, subject, now, Math.min(startedAt ?? now, now)],
        ...[idle === 0 ? 0 : idle + this.grace, absolute, concurrent, REMEMBER_ENDED, MAX_LISTED],
      ],
    );
    const [state, firstSeen, fresh, ...displaced] = reply as [SessionState, string, number, ...string[]];
    return { state, firstSeen: Number(firstSeen), fresh: fresh === 1, displaced };
  }

  async end(session: string, _now: number): Promise<SessionRecord | undefined> {
    const reply = await END.run(this.redis, [this.one(session), this.all], [session, REMEMBER_ENDED]);
    const [subject, first, last] = reply as string[];
    if (subject === undefined) return undefined;
    return { session, subject, firstSeen: Number(first), lastSeen: Number(last) };
  }

  async list({ subject, limit, now }: SessionQuery): Promise<readonly SessionRecord[]> {
    const { idle, absolute } = this.rules;
    const found: SessionRecord[] = [];
    const step = 200;
    for (let from = 0; from < MAX_LISTED && found.length < limit; from += step) {
      const names = await this.redis.zrevrange(this.all, from, from + step - 1);
      const read = await Promise.all(
        names.map((name) => this.redis.hmget(this.one(name), 'subject', 'first', 'last', 'state')),
      );
      for (const [i, [owner, first, last, state]] of read.entries()) {
        const record = {
          session: names[i] as string,
          subject: owner ?? '',
          firstSeen: Number(first),
          lastSeen: Number(last),
        };
        const over =
          (idle > 0 && now - record.lastSeen >= idle + this.grace) ||
          (absolute > 0 && now - record.firstSeen >= absolute);
        if (state === 'live' && !over && (subject === undefined || owner === subject)) found.push(record);
      }
      if (names.length < step) break;
    }
    return found.slice(0, limit);
  }

  private one(session: string): string {
    return `${this.prefix}one:${session}`;
  }

  private get all(): string {
    return `${this.prefix}all`;
  }
}
