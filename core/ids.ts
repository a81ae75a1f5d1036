/** Identifiers made of time and random bytes: request ids (UUIDv7, RFC 9562 §5.7), trace and span ids. */
import { randomFillSync } from 'node:crypto';
import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';

/** How many of a kind are made at once. */
const BATCH = 256;
const DIGITS = Buffer.from('0123456789abcdef');
/** Of a random digit's four bits the one that tells the variant keeps two. */
const VARIANTS = Buffer.from('89ab'.repeat(4));
/** Neither a trace nor a span may be all zero (W3C Trace Context §3.2.2). */
const ZEROS = '0'.repeat(16);

/** Fills the buffer with random bytes. */
export type RandomFill = (buffer: Buffer) => unknown;

/** Random text of one form, cut from one string: what is made one by one is made of many small pieces. */
class Supply {
  private readonly pattern: string;
  private readonly fill: RandomFill;
  private readonly random: Buffer;
  private readonly laid: Buffer;
  private text = '';
  private spent = 0;

  /** In `pattern`, `x` stands for a random hex digit and `y` for one that tells the variant of a UUID. */
  constructor(pattern: string, fill: RandomFill) {
    this.pattern = pattern;
    this.fill = fill;
    this.random = Buffer.allocUnsafeSlow(Math.ceil(pattern.replace(/[^xy]/g, '').length / 2) * BATCH);
    this.laid = Buffer.allocUnsafeSlow(pattern.length * BATCH);
  }

  next(): string {
    if (this.spent === this.text.length) {
      do this.lay();
      while (this.text.includes(ZEROS));
      this.spent = 0;
    }
    const start = this.spent;
    this.spent += this.pattern.length;
    return this.text.slice(start, this.spent);
  }

  private lay(): void {
    const { pattern, random, laid } = this;
    this.fill(random);
    let used = 0;
    for (let at = 0; at < laid.length; at++) {
      const form = pattern[at % pattern.length] as string;
      if (form !== 'x' && form !== 'y') {
        laid[at] = form.charCodeAt(0);
        continue;
      }
      const byte = random[used >> 1] as number;
      const digit = used++ & 1 ? byte & 15 : byte >> 4;
      laid[at] = (form === 'x' ? DIGITS : VARIANTS)[digit] as number;
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
