/** Identifiers made of time and random bytes: request ids (UUIDv7, RFC 9562 §5.7), trace and span ids. */
import { randomFillSync } from 'node:crypto';
import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';

const POOL_BYTES = 4096;

/** Fills the buffer with random bytes. */
export type RandomFill = (buffer: Buffer) => unknown;

export class Ids {
  private readonly clock: Clock;
  private readonly fill: RandomFill;
  private readonly pool = Buffer.allocUnsafeSlow(POOL_BYTES);
  private used = POOL_BYTES;

  constructor(clock: Clock = systemClock, fill: RandomFill = randomFillSync) {
    this.clock = clock;
    this.fill = fill;
  }

  /** A UUIDv7: 48 bits of milliseconds, then 74 random bits. */
  uuid(): string {
    const start = this.take(10);
    const { pool } = this;
    pool[start] = ((pool[start] as number) & 0x0f) | 0x70;
    pool[start + 2] = ((pool[start + 2] as number) & 0x3f) | 0x80;
    const time = this.clock.now().toString(16).padStart(12, '0');
    const tail = pool.toString('hex', start, start + 10);
    return `${time.slice(0, 8)}-${time.slice(8)}-${tail.slice(0, 4)}-${tail.slice(4, 8)}-${tail.slice(8)}`;
  }

  /** 16 random bytes in lower-case hex, never all zero. */
  traceId(): string {
    return this.hex(16);
  }

  /** 8 random bytes in lower-case hex, never all zero. */
  spanId(): string {
    return this.hex(8);
  }

  private hex(bytes: number): string {
    for (;;) {
      const start = this.take(bytes);
      const hex = this.pool.toString('hex', start, start + bytes);
      if (/[^0]/.test(hex)) return hex;
    }
  }

  /** Where the next bytes start in the pool; no byte is given out twice. */
  private take(bytes: number): number {
    if (this.used + bytes > POOL_BYTES) {
      this.fill(this.pool);
      this.used = 0;
    }
    const start = this.used;
    this.used += bytes;
    return start;
  }
}
