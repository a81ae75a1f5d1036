import { describe, expect, it } from 'vitest';
import { MemorySessions } from '../../../../../proxy/stores/sessions/memory.ts';
import { SharedSessions } from '../../../../../proxy/stores/sessions/shared.ts';
import type { SessionRules, SessionStore, Sighting } from '../../../../../proxy/stores/sessions/store.ts';
import { HandClock, keptLog } from '../../../core/lines.ts';
import { sessionStoreSuite } from './suite.ts';

const RULES: SessionRules = { idle: 600_000, absolute: 0, concurrent: 0 };

/** A store of other replicas that counts, and can be away or slow. */
class Remote implements SessionStore {
  readonly name = 'remote';
  asked = 0;
  mode: 'answer' | 'fail' | 'hang' = 'answer';
  private readonly inner: MemorySessions;
  constructor(rules: SessionRules) {
    this.inner = new MemorySessions(rules);
  }
  async see(sighting: Sighting) {
    this.asked++;
    if (this.mode === 'fail') throw new Error('away');
    if (this.mode === 'hang') await new Promise(() => {});
    return this.inner.see(sighting);
  }
  end(session: string, now: number) {
    return this.mode === 'answer' ? this.inner.end(session, now) : Promise.reject(new Error('away'));
  }
  list(query: Parameters<MemorySessions['list']>[0]) {
    return this.inner.list(query);
  }
}

function setup(rules = RULES) {
  const clock = new HandClock();
  const { log, kept } = keptLog();
  const remote = new Remote(rules);
  const shared = new SharedSessions({ store: remote, rules, every: 60_000, clock, log });
  const see = (session = 'a', subject = 'user') =>
    shared.see({ session, subject, now: clock.now(), startedAt: undefined });
  return { clock, kept, remote, shared, see };
}

// The clock stands still, so that every session is written once and after that judged here.
sessionStoreSuite('shared', (rules) => {
  const { log } = keptLog();
  return new SharedSessions({ store: new Remote(rules), rules, every: 0, clock: new HandClock(), log });
});

describe('shared sessions', () => {
  it('write a session once a minute, and answer without a promise in between', async () => {
    const { clock, remote, see } = setup();
    await see();
    for (let i = 0; i < 59; i++) {
      clock.turn(1000);
      expect(see()).toMatchObject({ state: 'live' });
    }
    expect(remote.asked).toBe(1);
    clock.turn(1000);
    await see();
    expect(remote.asked).toBe(2);
  });

  it('go on from memory while the store is away, and say so once', async () => {
    const { clock, kept, remote, shared, see } = setup();
    await see();
    remote.mode = 'fail';
    for (let i = 0; i < 5; i++) {
      clock.turn(120_000);
      expect((await see()).state).toBe('live');
    }
    expect((await see('new')).state).toBe('live');
    expect(shared.up).toBe(false);
    clock.turn(600_000);
    expect((await see()).state).toBe('expired');
    remote.mode = 'answer';
    clock.turn(2000);
    await see('another');
    expect(shared.up).toBe(true);
    expect(kept.parsed.map(({ level }) => level)).toEqual(['error', 'info']);
  });

  it('leave a store that hangs alone after one wait of 50 ms', async () => {
    const { remote, see } = setup();
    remote.mode = 'hang';
    expect((await see()).state).toBe('live');
    for (let i = 0; i < 100; i++) expect(see(`s${i}`)).toMatchObject({ state: 'live' });
    expect(remote.asked).toBe(1);
  });

  it('end nothing when the store can not be told', async () => {
    const { remote, shared, see } = setup();
    await see();
    remote.mode = 'fail';
    await expect(shared.end('a', Date.now())).rejects.toThrow('away');
    expect(shared.local.stateOf('a')).toBe('live');
  });

  it('believe the store about sessions that another replica keeps alive', async () => {
    const { clock, remote, see } = setup();
    await see();
    for (let i = 0; i < 20; i++) {
      clock.turn(60_000);
      await remote.see({ session: 'a', subject: 'user', now: clock.now(), startedAt: undefined });
    }
    expect((await see()).state).toBe('live');
  });
});
