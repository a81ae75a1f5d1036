import { describe, expect, it } from 'vitest';
import { KeyHash } from '../../../../proxy/stores/key-hash.ts';

const of = (hash: KeyHash, space: number, key: string) => {
  hash.update(space, key);
  return `${hash.high} ${hash.low}`;
};

describe('the key hash', () => {
  it('tells apart keys that differ in one character, in length, or in space', () => {
    const hash = new KeyHash();
    const keys = ['', '\0', '\0\0', 'a', 'a\0', 'ab', 'ba', 'abc', 'abd', 'Ā', 'aĀ', '一'];
    const seen = [0, 1, 2].flatMap((space) => keys.map((key) => of(hash, space, key)));
    expect(new Set(seen).size).toBe(3 * keys.length);
  });

  it('has no collision among 300,000 neighbouring keys, and fills a table evenly', () => {
    const hash = new KeyHash(Buffer.from('0123456789abcdef', 'hex'));
    const seen = new Set<string>();
    const cells = new Uint32Array(1024);
    for (let i = 0; i < 300_000; i++) {
      seen.add(of(hash, 0, `c:2001:db8:${i >> 16}:${i & 0xffff}::/64`));
      cells[hash.high & 1023] = (cells[hash.high & 1023] as number) + 1;
    }
    expect(seen.size).toBe(300_000);
    // 293 a cell on average; six standard deviations are 103.
    expect(Math.min(...cells)).toBeGreaterThan(190);
    expect(Math.max(...cells)).toBeLessThan(396);
  });

  it('depends on a seed that each process draws for itself', () => {
    expect(of(new KeyHash(), 0, 'key')).not.toBe(of(new KeyHash(), 0, 'key'));
  });
});
