import { describe, expect, it } from 'vitest';
import { LoopLag } from '../../../proxy/loop-lag.ts';

const LATE = 150;

function lag(limit = 100) {
  const changes: boolean[] = [];
  const loop = new LoopLag({ limit, onChange: (shedding) => changes.push(shedding) });
  const feed = (late: number, times: number): void => {
    for (let i = 0; i < times; i++) loop.sample(late);
  };
  const shed = (of: number): number => Array.from({ length: of }, () => loop.sheds()).filter(Boolean).length;
  return { loop, changes, feed, shed };
}

describe('the lag of the event loop', () => {
  it('sheds nothing for one long pause, nor for two', () => {
    const { feed, shed } = lag();
    feed(5000, 2);
    feed(1, 1);
    feed(5000, 2);
    expect(shed(100)).toBe(0);
  });

  it('sheds more the longer it lasts, evenly, and never everything', () => {
    const { loop, feed, shed } = lag();
    feed(LATE, 3);
    expect(loop.share).toBeCloseTo(0.2);
    expect(shed(100)).toBe(20);
    feed(LATE, 1);
    expect(shed(100)).toBe(40);
    feed(LATE, 100);
    expect(loop.share).toBeCloseTo(0.95);
    expect(shed(1000)).toBe(950);
  });

  it('stays as it is between half of the limit and the limit', () => {
    const { loop, feed } = lag();
    feed(LATE, 4);
    const before = loop.share;
    feed(80, 50);
    expect(loop.share).toBe(before);
  });

  it('comes down step by step once the loop keeps up, and says begin and end once each', () => {
    const { loop, changes, feed, shed } = lag();
    feed(LATE, 10);
    feed(10, 5);
    expect(loop.share).toBeGreaterThan(0.3);
    feed(10, 20);
    expect(loop.share).toBe(0);
    expect(shed(100)).toBe(0);
    expect(changes).toEqual([true, false]);
  });
});
