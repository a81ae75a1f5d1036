/** Identifiers made of time and random bytes: request ids (UUIDv7, RFC 9562 §5.7), trace and span ids. */
import { randomFillSync } from 'node:crypto';
import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';

const POOL_BYTES = 4096;
const ZERO_TRACE = '0'.repeat(32);
const ZERO_SPAN = '0'.repeat(16);
/** A random hex digit as the one that tells the variant: its two lower bits stay. */
const VARIANT: Readonly<Record<string, string>> = Object.fromEntries(
  Array.from('0123456789abcdef', (digit, value) => [digit, '89ab'[value & 3] as string]),
);

/** Fills the buffer with random bytes. */
export type RandomFill = (buffer: Buffer) => unknown;

export class Ids {
  private readonly clock: Clock;
  private readonly fill: RandomFill;
  private readonly bytes = Buffer.allocUnsafeSlow(POOL_BYTES);
  /** The random bytes in hex, and how many digits of them are spent. */
  private digits = '';
  private spent = 0;
  private time = Number.NaN;
  /** A UUID as far as its time goes. */
  private opening = '';

  constructor(clock: Clock = systemClock, fill: RandomFill = randomFillSync) {
    this.clock = clock;
    this.fill = fill;
  }

  /** A UUIDv7: 48 bits of milliseconds, then 74 random bits. */
  uuid(): string {
    const now = this.clock.now();
    if (now !== this.time) {
      this.time = now;
      const time = now.toString(16).padStart(12, '0');
      this.opening = `${time.slice(0, 8)}-${time.slice(8)}-7`;
    }
    const start = this.take(20);
    const { digits } = this;
    const variant = VARIANT[digits[start + 4] as string] as string;
    return `${this.opening}${digits.slice(start + 1, start + 4)}-${variant}${digits.slice(start + 5, start + 8)}-${digits.slice(start + 8, start + 20)}`;
  }

  /** 16 random bytes in lower-case hex, never all zero. */
  traceId(): string {
    return this.hex(32, ZERO_TRACE);
  }

  /** 8 random bytes in lower-case hex, never all zero. */
  spanId(): string {
    return this.hex(16, ZERO_SPAN);
  }

  private hex(length: number, zero: string): string {
    for (;;) {
      const start = this.take(length);
      const hex = this.digits.slice(start, start + length);
      if (hex !== zero) return hex;
    }
  }

  /** Where the next digits start; none is given out twice. */
  private take(length: number): number {
    if (this.spent + length > this.digits.length) {
      this.fill(this.bytes);
      this.digits = this.bytes.toString('hex');
      this.spent = 0;
    }
    const start = this.spent;
    this.spent += length;
    return start;
  }
}
