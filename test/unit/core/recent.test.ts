import { describe, expect, it } from 'vitest';
import { Recent } from '../../../core/recent.ts';

describe('what is remembered for a while', () => {
  it('is there as long as it is asked for, however much else comes', () => {
    const recent = new Recent<number>(10);
    recent.set('kept', 1);
    for (let i = 0; i < 1000; i++) {
      recent.set(`other-${i}`, i);
      expect(recent.get('kept')).toBe(1);
    }
  });

  it('is forgotten when enough else came and nobody asked', () => {
    const recent = new Recent<number>(10);
    recent.set('left', 1);
    for (let i = 0; i < 9; i++) recent.set(`other-${i}`, i);
    expect(recent.get('left')).toBe(1);
    for (let i = 0; i < 20; i++) recent.set(`more-${i}`, i);
    expect(recent.get('left')).toBeUndefined();
  });

  it('is never more than twice its size', () => {
    const recent = new Recent<number>(10);
    for (let i = 0; i < 1000; i++) recent.set(`key-${i}`, i);
    const there = Array.from({ length: 1000 }, (_, i) => `key-${i}`).filter(
      (key) => recent.get(key) !== undefined,
    );
    expect(there.length).toBeLessThanOrEqual(20);
  });
});
