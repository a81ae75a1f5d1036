import { describe, expect, it } from 'vitest';
import { RevocationList } from '../../../../../proxy/stores/revocations/list.ts';
import { MemoryRevocations } from '../../../../../proxy/stores/revocations/memory.ts';
import type { News, Revocation } from '../../../../../proxy/stores/revocations/store.ts';
import { HandClock, keptLog } from '../../../core/lines.ts';
import { revocation, revocationStoreSuite } from './suite.ts';

revocationStoreSuite('memory', () => new MemoryRevocations());

/** A store of other replicas, that can be away and can lose its memory. */
class Remote extends MemoryRevocations {
  override readonly shared = true as never;
  away = false;
  epoch = 'first';
  override add(one: Revocation): Promise<void> {
    return this.away ? Promise.reject(new Error('away')) : super.add(one);
  }
  override async news(epoch: string, mark: number): Promise<News> {
    if (this.away) throw new Error('away');
    return { ...(await super.news(epoch === this.epoch ? 'process' : '', mark)), epoch: this.epoch };
  }
}

const HOUR = 3_600_000;
const token = (more: object = {}) => ({
  tokenId: 'jti-1',
  session: 'session-1',
  issuedAt: 1000,
  subject: 'user',
  digest: 'digest-1',
  ...more,
});

function setup(store = new Remote()) {
  const clock = new HandClock();
  const { log, kept } = keptLog();
  const list = new RevocationList({ store, clock, log, nameSubject: (subject) => `name of ${subject}` });
  const until = (more: Partial<Revocation>) => revocation('', { expiresAt: clock.now() + HOUR, ...more });
  return { clock, kept, list, store, until };
}

describe('the list of revocations', () => {
  it('revokes a token by its id, a session by its name, and nothing beside', async () => {
    const { list, until } = setup(new MemoryRevocations() as Remote);
    expect(list.standing(token())).toBe('clear');
    await list.revoke(until({ kind: 'jti', name: 'jti-1' }));
    await list.revoke(until({ kind: 'session', name: 'session-2' }));
    expect(list.standing(token())).toBe('revoked');
    expect(list.standing(token({ tokenId: 'jti-2', session: 'session-2' }))).toBe('revoked');
    expect(list.standing(token({ tokenId: 'jti-2' }))).toBe('clear');
    expect(list.standing(token({ tokenId: undefined, session: undefined }))).toBe('clear');
  });

  it("revokes a subject's tokens up to a moment, and those that do not say when they were issued", async () => {
    const { list, until } = setup(new MemoryRevocations() as Remote);
    await list.revoke(until({ kind: 'sub', name: 'name of user', before: 5000 }));
    expect(list.standing(token({ issuedAt: 5000 }))).toBe('revoked');
    expect(list.standing(token({ issuedAt: undefined }))).toBe('revoked');
    expect(list.standing(token({ issuedAt: 5001 }))).toBe('clear');
    expect(list.standing(token({ issuedAt: 1, subject: 'another' }))).toBe('clear');
  });

  it('never takes a cut-off back', async () => {
    const { list, until } = setup(new MemoryRevocations() as Remote);
    await list.revoke(until({ kind: 'sub', name: 'name of user', before: 5000 }));
    await list.revoke(until({ kind: 'sub', name: 'name of user', before: 1000 }));
    expect(list.standing(token({ issuedAt: 4000 }))).toBe('revoked');
  });

  it('forgets a revocation when it expires', async () => {
    const { clock, list, until } = setup();
    await list.sync();
    await list.revoke(until({ kind: 'jti', name: 'jti-1' }));
    expect(list.standing(token())).toBe('revoked');
    clock.turn(HOUR);
    await list.sync();
    expect(list.size).toBe(0);
    expect(list.standing(token())).toBe('clear');
  });

  it('hears from the store what others revoked', async () => {
    const { list, store, until } = setup();
    await list.sync();
    expect(list.standing(token())).toBe('clear');
    await store.add(until({ kind: 'jti', name: 'jti-1' }));
    await list.sync();
    expect(list.standing(token())).toBe('revoked');
  });

  it('can say nothing of a token it has not seen while the store is away', async () => {
    const { clock, kept, list, store } = setup();
    expect(list.standing(token())).toBe('unknown');
    await list.sync();
    expect(list.standing(token())).toBe('clear');
    store.away = true;
    await list.sync();
    await list.sync();
    expect(list.current).toBe(false);
    expect(list.standing(token())).toBe('clear');
    expect(list.standing(token({ digest: 'digest-2' }))).toBe('unknown');
    store.away = false;
    clock.turn(500);
    await list.sync();
    expect(list.standing(token({ digest: 'digest-2' }))).toBe('clear');
    expect(kept.parsed.map(({ level }) => level)).toEqual(['error', 'info']);
  });

  it('is not current when nobody asked for too long', async () => {
    const { clock, list } = setup();
    await list.sync();
    clock.turn(2501);
    expect(list.current).toBe(false);
  });

  it('keeps revoking what it knows while the store is away, and takes no new revocation then', async () => {
    const { list, store, until } = setup();
    await list.sync();
    await list.revoke(until({ kind: 'jti', name: 'jti-1' }));
    store.away = true;
    await list.sync();
    expect(list.standing(token())).toBe('revoked');
    await expect(list.revoke(until({ kind: 'jti', name: 'jti-2' }))).rejects.toThrow('away');
  });

  it('tells a store that lost its memory what it still knows', async () => {
    const { list, store, until } = setup();
    await list.sync();
    await list.revoke(until({ kind: 'jti', name: 'jti-1' }));
    const reborn = new Remote();
    reborn.epoch = 'second';
    store.epoch = 'second';
    const told: Revocation[] = [];
    store.add = async (one) => {
      told.push(one);
    };
    await list.sync();
    expect(told.map(({ name }) => name)).toEqual(['jti-1']);
    expect(list.standing(token())).toBe('revoked');
  });

  it('takes no more than it can hold', async () => {
    const store = new MemoryRevocations(10);
    const { list, until } = setup(store as Remote);
    for (let i = 0; i < 10; i++) await list.revoke(until({ name: `n${i}` }));
    await expect(list.revoke(until({ name: 'one more' }))).rejects.toThrow('full');
  });
});
