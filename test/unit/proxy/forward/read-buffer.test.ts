import { describe, expect, it } from 'vitest';
import { ReadBuffer } from '../../../../proxy/forward/read-buffer.ts';

const SMALL = 100;
const LARGE = 64 * 1024;

/** One read of `size` bytes, each of them `byte`, as a socket makes it. */
function read(reads: ReadBuffer, size: number, byte: number, needed: boolean): Buffer {
  reads.next().fill(byte, 0, size);
  const bytes = reads.keep(reads.take(size));
  reads.settle(needed);
  return bytes;
}

describe('bytes that were read', () => {
  it.each([
    ['small after small', SMALL, SMALL],
    ['small after large', LARGE, SMALL],
    ['large after small', SMALL, LARGE],
    ['large after large', LARGE, LARGE],
    ['the smallest that is lent', 16 * 1024, 16 * 1024],
    ['the largest that is copied', 16 * 1024 - 1, 16 * 1024 - 1],
  ])('stay what they were while they are needed: %s', (_what, first, second) => {
    const [reads, other] = [new ReadBuffer(), new ReadBuffer()];
    const kept = [read(reads, first, 1, true), read(reads, second, 2, true), read(reads, second, 3, true)];
    for (let i = 0; i < 40; i++) {
      read(other, i % 2 === 0 ? LARGE : SMALL, 9, i % 3 === 0);
      read(reads, i < 20 ? SMALL : LARGE, 9, i % 5 === 0);
    }
    expect(kept.map((bytes) => [bytes.length, new Set(bytes)])).toEqual([
      [first, new Set([1])],
      [second, new Set([2])],
      [second, new Set([3])],
    ]);
  });

  it('stay what they were when they are few, even if nobody said that they are needed', () => {
    const reads = new ReadBuffer();
    const small = read(reads, SMALL, 1, false);
    read(reads, LARGE, 9, false);
    expect(new Set(small)).toEqual(new Set([1]));
  });

  it('cost no other buffer when they have left', () => {
    const reads = new ReadBuffer();
    read(reads, LARGE, 1, false);
    const own = reads.next();
    for (let i = 0; i < 5; i++) {
      read(reads, LARGE, i, false);
      read(reads, SMALL, i, false);
    }
    expect(reads.next()).toBe(own);
    read(reads, LARGE, 1, true);
    expect(reads.next()).not.toBe(own);
  });

  it('land where those of all connections do, once they are few again', () => {
    const [one, two] = [new ReadBuffer(), new ReadBuffer()];
    read(one, LARGE, 1, false);
    expect(one.next()).not.toBe(two.next());
    for (let i = 0; i < 20; i++) read(one, SMALL, 1, false);
    expect(one.next()).toBe(two.next());
  });

  it('are looked for where Node put them: it asks for a buffer after a read, not before the next', () => {
    const [one, two] = [new ReadBuffer(), new ReadBuffer()];
    const given = one.next();
    two.next();
    two.take(LARGE);
    two.settle(true);
    two.next();
    given.fill(7, 0, LARGE);
    expect(new Set(one.take(LARGE))).toEqual(new Set([7]));
  });
});
