import { describe, expect, it } from 'vitest';
import { Ids } from '../../../core/ids.ts';
import { HandClock } from './lines.ts';

describe('a request id', () => {
  it('is a UUIDv7 that opens with the time (RFC 9562 §5.7)', () => {
    const clock = new HandClock();
    clock.wall = 0x017f22e279b0;
    const ids = new Ids(clock, (buffer) => buffer.fill(0xff));
    expect(ids.uuid()).toBe('017f22e2-79b0-7fff-bfff-ffffffffffff');
    expect(new Ids(clock, (buffer) => buffer.fill(0)).uuid()).toBe('017f22e2-79b0-7000-8000-000000000000');
  });

  it('does not repeat, and sorts by time', () => {
    const clock = new HandClock();
    const ids = new Ids(clock);
    const seen = Array.from({ length: 20_000 }, (_, i) => {
      if (i % 100 === 0) clock.turn(1);
      return ids.uuid();
    });
    expect(new Set(seen).size).toBe(20_000);
    expect((seen[0] as string) < (seen[19_999] as string)).toBe(true);
    for (const id of seen)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

describe('trace and span ids', () => {
  it('do not repeat', () => {
    const ids = new Ids(new HandClock());
    const traces = Array.from({ length: 2000 }, () => ids.traceparent());
    const spans = Array.from({ length: 2000 }, () => ids.spanId());
    for (const trace of traces) expect(trace).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-03$/);
    for (const span of spans) expect(span).toMatch(/^[0-9a-f]{16}$/);
    const parts = [...traces.flatMap((trace) => trace.split('-').slice(1, 3)), ...spans];
    expect(new Set(parts).size).toBe(6000);
  });

  it('are never all zero', () => {
    let fills = 0;
    const ids = new Ids(new HandClock(), (buffer) => buffer.fill(fills++ === 0 ? 0 : 0xab));
    expect(ids.traceparent()).toBe(`00-${'ab'.repeat(16)}-${'ab'.repeat(8)}-03`);
    fills = 0;
    expect(ids.spanId()).toBe('ab'.repeat(8));
  });
});
