import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../../../proxy/exchange.ts';
import { overload } from '../../../../proxy/filters/overload.ts';
import type { Problem } from '../../../../proxy/problem.ts';
import { exchange } from './exchanges.ts';

const OUTCOME = { end: 'complete', status: 503, bytesOut: 0 } as const;

function gate(options: { max?: number; lagging?: boolean } = {}) {
  const state = { inFlight: 0, lagging: options.lagging ?? false };
  const reasons: string[] = [];
  const filter = overload({
    maxInFlight: options.max ?? 2,
    inFlight: () => state.inFlight,
    lagging: () => state.lagging,
    shed: (reason) => reasons.push(reason),
  });
  /** One more request; its refusal, when it is refused. */
  const enter = (x: Exchange = exchange()): Exchange => {
    state.inFlight++;
    try {
      filter.request?.(x);
    } catch (thrown) {
      x.problem = thrown as Problem;
    }
    return x;
  };
  const leave = (x: Exchange): void => {
    state.inFlight--;
    filter.finish?.(x, OUTCOME);
  };
  return { reasons, enter, leave, state };
}

describe('the gate of overload', () => {
  it('lets in as many as may be in flight, and refuses the next with 503 and when to come again', () => {
    const { enter, reasons } = gate();
    expect([enter(), enter()].map(({ problem }) => problem)).toEqual([undefined, undefined]);
    expect(enter().problem).toMatchObject({ code: 'overloaded', status: 503 });
    expect(reasons).toEqual(['in_flight']);
  });

  it('has room again for each that is finished', () => {
    const { enter, leave } = gate();
    const first = enter();
    enter();
    expect(enter().problem).toBeDefined();
    leave(first);
    expect(enter().problem).toBeUndefined();
    expect(enter().problem).toBeDefined();
  });

  it('does not count those it refused, however slowly they take their answer', () => {
    const { enter, leave } = gate();
    const first = enter();
    enter();
    const refused = Array.from({ length: 50 }, () => enter());
    expect(refused.every(({ problem }) => problem?.code === 'overloaded')).toBe(true);
    leave(first);
    expect(enter().problem).toBeUndefined();
    for (const x of refused) leave(x);
    expect(enter().problem).toBeDefined();
  });

  it('refuses for a late event loop only while there is enough in flight to make it late', () => {
    const { enter, reasons } = gate({ max: 100, lagging: true });
    const few = Array.from({ length: 16 }, () => enter());
    expect(few.every(({ problem }) => problem === undefined)).toBe(true);
    expect(enter().problem).toMatchObject({ code: 'overloaded' });
    expect(reasons).toEqual(['event_loop']);
  });

  it('refuses all on a connection that is one too many, and closes it', () => {
    const { enter, reasons } = gate();
    const x = exchange();
    x.crowded = true;
    expect(enter(x).problem).toMatchObject({ code: 'overloaded', options: { close: true } });
    expect(reasons).toEqual(['connections']);
  });
});
