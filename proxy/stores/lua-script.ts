/** A script that Redis runs by its digest, and is taught again when it forgot. */
import { hash } from 'node:crypto';

/** The part of an ioredis client that scripts need. */
export interface ScriptRunner {
  evalsha(sha: string, keys: number, ...args: (string | number)[]): Promise<unknown>;
  eval(script: string, keys: number, ...args: (string | number)[]): Promise<unknown>;
}

export class LuaScript {
  private readonly text: string;
  private readonly sha: string;

  constructor(text: string) {
    this.text = text;
    this.sha = hash('sha1', text, 'hex');
  }

  async run(
    redis: ScriptRunner,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    try {
      return await redis.evalsha(this.sha, keys.length, ...keys, ...args);
    } catch (error) {
      // A server that restarted, or a replica that took over, has not seen the script yet.
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return redis.eval(this.text, keys.length, ...keys, ...args);
    }
  }
}
