import { describe, expect, it } from 'vitest';
import { Repeats } from '../../../../proxy/identity/repeats.ts';
import { HandClock } from '../../core/lines.ts';

describe('repeated failures', () => {
  it('are told one by one up to twenty in a minute, then summed up in the next minute', () => {
    const clock = new HandClock();
    const repeats = new Repeats(clock);
    const admitted = Array.from({ length: 1000 }, () => repeats.admit('a'));
    expect(admitted.filter((count) => count === 1)).toHaveLength(20);
    expect(admitted.filter((count) => count === 0)).toHaveLength(980);
    expect(repeats.admit('b')).toBe(1);
    clock.turn(60_000);
    expect(repeats.admit('a')).toBe(981);
    expect(repeats.admit('a')).toBe(1);
  });

  it('of any number of clients take bounded room', () => {
    const repeats = new Repeats(new HandClock());
    for (let i = 0; i < 20_000; i++) expect(repeats.admit(`client ${i}`)).toBe(1);
    for (let i = 0; i < 25; i++) repeats.admit('client 19999');
    expect(repeats.admit('client 19999')).toBe(0);
    expect(repeats.admit('client 0')).toBe(1);
  });
});
