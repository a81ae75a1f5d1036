import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admits, aheadOf, decision, definePolicy, type Policy } from '../../../../proxy/stores/gcra.ts';
import { Reference, schedules } from './reference.ts';

const SECOND = 1e6;
const standard = definePolicy('default', 50, 60, 10);

/** A key as a store keeps it: one number. */
class Key {
  tat = 0;
  private readonly policy: Policy;
  constructor(policy: Policy) {
    this.policy = policy;
  }
  request(now: number) {
    const ahead = aheadOf(this.tat, now, this.policy);
    if (!admits(ahead, this.policy)) return decision(false, ahead, this.policy);
    this.tat = now + ahead + this.policy.interval;
    return decision(true, ahead + this.policy.interval, this.policy);
  }
}

/** Times (in microseconds) at which a client that asks every `step` for `length` passes. */
function hammer(policy: Policy, step: number, length: number): number[] {
  const key = new Key(policy);
  const passed: number[] = [];
  for (let now = 0; now <= length; now += step) if (key.request(now).allowed) passed.push(now);
  return passed;
}

describe('50 a minute with a burst of 10', () => {
  it('lets exactly 10 pass at once from cold, and the rest wait', () => {
    const key = new Key(standard);
    const answers = Array.from({ length: 30 }, () => key.request(0));
    expect(answers.filter((answer) => answer.allowed)).toHaveLength(10);
    expect(answers.slice(0, 11).map((answer) => answer.remaining)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0]);
  });

  it('then lets one pass every 1.2 s', () => {
    const passed = hammer(standard, 1000, 30 * SECOND);
    expect(passed.slice(10)).toEqual(Array.from({ length: 25 }, (_, i) => (i + 1) * 1_200_000));
  });

  it('never lets more than 60 pass in any 60 s, both ends counted', () => {
    const passed = hammer(standard, 100_000, 600 * SECOND);
    for (const [i, from] of passed.entries()) {
      expect(passed.slice(i).filter((at) => at <= from + 60 * SECOND).length).toBeLessThanOrEqual(60);
    }
  });

  it('gives the whole burst back after 12 s of quiet', () => {
    const key = new Key(standard);
    for (let i = 0; i < 10; i++) key.request(0);
    const again = Array.from({ length: 11 }, () => key.request(12 * SECOND).allowed);
    expect(again.filter(Boolean)).toHaveLength(10);
  });
});

describe('any policy, any schedule', () => {
  it('lets pass what the reference lets pass, and says how many more would', () => {
    fc.assert(
      fc.property(schedules(120), ({ policy, arrivals }) => {
        const keys = new Map(
          ['a', 'b', 'c'].map((key) => [key, { real: new Key(policy), model: new Reference(policy) }]),
        );
        for (const { key, at } of arrivals) {
          const { real, model } = keys.get(key) as { real: Key; model: Reference };
          const given = real.request(at);
          expect(given.allowed).toBe(model.request(at));
          expect(given.remaining).toBe(model.remaining(at));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('never lets more pass in any window than its burst and its rate allow', () => {
    fc.assert(
      fc.property(schedules(200), ({ policy, arrivals }) => {
        const key = new Key(policy);
        const passed = arrivals.filter(({ at }) => key.request(at).allowed).map(({ at }) => at);
        const most = policy.burst + policy.limit;
        for (const [i, from] of passed.entries()) {
          const until = from + policy.windowSeconds * SECOND;
          expect(passed.slice(i).filter((at) => at <= until).length).toBeLessThanOrEqual(most);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('names a wait that is enough, and no shorter one would be', () => {
    fc.assert(
      fc.property(schedules(60), ({ policy, arrivals }) => {
        const key = new Key(policy);
        for (const { at } of arrivals) {
          const given = key.request(at);
          if (given.allowed) continue;
          const { tat } = key;
          const wait = Math.round(given.retryAfterMs * 1000);
          expect(key.request(at + wait - 1).allowed).toBe(false);
          expect(key.request(at + wait).allowed).toBe(true);
          key.tat = tat;
        }
      }),
      { numRuns: 200 },
    );
  });

  it('after a pass names the time until one more than remaining would pass', () => {
    fc.assert(
      fc.property(schedules(40), ({ policy, arrivals }) => {
        const key = new Key(policy);
        for (const { at } of arrivals) {
          const given = key.request(at);
          const ahead = aheadOf(key.tat, at + Math.round(given.retryAfterMs * 1000), policy);
          expect(decision(true, ahead, policy).remaining).toBe(given.remaining + 1);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('counts the whole burst as back when the named reset is over, and not before', () => {
    const key = new Key(standard);
    const given = [0, 0, 0].map((now) => key.request(now))[2];
    expect(given?.resetMs).toBe(3600);
    expect(decision(true, aheadOf(key.tat, 3600 * 1000, standard), standard).remaining).toBe(10);
    expect(decision(true, aheadOf(key.tat, 3600 * 1000 - 1, standard), standard).remaining).toBe(9);
  });
});

describe('a clock that steps back', () => {
  it('holds a key no longer than a whole burst takes', () => {
    const ahead = aheadOf(1e15, 1000, standard);
    expect(decision(false, ahead, standard).retryAfterMs).toBe(1200);
    expect(ahead).toBe(12 * SECOND);
  });
});

describe('a policy', () => {
  it('rounds an interval that is no whole microsecond up, so that it never admits early', () => {
    expect(definePolicy('seven', 7, 60, 1).interval).toBe(8_571_429);
  });

  it.each([
    [0, 60, 1],
    [1.5, 60, 1],
    [1, 0, 1],
    [1, 60, 0],
    [Number.NaN, 60, 1],
    [1, 86_400, 1_000_000],
  ])('of %d in %d s with a burst of %d is refused', (limit, window, burst) => {
    expect(() => definePolicy('x', limit, window, burst)).toThrow(RangeError);
  });

  it.each(['', 'a"b', 'a\\b', 'a\nb', 'ä'])(
    'named %j is refused: the name stands in header fields',
    (name) => {
      expect(() => definePolicy(name, 1, 60, 1)).toThrow(RangeError);
    },
  );
});
