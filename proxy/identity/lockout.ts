/** Who fails too often to be heard for a while: counted by address and by what was presented, shared where Redis is. */

import { hash } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { makeRoom } from '../../core/make-room.ts';
import { type FailureCount, type FailureRules, KeptFailures, MAX_KEYS } from './failure-count.ts';

export interface LockoutOptions extends FailureRules {
  readonly clock: Clock;
  /** Who counts; in this process or in Redis when absent. */
  readonly count?: FailureCount | undefined;
}

export class Lockout {
  private readonly clock: Clock;
  private readonly count: FailureCount;
  private readonly maxKeys: number;
  /** Ends of blocks, on the monotonic clock. */
  private readonly blocked = new Map<string, number>();

  constructor(options: LockoutOptions) {
    this.clock = options.clock;
    this.count = options.count ?? new KeptFailures(options);
    this.maxKeys = options.maxKeys ?? MAX_KEYS;
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
    const left = until - this.clock.monotonic();
    if (left > 0) return left;
    this.blocked.delete(key);
    return 0;
  }

  /** Counts a failure; resolves to true when it is the one that blocks. Never rejects. */
  async failed(client: string, presented: string): Promise<boolean> {
    const key = keyOf(client, presented);
    const blocked = await this.count.failed(key);
    return blocked > 0 && this.block(key, blocked);
  }

  private block(key: string, milliseconds: number): boolean {
    const already = this.blocked.has(key);
    makeRoom(this.blocked, this.maxKeys);
    this.blocked.set(key, this.clock.monotonic() + milliseconds);
    return !already;
  }
}

/** One size whatever was presented, and nothing of it to be read. */
const keyOf = (client: string, presented: string): string =>
  hash('sha256', `${client} ${presented}`, 'base64url').slice(0, 22);
