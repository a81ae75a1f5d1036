import { describe, expect, it } from 'vitest';
import type { Header } from '../../../../proxy/identity/compact.ts';
import { Jwks } from '../../../../proxy/identity/jwks.ts';
import { KeysUnavailable } from '../../../../proxy/identity/refused.ts';
import { type Json, pair } from '../../../harness/tokens.ts';
import { HandClock, keptLog } from '../../core/lines.ts';

const [one, two] = [pair('ES256', 'one'), pair('ES256', 'two')];
const header = (kid: string | undefined): Header => ({ alg: 'ES256', kid, typ: undefined });

function setup(keys: readonly Json[] = [one.jwk]) {
  const clock = new HandClock();
  const provider = { keys, asked: 0, mode: 'answer' as 'answer' | 'fail' | 'hang' };
  const fetch = async () => {
    provider.asked++;
    if (provider.mode === 'fail') throw new Error('down');
    if (provider.mode === 'hang') await new Promise(() => {});
    return { keys: provider.keys };
  };
  const { log, kept } = keptLog();
  const jwks = new Jwks({ fetch, allowed: ['ES256'], clock, log });
  const find = async (kid: string | undefined) => {
    try {
      return (await jwks.find(header(kid)))?.kid ?? 'none';
    } catch (thrown) {
      if (thrown instanceof KeysUnavailable) return 'unavailable';
      throw thrown;
    }
  };
  return { clock, jwks, provider, find, kept };
}

describe('keys by URL', () => {
  it('are fetched for the first who asks, and known from then on without a promise', async () => {
    const { jwks, find, provider } = setup();
    expect(await find('one')).toBe('one');
    expect(jwks.find(header('one'))).toMatchObject({ kid: 'one' });
    expect(provider.asked).toBe(1);
    jwks.close();
  });

  it('survive a provider that is down for a minute, an hour, eleven hours; not for thirteen', async () => {
    const { clock, jwks, find, provider } = setup();
    await find('one');
    provider.mode = 'fail';
    for (const minutes of [1, 59, 600]) {
      clock.turn(minutes * 60_000);
      expect(await find('one')).toBe('one');
      expect(await find('strange')).toBe('unavailable');
    }
    clock.turn(120 * 60_000);
    expect(await find('one')).toBe('unavailable');
    jwks.close();
  });

  it('are fetched anew for a strange name, once in 30 s', async () => {
    const { clock, jwks, find, provider } = setup();
    await find('one');
    for (let i = 0; i < 500; i++) expect(await find(`strange ${i}`)).toBe('none');
    expect(provider.asked).toBe(1);
    clock.turn(30_000);
    provider.keys = [one.jwk, two.jwk];
    expect(await find('two')).toBe('two');
    for (let i = 0; i < 500; i++) await find(`strange ${i}`);
    expect(provider.asked).toBe(2);
    jwks.close();
  });

  it('let nobody wait for a provider that hangs', async () => {
    const { clock, jwks, find, provider } = setup();
    await find('one');
    provider.mode = 'hang';
    clock.turn(30_000);
    expect(await find('strange')).toBe('unavailable');
    expect(jwks.find(header('one'))).toMatchObject({ kid: 'one' });
    expect(provider.asked).toBe(2);
    jwks.close();
  });

  it('are unavailable, and not asked for again at once, when they never came', async () => {
    const { jwks, find, provider, kept } = setup();
    provider.mode = 'fail';
    for (let i = 0; i < 100; i++) expect(await find('one')).toBe('unavailable');
    expect(provider.asked).toBe(1);
    expect(kept.parsed.map(({ level }) => level)).toEqual(['error']);
    jwks.close();
  });

  it('are retried in the background after a failure', async () => {
    const { jwks, find, provider } = setup();
    provider.mode = 'fail';
    await find('one');
    provider.mode = 'answer';
    await expect.poll(() => jwks.age, { timeout: 3000 }).toBeDefined();
    expect(await find('one')).toBe('one');
    jwks.close();
  });

  it('stay as they were when the new set is no use', async () => {
    const { clock, jwks, find, provider } = setup();
    await find('one');
    for (const keys of [[], [{ kty: 'oct', k: 'AAAA' }], [{ ...two.jwk, use: 'enc' }], 'nothing' as never]) {
      provider.keys = keys as Json[];
      clock.turn(30_000);
      await find('strange');
      expect(await find('one')).toBe('one');
    }
    jwks.close();
  });

  it('without a name are found only when there is but one', async () => {
    const single = setup();
    expect(await single.find(undefined)).toBe('one');
    const both = setup([one.jwk, two.jwk]);
    expect(await both.find(undefined)).toBe('none');
    single.jwks.close();
    both.jwks.close();
  });

  it('of one name are all left out, and of more than ten the first ten are used', async () => {
    const twice = setup([{ ...one.jwk }, { ...two.jwk, kid: 'one' }, { ...two.jwk, kid: 'other' }]);
    expect(await twice.find('one')).toBe('none');
    expect(await twice.find('other')).toBe('other');
    const many = setup(Array.from({ length: 12 }, (_, i) => ({ ...one.jwk, kid: `k${i}` })));
    expect(await many.find('k9')).toBe('k9');
    expect(await many.find('k10')).toBe('none');
    twice.jwks.close();
    many.jwks.close();
  });
});
