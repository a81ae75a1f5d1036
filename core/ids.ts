/** Identifiers made of time and random bytes: request ids (UUIDv7, RFC 9562 §5.7), trace and span ids. */
import { randomFillSync } from 'node:crypto';
import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';

/** How many of a kind are made at once. */
const BATCH = 256;
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
  /** Where random digits stand. */
  private readonly digits: Uint16Array;
  /** Where digits that tell a variant do. */
  private readonly variants: Uint16Array;
  private text = '';
  private spent = 0;

  /** In `pattern`, `x` stands for a random hex digit and `y` for one that tells the variant of a UUID. */
  constructor(pattern: string, fill: RandomFill) {
    this.size = pattern.length;
    this.fill = fill;
    this.laid = Buffer.from(pattern.repeat(BATCH), 'latin1');
    this.digits = placesOf(['x'.charCodeAt(0), 'y'.charCodeAt(0)], this.laid);
    this.variants = placesOf(['y'.charCodeAt(0)], this.laid);
    this.random = Buffer.allocUnsafeSlow(Math.ceil(this.digits.length / 2));
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
    const { random, laid, digits, variants } = this;
    this.fill(random);
    for (let i = 0; i < digits.length; i++) {
      const byte = random[i >> 1] as number;
      laid[digits[i] as number] = DIGITS[i & 1 ? byte & 15 : byte >> 4] as number;
    }
    for (let i = 0; i < variants.length; i++) {
      const at = variants[i] as number;
      laid[at] = VARIANTS[laid[at] as number] as number;
    }
    this.text = laid.toString('latin1');
  }
}

const placesOf = (codes: readonly number[], laid: Buffer): Uint16Array =>
  Uint16Array.from(Array.from(laid.keys()).filter((at) => codes.includes(laid[at] as number)));

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
