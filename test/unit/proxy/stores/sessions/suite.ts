/** What any store of sessions must do, whatever it is made of. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { SessionRules, SessionStore, Sighting } from '../../../../../proxy/stores/sessions/store.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 2);

/** `grace`: milliseconds by which the store may notice an idle session later. */
export function sessionStoreSuite(
  name: string,
  open: (rules: SessionRules) => SessionStore,
  grace = 0,
): void {
  let serial = 0;
  const rules = (more: Partial<SessionRules> = {}): SessionRules => ({
    idle: 30 * MINUTE,
    absolute: 0,
    concurrent: 0,
    ...more,
  });

  describe(`the ${name} store of sessions`, () => {
    let run: string;
    beforeEach(() => {
      run = `${Date.now()}-${serial++}-`;
    });
    const sight = (session: string, at: number, more: Partial<Sighting> = {}): Sighting => ({
      session: run + session,
      subject: `${run}user`,
      now: START + at,
      startedAt: undefined,
      ...more,
    });

    it('tells the first sight from those that follow', async () => {
      const store = open(rules());
      expect(await store.see(sight('a', 0))).toEqual({
        state: 'live',
        firstSeen: START,
        fresh: true,
        displaced: [],
      });
      expect(await store.see(sight('a', 1000))).toMatchObject({
        state: 'live',
        firstSeen: START,
        fresh: false,
      });
    });

    it('lets a session go on for as long as it is used', async () => {
      const store = open(rules());
      for (let at = 0; at <= 10; at++)
        expect((await store.see(sight('a', at * 29 * MINUTE))).state).toBe('live');
    });

    it('expires it after the idle time, for good', async () => {
      const store = open(rules());
      await store.see(sight('a', 0));
      const end = 30 * MINUTE + grace;
      expect((await store.see(sight('a', end))).state).toBe('expired');
      expect((await store.see(sight('a', end + 1))).state).toBe('expired');
      expect((await store.see(sight('a', end + 1000 * MINUTE))).state).toBe('expired');
    });

    it('has no idle time where none is set', async () => {
      const store = open(rules({ idle: 0 }));
      await store.see(sight('a', 0));
      expect((await store.see(sight('a', 20 * 1440 * MINUTE))).state).toBe('live');
    });

    it('expires it after the absolute time, however busy', async () => {
      const store = open(rules({ absolute: 60 * MINUTE }));
      for (let at = 0; at < 60; at += 10)
        expect((await store.see(sight('a', at * MINUTE))).state).toBe('live');
      expect((await store.see(sight('a', 60 * MINUTE))).state).toBe('expired');
    });

    it('counts the absolute time from when the user signed in, which no refresh moves', async () => {
      const store = open(rules({ absolute: 60 * MINUTE }));
      const startedAt = START - 50 * MINUTE;
      expect((await store.see(sight('a', 0, { startedAt }))).state).toBe('live');
      expect((await store.see(sight('a', 9 * MINUTE))).state).toBe('live');
      expect((await store.see(sight('a', 10 * MINUTE, { startedAt: START + 10 * MINUTE }))).state).toBe(
        'expired',
      );
      expect((await store.see(sight('b', 0, { startedAt: START - 61 * MINUTE }))).state).toBe('expired');
    });

    it('ends the oldest of a subject for one too many, and names it', async () => {
      const store = open(rules({ concurrent: 2 }));
      await store.see(sight('a', 0));
      await store.see(sight('b', 1));
      await store.see(sight('a', 2));
      expect(await store.see(sight('c', 3))).toMatchObject({ state: 'live', displaced: [`${run}a`] });
      expect((await store.see(sight('a', 4))).state).toBe('ended');
      expect((await store.see(sight('b', 5))).state).toBe('live');
      expect((await store.see(sight('c', 6))).state).toBe('live');
    });

    it('does not count sessions that are over, nor those of others', async () => {
      const store = open(rules({ concurrent: 2 }));
      await store.see(sight('a', 0));
      await store.see(sight('x', 0, { subject: `${run}other` }));
      await store.see(sight('y', 0, { subject: `${run}other` }));
      await store.see(sight('b', 20 * MINUTE));
      const third = await store.see(sight('c', 31 * MINUTE + grace));
      expect(third.displaced).toEqual([]);
      expect((await store.see(sight('b', 32 * MINUTE))).state).toBe('live');
    });

    it('ends a session on request, once, for good', async () => {
      const store = open(rules());
      await store.see(sight('a', 0));
      const record = { session: `${run}a`, subject: `${run}user`, firstSeen: START, lastSeen: START };
      expect(await store.end(`${run}a`, START + 1)).toEqual(record);
      expect(await store.end(`${run}a`, START + 2)).toBeUndefined();
      expect(await store.end(`${run}nobody`, START)).toBeUndefined();
      expect((await store.see(sight('a', 3))).state).toBe('ended');
    });

    it('lists who is live, the last seen first', async () => {
      const store = open(rules());
      await store.see(sight('a', 0));
      await store.see(sight('b', 1000));
      await store.see(sight('c', 2000));
      await store.end(`${run}b`, START + 2000);
      const query = { subject: `${run}user`, limit: 10, now: START + 3000 };
      const names = async (more = {}) =>
        (await store.list({ ...query, ...more })).map(({ session }) => session);
      expect(await names()).toEqual([`${run}c`, `${run}a`]);
      expect(await names({ limit: 1 })).toEqual([`${run}c`]);
      expect(await names({ now: START + 31 * MINUTE + grace })).toEqual([]);
    });

    it('decides alike when a session is seen many times at once', async () => {
      const store = open(rules({ concurrent: 3 }));
      const names = Array.from({ length: 10 }, (_, i) => `s${i}`);
      const seen = await Promise.all(names.map((name, i) => store.see(sight(name, i))));
      expect(seen.flatMap(({ displaced }) => displaced)).toHaveLength(7);
      const after = await Promise.all(names.map((name) => store.see(sight(name, 100))));
      expect(after.filter(({ state }) => state === 'live')).toHaveLength(3);
    });
  });
}
