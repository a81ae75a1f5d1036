/** Identifiers made of time and random bytes: request ids (UUIDv7, RFC 9562 §5.7), trace and span ids. */
import { randomFillSync } from 'node:crypto';
import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';

/** How many of a kind are made at once. Not more: a start that works hard loads V8's optimising compiler, megabytes. */
const BATCH = 64;
const DIGITS = Buffer.from('0123456789abcdef');
/** By a digit's code: of its four random bits the digit that tells the variant keeps two. */
const VARIANTS = Buffer.alloc(128);
for (const [value, code] of DIGITS.entries()) VARIANTS[code] = '89ab'.charCodeAt(value & 3);
/** Neither a trace nor a span may be all zero (W3C Trace Context §3.2.2). */
const ZEROS = '0'.repeat(16);

/** Fills the buffer with random bytes. */
export type RandomFill = (buffer: Buffer) => unknown;

/** Random text of one form, cut from one string: what is made one by one is made of many small pieces. */
class Supply {
  private readonly size: number;
  private readonly fill: RandomFill;
  private readonly random: Buffer;
  private readonly laid: Buffer;
  /** Where random digits stand in the pattern. */
  private readonly digits: Uint8Array;
  /** Where the digit that tells the variant does; -1 for nowhere. */
  private readonly variant: number;
  private text = '';
  private spent = 0;

  /** In `pattern`, `x` stands for a random hex digit and `y` for one that tells the variant of a UUID. */
  constructor(pattern: string, fill: RandomFill) {
    this.size = pattern.length;
    this.fill = fill;
    this.laid = Buffer.from(pattern.repeat(BATCH), 'latin1');
    this.digits = Uint8Array.from(pattern.matchAll(/[xy]/g), ({ index }) => index);
    this.variant = pattern.indexOf('y');
    this.random = Buffer.allocUnsafeSlow(Math.ceil(this.digits.length / 2) * BATCH);
  }

  next(): string {
    if (this.spent === this.text.length) {
      do this.lay();
      while (this.text.includes(ZEROS));
      this.spent = 0;
    }
    const start = this.spent;
    this.spent += this.size;
    return this.text.slice(start, this.spent);
  }

  private lay(): void {
    const { size, random, laid, digits, variant } = this;
    this.fill(random);
    let used = 0;
    for (let start = 0; start < laid.length; start += size) {
      for (let i = 0; i < digits.length; i += 2) {
        const byte = random[used++] as number;
        laid[start + (digits[i] as number)] = DIGITS[byte >> 4] as number;
        if (i + 1 < digits.length) laid[start + (digits[i + 1] as number)] = DIGITS[byte & 15] as number;
      }
      if (variant >= 0) laid[start + variant] = VARIANTS[laid[start + variant] as number] as number;
    }
    this.text = laid.toString('latin1');
  }
}

export class Ids {
  private readonly clock: Clock;
  private readonly uuids: Supply;
  private readonly traces: Supply;
  private readonly spans: Supply;
  private time = Number.NaN;
  /** A UUID as far as its time goes. */
  private opening = '';

  constructor(clock: Clock = systemClock, fill: RandomFill = randomFillSync) {
    this.clock = clock;
    this.uuids = new Supply('xxx-yxxx-xxxxxxxxxxxx', fill);
    this.traces = new Supply(`00-${'x'.repeat(32)}-${'x'.repeat(16)}-03`, fill);
    this.spans = new Supply('x'.repeat(16), fill);
  }

  /** A UUIDv7: 48 bits of milliseconds, then 74 random bits. */
  uuid(): string {
    const now = this.clock.now();
    if (now !== this.time) {
      this.time = now;
      const time = now.toString(16).padStart(12, '0');
      this.opening = `${time.slice(0, 8)}-${time.slice(8)}-7`;
    }
    return this.opening + this.uuids.next();
  }

  /** The `traceparent` of a new trace: sampled, its id random (W3C Trace Context Level 2). */
  traceparent(): string {
    return this.traces.next();
  }

  /** 8 random bytes in lower-case hex, never all zero. */
  spanId(): string {
    return this.spans.next();
  }
}
