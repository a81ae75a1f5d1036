/** A keyed 64-bit hash of a store key, so that memory holds numbers of one size and nobody can aim at another's cell. */
import { randomBytes } from 'node:crypto';

/** HalfSipHash-1-3 over UTF-16 units, two to a word; the result is read from `high` and `low`. */
export class KeyHash {
  high = 0;
  low = 0;
  private readonly k0: number;
  private readonly k1: number;
  private v0 = 0;
  private v1 = 0;
  private v2 = 0;
  private v3 = 0;

  constructor(seed: Buffer = randomBytes(8)) {
    this.k0 = seed.readInt32LE(0);
    this.k1 = seed.readInt32LE(4);
  }

  /** `space` keeps the same key apart under different policies. */
  update(space: number, key: string): void {
    this.v0 = this.k0;
    this.v1 = this.k1 ^ 0xee;
    this.v2 = 0x6c796765 ^ this.k0;
    this.v3 = 0x74656462 ^ this.k1;
    this.absorb(space);
    const { length } = key;
    const even = length & ~1;
    for (let i = 0; i < even; i += 2) this.absorb(key.charCodeAt(i) | (key.charCodeAt(i + 1) << 16));
    if (even !== length) this.absorb(key.charCodeAt(even));
    this.absorb(length);
    this.v2 ^= 0xee;
    this.finish();
    this.high = this.v1 ^ this.v3;
    this.v1 ^= 0xdd;
    this.finish();
    this.low = this.v1 ^ this.v3;
  }

  private absorb(word: number): void {
    this.v3 ^= word;
    this.round();
    this.v0 ^= word;
  }

  private finish(): void {
    this.round();
    this.round();
    this.round();
  }

  private round(): void {
    let { v0, v1, v2, v3 } = this;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    this.v0 = v0;
    this.v1 = v1;
    this.v2 = (v2 << 16) | (v2 >>> 16);
    this.v3 = v3;
  }
}
