import { expect, it } from 'vitest';
import { makeRoom } from '../../../core/make-room.ts';

it('makes room when it is full: the oldest go, and are told of while they are there', () => {
  const kept = new Map<string, number>();
  const told: string[] = [];
  for (let i = 0; i < 1000; i++) {
    makeRoom(kept, 128, (key) => {
      expect(kept.has(key)).toBe(true);
      told.push(key);
    });
    kept.set(`key ${i}`, i);
    expect(kept.size).toBeLessThanOrEqual(128);
  }
  expect(kept.size).toBeGreaterThan(124);
  expect([...kept.values()]).toEqual(Array.from({ length: kept.size }, (_, i) => 1000 - kept.size + i));
  expect(told).toEqual(Array.from({ length: 1000 - kept.size }, (_, i) => `key ${i}`));
});

it('holds one where one may be held', () => {
  const kept = new Set<number>();
  for (let i = 0; i < 5; i++) {
    makeRoom(kept, 1);
    kept.add(i);
  }
  expect([...kept]).toEqual([4]);
});
