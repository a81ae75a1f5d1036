import { describe, expect, it } from 'vitest';
import { session } from '../../../../proxy/filters/session.ts';
import { Problem } from '../../../../proxy/problem.ts';
import type { Standing } from '../../../../proxy/stores/revocations/list.ts';
import { MemorySessions } from '../../../../proxy/stores/sessions/memory.ts';
import { hs } from '../../../harness/tokens.ts';
import { verifier } from '../identity/samples.ts';
import { exchange } from './exchanges.ts';

function setup(standing: Standing = 'clear') {
  const { verifier: tokens, clock, at } = verifier();
  const told: string[] = [];
  const filter = session({
    standing: () => standing,
    sessions: new MemorySessions({ idle: 60_000, absolute: 0, concurrent: 1 }),
    now: () => clock.now(),
    publicPaths: ['/open'],
    events: {
      opened: (_x, { subject }) => told.push(`opened ${subject}`),
      refused: (_x, _token, reason) => told.push(reason),
      displaced: (_x, _token, names) => told.push(`displaced ${names.length}`),
    },
  });
  const ask = async (claims: object | undefined, path = '/a') => {
    const x = exchange([], { path });
    if (claims !== undefined) x.token = await tokens.verify(hs({ sub: 'ada', exp: at(600), ...claims }));
    try {
      expect(filter.request?.(x)).toBeUndefined();
      return x.session === undefined ? 'no session' : 'live';
    } catch (thrown) {
      return Problem.from(thrown).code;
    }
  };
  return { ask, clock, told };
}

describe('the session filter', () => {
  it('has nothing to say without a token, nor of one that names no session', async () => {
    const { ask, told } = setup();
    expect(await ask(undefined)).toBe('no session');
    expect(await ask({})).toBe('no session');
    expect(told).toEqual([]);
  });

  it('tells the first sight, and ends what was idle too long', async () => {
    const { ask, clock, told } = setup();
    expect(await ask({ session_id: 'a' })).toBe('live');
    clock.turn(59_999);
    expect(await ask({ session_id: 'a' })).toBe('live');
    clock.turn(60_000);
    expect(await ask({ session_id: 'a' })).toBe('session_expired');
    expect(told).toEqual(['opened ada', 'expired']);
  });

  it('lets a new session displace the oldest', async () => {
    const { ask, told } = setup();
    await ask({ session_id: 'a' });
    expect(await ask({ session_id: 'b' })).toBe('live');
    expect(await ask({ session_id: 'a' })).toBe('session_revoked');
    expect(told).toEqual(['opened ada', 'opened ada', 'displaced 1', 'ended']);
  });

  it('refuses what is revoked, and what nobody can vouch for', async () => {
    expect(await setup('revoked').ask({ session_id: 'a' })).toBe('session_revoked');
    expect(await setup('revoked').ask({})).toBe('session_revoked');
    expect(await setup('unknown').ask({})).toBe('store_unavailable');
  });

  it('neither asks nor keeps alive on open paths', async () => {
    expect(await setup('revoked').ask({ session_id: 'a' }, '/open')).toBe('no session');
    const { ask, clock } = setup();
    await ask({ session_id: 'a' });
    clock.turn(50_000);
    await ask({ session_id: 'a' }, '/open');
    clock.turn(50_000);
    expect(await ask({ session_id: 'a' })).toBe('session_expired');
  });
});
