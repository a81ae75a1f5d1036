import { describe, expect, it } from 'vitest';
import { ReadBuffer } from '../../../../proxy/forward/read-buffer.ts';

/** One read of `size` bytes, each of them `byte`, as a socket makes it. */
function read(reads: ReadBuffer, size: number, byte: number): Buffer {
  reads.next().fill(byte, 0, size);
  return reads.take(size);
}

const SMALL = 100;
const LARGE = 64 * 1024;

describe('bytes that were read', () => {
  it.each([
    ['small after small', SMALL, SMALL],
    ['small after large', LARGE, SMALL],
    ['large after small', SMALL, LARGE],
    ['large after large', LARGE, LARGE],
  ])('stay what they were: %s', (_what, first, second) => {
    const [mine, other] = [new ReadBuffer(), new ReadBuffer()];
    const kept = [read(mine, first, 1), read(mine, second, 2), read(mine, second, 3)];
    for (let i = 0; i < 3; i++) read(other, i === 1 ? LARGE : SMALL, 9);
    read(mine, LARGE, 9);
    expect(kept.map((bytes) => [bytes.length, new Set(bytes)])).toEqual([
      [first, new Set([1])],
      [second, new Set([2])],
      [second, new Set([3])],
    ]);
  });

  it('cost an idle connection no buffer of its own', () => {
    const [one, two] = [new ReadBuffer(), new ReadBuffer()];
    read(one, LARGE, 1);
    expect(one.next()).not.toBe(two.next());
    read(one, SMALL, 1);
    expect(one.next()).toBe(two.next());
  });
});
