import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { definePolicy } from '../../../proxy/stores/gcra.ts';
import { MemoryStore } from '../../../proxy/stores/memory.ts';
import type { Store } from '../../../proxy/stores/store.ts';
import { AskedRate, RateDesk } from '../../../workers/rate.ts';
import { HandClock } from '../core/lines.ts';
import { ends } from './lines.ts';

/** Workers before one store. */
function workers(count: number, store: Store) {
  const desk = new RateDesk(store);
  return Array.from({ length: count }, () => {
    const line = ends();
    desk.serve(line.primary);
    return { asked: new AskedRate('memory', line.worker), sent: line.sent };
  });
}

/** Each worker has policies of its own, as each process does. */
const policies = () => [definePolicy('default', 50, 60, 10), definePolicy('/login', 5, 60, 5)];

describe('the rate limit of several workers', () => {
  it('decides as one store does, whichever worker asks', async () => {
    const step = fc.record({
      worker: fc.nat(2),
      policy: fc.nat(1),
      key: fc.constantFrom('c:a', 'c:b'),
      pause: fc.nat(3000),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const clock = new HandClock();
        const shared = workers(3, new MemoryStore(clock, 1000)).map(({ asked }) => ({
          asked,
          own: policies(),
        }));
        const reference = new MemoryStore(clock, 1000);
        const own = policies();
        for (const { worker, policy, key, pause } of steps) {
          clock.turn(pause);
          const at = shared[worker]!;
          const { policy: _one, ...given } = await at.asked.decide(key, at.own[policy]!);
          const { policy: _two, ...expected } = reference.decide(key, own[policy]!);
          expect(given).toEqual(expected);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('lets the burst pass once in all, of a thousand that ask at once', async () => {
    const all = workers(4, new MemoryStore(new HandClock(), 1000));
    const answers = await Promise.all(
      all.flatMap(({ asked }) => {
        const [policy] = policies();
        return Array.from({ length: 250 }, () => asked.decide('c:one', policy!));
      }),
    );
    expect(answers.filter(({ allowed }) => allowed)).toHaveLength(10);
    // All of one turn travel in one message.
    expect(all.map(({ sent }) => sent.worker)).toEqual([1, 1, 1, 1]);
  });

  it('fails the decisions that the store failed, and no others', async () => {
    const memory = new MemoryStore(new HandClock(), 1000);
    const decide: Store['decide'] = (key, policy) =>
      key === 'c:bad' ? Promise.reject(new Error('away')) : Promise.resolve(memory.decide(key, policy));
    const [only] = workers(1, { name: 'postgres', decide, close() {} });
    const [policy] = policies();
    const settled = await Promise.allSettled(
      ['c:bad', 'c:good', 'c:bad'].map((key) => only!.asked.decide(key, policy!)),
    );
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected']);
  });

  it('fails what waits when the primary is gone', async () => {
    const line = ends();
    const asked = new AskedRate('memory', line.worker);
    const waiting = asked.decide('c:a', policies()[0]!);
    line.worker.close();
    await expect(waiting).rejects.toThrow('cut');
  });
});
