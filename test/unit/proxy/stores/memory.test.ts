import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { definePolicy } from '../../../../proxy/stores/gcra.ts';
import { MemoryStore } from '../../../../proxy/stores/memory.ts';
import { Reference, schedules } from './reference.ts';

const SECOND = 1e6;
const policy = definePolicy('default', 50, 60, 10);
const clock = { now: () => 0, monotonic: () => milliseconds };
let milliseconds = 0;

beforeEach(() => {
  milliseconds = 0;
});

describe('the memory store', () => {
  it('decides as the reference does, whatever the schedule', () => {
    fc.assert(
      fc.property(schedules(150), ({ policy, arrivals }) => {
        const store = new MemoryStore(clock, 8);
        const models = new Map(['a', 'b', 'c'].map((key) => [key, new Reference(policy)]));
        for (const { key, at } of arrivals) {
          expect(store.decide(key, policy, at).allowed).toBe(models.get(key)?.request(at));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('decides alike when many keys and policies come, go and collide in a small table', () => {
    const policies = [policy, definePolicy('slow', 5, 60, 2), definePolicy('fast', 100, 1, 3)] as const;
    const arrival = fc.record({
      key: fc.integer({ min: 0, max: 40 }).map(String),
      which: fc.integer({ min: 0, max: 2 }),
      gap: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3 * SECOND }), fc.constant(100 * SECOND)),
    });
    fc.assert(
      fc.property(fc.array(arrival, { maxLength: 400 }), (arrivals) => {
        const store = new MemoryStore(clock, 41 * 3);
        const models = new Map<string, Reference>();
        let now = 0;
        for (const { key, which, gap } of arrivals) {
          now += gap;
          const chosen = policies[which] as (typeof policies)[0];
          const id = `${which} ${key}`;
          const model = models.get(id) ?? new Reference(chosen);
          models.set(id, model);
          expect(store.decide(key, chosen, now).allowed).toBe(model.request(now));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('reads the clock it was given, in milliseconds', () => {
    const store = new MemoryStore(clock, 10);
    for (let i = 0; i < 10; i++) expect(store.decide('k', policy).allowed).toBe(true);
    milliseconds = 1199.999;
    expect(store.decide('k', policy).allowed).toBe(false);
    milliseconds = 1200;
    expect(store.decide('k', policy).allowed).toBe(true);
  });

  it('looks without counting', () => {
    const store = new MemoryStore(clock, 10);
    for (let i = 0; i < 50; i++)
      expect(store.look('k', policy, 0)).toMatchObject({ allowed: true, remaining: 10 });
    for (let i = 0; i < 10; i++) store.decide('k', policy, 0);
    expect(store.look('k', policy, 0)).toMatchObject({ allowed: false, retryAfterMs: 1200 });
  });

  it('goes on from what another store decided', () => {
    fc.assert(
      fc.property(schedules(60), fc.integer({ min: 0, max: 59 }), ({ policy, arrivals }, cut) => {
        const first = new MemoryStore(clock, 8);
        const second = new MemoryStore(clock, 8);
        const model = new Reference(policy);
        arrivals.forEach(({ at }, i) => {
          const given = (i <= cut ? first : second).decide('k', policy, at);
          expect(given.allowed).toBe(model.request(at));
          if (i <= cut) second.adopt('k', given, at);
        });
      }),
      { numRuns: 200 },
    );
  });

  it('keeps the same key apart under different policies', () => {
    const store = new MemoryStore(clock, 10);
    const other = definePolicy('other', 1, 60, 1);
    expect(store.decide('k', other, 0).allowed).toBe(true);
    expect(store.decide('k', other, 0).allowed).toBe(false);
    expect(store.decide('k', policy, 0).remaining).toBe(9);
  });
});

describe('its size', () => {
  it('never passes the cap, whatever number of keys arrives', () => {
    const store = new MemoryStore(clock, 1000);
    for (let i = 0; i < 100_000; i++) {
      store.decide(`key ${i}`, policy, i);
      if (store.size > 1000) expect.fail(`${store.size} keys`);
    }
    expect(store.size).toBe(1000);
  });

  it('shrinks as keys fall idle, by a few with each decision, also under policies nobody asks for any more', () => {
    const store = new MemoryStore(clock, 10_000);
    const gone = definePolicy('gone', 5, 60, 5);
    for (let i = 0; i < 2000; i++) store.decide(`key ${i}`, i % 2 === 0 ? policy : gone, 0);
    for (let i = 0; i < 3000; i++) store.decide('one', policy, 100 * SECOND + i * 10);
    expect(store.size).toBe(1);
  });

  it('holds no idle keys up while it sees only new ones: the sweep is faster than the growth', () => {
    const store = new MemoryStore(clock, 50_000);
    for (let i = 0; i < 200_000; i++) store.decide(`key ${i}`, policy, i * 1000);
    // A key of one request is idle after 1.2 s; here 1,000 come each second.
    expect(store.size).toBeLessThan(1600);
  });
});

describe('a flood of new keys', () => {
  it('does not push out keys that are over their limit', () => {
    const store = new MemoryStore(clock, 1000);
    const over = Array.from({ length: 500 }, (_, i) => `over ${i}`);
    for (const key of over) for (let i = 0; i < 11; i++) store.decide(key, policy, 0);
    for (let i = 0; i < 200_000; i++) store.decide(`flood ${i}`, policy, i * 5);
    const now = 1 * SECOND;
    for (const key of over) expect(store.decide(key, policy, now).allowed).toBe(false);
  });

  it('does not push them out either when it comes in under another, slower policy', () => {
    const store = new MemoryStore(clock, 1000);
    const slow = definePolicy('login', 5, 3600, 5);
    const over = Array.from({ length: 200 }, (_, i) => `over ${i}`);
    for (const key of over) for (let i = 0; i < 11; i++) store.decide(key, policy, 0);
    for (let i = 0; i < 100_000; i++) store.decide(`flood ${i}`, slow, i * 10);
    for (const key of over) expect(store.decide(key, policy, 1 * SECOND).allowed).toBe(false);
  });

  it('pushes out the keys that have used least of their burst first', () => {
    const store = new MemoryStore(clock, 30);
    for (let uses = 1; uses <= 10; uses++) {
      for (let k = 0; k < 3; k++) for (let i = 0; i < uses; i++) store.decide(`used ${uses} ${k}`, policy, 0);
    }
    for (let i = 0; i < 4; i++) for (let n = 0; n < 10; n++) store.decide(`heavy ${i}`, policy, 0);
    const left = (uses: number) =>
      [0, 1, 2].filter((k) => store.look(`used ${uses} ${k}`, policy, 0).remaining === 10 - uses).length;
    expect([1, 2, 3, 10].map(left)).toEqual([0, 2, 3, 3]);
  });
});
