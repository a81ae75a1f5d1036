import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../../../core/audit.ts';
import { AuditQueue } from '../../../../core/postgres/audit-queue.ts';

const event = (id: string, authentication = false): AuditEvent => ({
  id,
  time: '2026-01-01T00:00:00.000Z',
  type: authentication ? 'authentication' : 'session',
  action: 'x',
  outcome: 'success',
});
const ids = (events: readonly AuditEvent[]) => events.map(({ id }) => id);

describe('the queue of audit events', () => {
  it('gives the oldest first, whatever their kind', () => {
    const queue = new AuditQueue(10);
    for (let i = 0; i < 6; i++) queue.push(event(`${i}`, i % 2 === 0));
    expect(ids(queue.take(4))).toEqual(['0', '1', '2', '3']);
    queue.confirm();
    expect(ids(queue.take(4))).toEqual(['4', '5']);
  });

  it('gives the same events again until they are confirmed', () => {
    const queue = new AuditQueue(10);
    queue.push(event('a'));
    expect(ids(queue.take(5))).toEqual(['a']);
    queue.push(event('b'));
    expect(ids(queue.take(5))).toEqual(['a']);
    expect(queue.size).toBe(2);
    queue.confirm();
    expect(ids(queue.take(5))).toEqual(['b']);
  });

  it('drops the oldest that is no authentication, then the oldest that is', () => {
    const queue = new AuditQueue(3);
    queue.push(event('auth 1', true));
    queue.push(event('other 1'));
    queue.push(event('auth 2', true));
    queue.push(event('auth 3', true));
    expect(queue.dropped).toBe(1);
    queue.push(event('auth 4', true));
    expect(queue.dropped).toBe(2);
    expect(ids(queue.take(9))).toEqual(['auth 2', 'auth 3', 'auth 4']);
  });

  it('never holds more than its capacity, and loses nothing it does not count', () => {
    const step = fc.oneof(
      fc.constant('push'),
      fc.constant('authentication'),
      fc.constant('take'),
      fc.constant('confirm'),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), fc.integer({ min: 1, max: 20 }), (steps, capacity) => {
        const queue = new AuditQueue(capacity);
        const confirmed: string[] = [];
        let pushed = 0;
        let taken: readonly AuditEvent[] = [];
        for (const one of steps) {
          if (one === 'take') taken = queue.take(7);
          else if (one === 'confirm') {
            confirmed.push(...ids(taken));
            taken = [];
            queue.confirm();
          } else queue.push(event(`${pushed++}`, one === 'authentication'));
          expect(queue.size).toBeLessThanOrEqual(capacity);
        }
        expect(confirmed.length + queue.size + queue.dropped).toBe(pushed);
        expect(new Set(confirmed).size).toBe(confirmed.length);
        expect(confirmed).toEqual([...confirmed].sort((a, b) => Number(a) - Number(b)));
      }),
    );
  });

  it('stays small in memory however many events pass through', () => {
    const queue = new AuditQueue(100);
    for (let i = 0; i < 50_000; i++) {
      queue.push(event(`${i}`));
      if (i % 50 === 0) {
        queue.take(60);
        queue.confirm();
      }
    }
    expect(queue.size).toBeLessThanOrEqual(100);
    expect(queue.dropped).toBe(0);
  });
});
