import { describe, expect, it } from 'vitest';
import { Lockout } from '../../../../proxy/identity/lockout.ts';
import { HandClock } from '../../core/lines.ts';

function setup(maxKeys = 1000) {
  const clock = new HandClock();
  const lockout = new Lockout({ failures: 3, window: 600_000, block: 900_000, clock, maxKeys });
  const fail = async (times: number, client = 'c', presented = 'p') => {
    let last = false;
    for (let i = 0; i < times; i++) last = await lockout.failed(client, presented);
    return last;
  };
  return { clock, lockout, fail };
}

describe('the lock-out', () => {
  it('bears the number of failures, and blocks with the last', async () => {
    const { lockout, fail } = setup();
    expect(await fail(2)).toBe(false);
    expect(lockout.idle).toBe(true);
    expect(await fail(1)).toBe(true);
    expect(lockout.remaining('c', 'p')).toBe(900_000);
  });

  it('blocks that client with that credential, and nobody else', async () => {
    const { lockout, fail } = setup();
    await fail(3);
    expect(lockout.remaining('c', 'q')).toBe(0);
    expect(lockout.remaining('d', 'p')).toBe(0);
  });

  it('ends when its time is over', async () => {
    const { clock, lockout, fail } = setup();
    await fail(3);
    clock.turn(899_999);
    expect(lockout.remaining('c', 'p')).toBe(1);
    clock.turn(1);
    expect(lockout.remaining('c', 'p')).toBe(0);
    expect(lockout.idle).toBe(true);
  });

  it('tells once that a block began', async () => {
    const { fail } = setup();
    await fail(3);
    expect(await fail(1)).toBe(false);
  });

  it('counts no more clients than it may', async () => {
    const { lockout, fail } = setup(50);
    await fail(2, 'first');
    for (let i = 0; i < 100; i++) await fail(1, `c${i}`);
    expect(await fail(1, 'first')).toBe(false);
    for (let i = 0; i < 100; i++) await fail(3, `d${i}`);
    expect(lockout.remaining('d0', 'p')).toBe(0);
    expect(lockout.remaining('d99', 'p')).toBeGreaterThan(0);
  });
});
