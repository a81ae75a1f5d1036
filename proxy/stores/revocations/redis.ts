/** Revocations in Redis: one sorted set, read forward by all replicas, that carries its own epoch so that a loss is noticed. */
import { LuaScript, type ScriptRunner } from '../lua-script.ts';
import { MAX_REVOCATIONS, type News, type Revocation, type RevocationStore } from './store.ts';

export interface RevocationRedis extends ScriptRunner {
  zrevrange(key: string, start: number, stop: number): Promise<string[]>;
  zrem(key: string, ...members: string[]): Promise<number>;
}

const BATCH = 2000;

/** The epoch is the member of score 0; every other score is greater than all before it, and than every earlier time. */
const ADD = new LuaScript(`
if redis.call('ZCARD', KEYS[1]) > tonumber(ARGV[2]) then return redis.error_reply('FULL') end
local time = redis.call('TIME')
local score = time[1] * 1000000 + time[2]
local newest = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local last = tonumber(newest[2] or '') or 0
if last >= score then score = last + 1 end
redis.call('ZADD', KEYS[1], 'NX', string.format('%.0f', score), ARGV[1])
return 1
`);

const NEWS = new LuaScript(`
local first = redis.call('ZRANGEBYSCORE', KEYS[1], 0, 0)
local epoch = first[1]
if not epoch then
  epoch = 'epoch ' .. ARGV[3]
  redis.call('ZADD', KEYS[1], 0, epoch)
end
local from = '(0'
if epoch == ARGV[1] then from = '(' .. ARGV[2] end
return {epoch, redis.call('ZRANGEBYSCORE', KEYS[1], from, '+inf', 'WITHSCORES', 'LIMIT', 0, ${BATCH})}
`);

export class RedisRevocations implements RevocationStore {
  readonly name = 'redis';
  readonly shared = true;
  private readonly redis: RevocationRedis;
  private readonly key: string;

  constructor(redis: RevocationRedis, key = 'railguard:revocations') {
    this.redis = redis;
    this.key = key;
  }

  async add(revocation: Revocation): Promise<void> {
    await ADD.run(this.redis, [this.key], [textOf(revocation), MAX_REVOCATIONS]);
  }

  async news(epoch: string, mark: number): Promise<News> {
    const revocations: Revocation[] = [];
    let at = { epoch, mark };
    for (;;) {
      const reply = await NEWS.run(this.redis, [this.key], [at.epoch, at.mark, crypto.randomUUID()]);
      const [current, pairs] = reply as [string, string[]];
      at = { epoch: current, mark: at.epoch === current ? at.mark : 0 };
      for (let i = 0; i < pairs.length; i += 2) {
        const read = revocationOf(pairs[i] as string);
        if (read !== undefined) revocations.push(read);
        at.mark = Number(pairs[i + 1]);
      }
      if (pairs.length < BATCH * 2) return { ...at, revocations };
    }
  }

  async purge(now: number): Promise<void> {
    for (let from = 0; ; ) {
      const members = await this.redis.zrevrange(this.key, from, from + BATCH - 1);
      const gone = members.filter((member) => (revocationOf(member)?.expiresAt ?? now + 1) <= now);
      if (gone.length > 0) await this.redis.zrem(this.key, ...gone);
      if (members.length < BATCH) return;
      from += BATCH - gone.length;
    }
  }
}

const textOf = ({ kind, name, before, expiresAt }: Revocation): string =>
  JSON.stringify([kind, name, before, expiresAt]);

function revocationOf(text: string): Revocation | undefined {
  try {
    const [kind, name, before, expiresAt] = JSON.parse(text) as [Revocation['kind'], string, number, number];
    return { kind, name, before, expiresAt };
  } catch {
    return undefined;
  }
}
