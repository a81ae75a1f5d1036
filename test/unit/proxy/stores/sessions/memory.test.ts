import { describe, expect, it } from 'vitest';
import { MemorySessions } from '../../../../../proxy/stores/sessions/memory.ts';
import { sessionStoreSuite } from './suite.ts';

sessionStoreSuite('memory', (rules) => new MemorySessions(rules));

describe('memory', () => {
  it('holds no more sessions than it may, and lets go of the least lately seen', () => {
    const store = new MemorySessions({ idle: 0, absolute: 0, concurrent: 5 }, 100);
    for (let i = 0; i < 10_000; i++)
      store.see({ session: `s${i}`, subject: `u${i % 50}`, now: i, startedAt: undefined });
    expect(store.count(10_000)).toBe(100);
    expect(store.stateOf('s9899')).toBeUndefined();
    expect(store.stateOf('s9900')).toBe('live');
  });
});
