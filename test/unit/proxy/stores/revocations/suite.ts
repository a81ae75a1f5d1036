/** What any store of revocations must do, whatever it is made of. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Revocation, RevocationStore } from '../../../../../proxy/stores/revocations/store.ts';

export const revocation = (name: string, more: Partial<Revocation> = {}): Revocation => ({
  kind: 'jti',
  name,
  before: 0,
  expiresAt: Date.now() + 3_600_000,
  ...more,
});

export function revocationStoreSuite(
  name: string,
  open: () => RevocationStore | Promise<RevocationStore>,
): void {
  describe(`the ${name} store of revocations`, () => {
    let store: RevocationStore;
    beforeEach(async () => {
      store = await open();
    });

    it('tells all to who knows nothing, and to others what is new', async () => {
      const [a, b, c] = [revocation('a'), revocation('b', { kind: 'sub', before: 5 }), revocation('c')];
      await store.add(a);
      await store.add(b);
      const first = await store.news('', 0);
      expect(first.revocations).toEqual([a, b]);
      expect((await store.news(first.epoch, first.mark)).revocations).toEqual([]);
      await store.add(c);
      const second = await store.news(first.epoch, first.mark);
      expect(second.revocations).toEqual([c]);
      expect(second.epoch).toBe(first.epoch);
      expect((await store.news('another', second.mark)).revocations).toEqual([a, b, c]);
    });

    it('tells of each that is added while others ask', async () => {
      const seen = new Set<string>();
      let at = await store.news('', 0);
      for (let round = 0; round < 20; round++) {
        const adding = Array.from({ length: 10 }, (_, i) => store.add(revocation(`${round}-${i}`)));
        at = await store.news(at.epoch, at.mark);
        for (const { name } of at.revocations) seen.add(name);
        await Promise.all(adding);
      }
      for (const { name } of (await store.news(at.epoch, at.mark)).revocations) seen.add(name);
      expect(seen.size).toBe(200);
    });

    it('lets go of what has expired, and of nothing else', async () => {
      const now = Date.now();
      const stays = revocation('stays', { expiresAt: now + 60_000 });
      for (let i = 0; i < 50; i++) await store.add(revocation(`goes ${i}`, { expiresAt: now - i }));
      await store.add(stays);
      const { epoch } = await store.news('', 0);
      await store.purge(now);
      const after = await store.news('', 0);
      expect(after.revocations).toEqual([stays]);
      expect(after.epoch).toBe(epoch);
    });

    it('hands over more than one batch', async () => {
      for (let i = 0; i < 4100; i++) await store.add(revocation(`n${i}`));
      expect((await store.news('', 0)).revocations).toHaveLength(4100);
    });
  });
}
