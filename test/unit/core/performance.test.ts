import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Performance } from '../../../core/performance.ts';

describe('the last five minutes', () => {
  it('give quantiles that are right to five per cent', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.0002, max: 200, noNaN: true }), { minLength: 1, maxLength: 300 }),
        (times) => {
          const performance = new Performance(0);
          for (const seconds of times) performance.request(200, seconds, 100);
          const sorted = times.toSorted((a, b) => a - b);
          const { p50, p95, p99 } = performance.read(100);
          for (const [share, found] of [
            [0.5, p50],
            [0.95, p95],
            [0.99, p99],
          ] as const) {
            const exact = (sorted[Math.ceil(times.length * share) - 1] as number) * 1000;
            expect(Math.abs((found as number) - exact) / exact).toBeLessThan(0.06);
          }
        },
      ),
    );
  });

  it('forget what is older, whether time passes in steps or in one leap', () => {
    const performance = new Performance(0);
    for (let i = 0; i < 10; i++) performance.request(500, 0.1, i * 1000);
    expect(performance.read(10_000)).toMatchObject({ requests: 10, server_errors: 10, error_rate: 1 });
    expect(performance.read(299_000).requests).toBe(10);
    expect(performance.read(301_000).requests).toBe(8);
    expect(performance.read(10_000_000)).toMatchObject({ requests: 0, error_rate: 0, p50: null });
  });

  it('tell now from the whole', () => {
    const performance = new Performance(0);
    for (let second = 0; second < 100; second++)
      for (let i = 0; i < (second < 80 ? 1 : 50); i++) performance.request(200, 0.01, second * 1000);
    const { rate, rate_now } = performance.read(100_000);
    expect(rate_now).toBe(50);
    expect(rate).toBeCloseTo((80 + 20 * 50) / 100, 1);
  });

  it('count a tunnel, but not how long it stood', () => {
    const performance = new Performance(0);
    performance.request(101, 3600, 0);
    expect(performance.read(0)).toMatchObject({ requests: 1, p99: null });
  });

  it('count clients who erred apart from an app that did', () => {
    const performance = new Performance(0);
    for (const status of [200, 404, 429, 502]) performance.request(status, 0.1, 0);
    performance.refusal(0);
    expect(performance.read(0)).toMatchObject({ client_errors: 2, server_errors: 1, refused: 1 });
  });

  it('can be drawn: oldest first, without the moment that is not over', () => {
    const performance = new Performance(0);
    performance.request(200, 0.1, 2500);
    performance.request(200, 0.1, 2600);
    const { rate, step_seconds } = performance.series(4100);
    expect([rate.length, step_seconds, rate.at(-1), rate.at(-2)]).toEqual([149, 2, 1, 0]);
  });

  it('of several processes are what one would have seen, but for the slot under way', () => {
    const clocks = [0, 7_000, 123_456];
    const workers = clocks.map((start) => new Performance(start));
    const [whole, sum] = [new Performance(50_000), new Performance(50_000)];
    for (let at = 0; at < 60_000; at += 50) {
      const which = (at / 50) % 3;
      const one = workers[which] as Performance;
      const request = [at % 1000 === 0 ? 500 : 200, 0.001 * (1 + (at % 77))] as const;
      one.request(...request, (clocks[which] as number) + at);
      whole.request(...request, 50_000 + at);
      if (at % 900 === 0) one.refusal((clocks[which] as number) + at);
      if (at % 900 === 0) whole.refusal(50_000 + at);
      if (at % 1000 === 0)
        for (const [i, worker] of workers.entries())
          for (const slot of worker.report((clocks[i] as number) + at)) sum.absorb(slot, 50_000 + at);
    }
    for (const [i, worker] of workers.entries())
      for (const slot of worker.report((clocks[i] as number) + 64_000)) sum.absorb(slot, 114_000);
    const { rate_now: _one, ...seen } = sum.read(114_000);
    const { rate_now: _two, ...expected } = whole.read(114_000);
    expect(seen).toEqual(expected);
    expect(seen.requests).toBe(1200);
  });
});
