import { describe, expect, it } from 'vitest';
import { hs } from '../../../harness/tokens.ts';
import { reason, verifier } from './samples.ts';

describe('a verifier', () => {
  it('says what a good token says', async () => {
    const { verifier: it_, at } = verifier();
    const facts = await it_.verify(
      hs({ sub: 'user-1', exp: at(60), iat: at(), auth_time: at(-60), jti: 'a' }),
    );
    expect(facts).toMatchObject({ subject: 'user-1', expiresAt: at(60) * 1000, issuedAt: at() * 1000 });
    expect(facts.authTime).toBe(at(-60) * 1000);
    expect(facts.session).toHaveLength(22);
    expect(facts.tokenId).not.toBe('a');
  });

  it('names a session by its id and subject, and by the token where there is none', async () => {
    const { verifier: it_, at } = verifier();
    const session = async (more: object) =>
      (await it_.verify(hs({ sub: 'u', exp: at(60), ...more }))).session;
    expect(await session({ session_id: 's', jti: 'a' })).toBe(await session({ session_id: 's', jti: 'b' }));
    expect(await session({ session_id: 's' })).not.toBe(await session({ session_id: 's', sub: 'v' }));
    expect(await session({ jti: 'a' })).not.toBe(await session({ jti: 'b' }));
    expect(await session({})).toBeUndefined();
  });

  it('remembers a token for a minute at most, and gives the very same answer meanwhile', async () => {
    const { clock, verifier: it_, at } = verifier();
    const token = hs({ sub: 'u', exp: at(600) });
    const first = it_.verify(token);
    clock.turn(59_999);
    expect(it_.verify(token)).toBe(first);
    clock.turn(1);
    expect(it_.verify(token)).not.toBe(first);
  });

  it('refuses a remembered token in the very millisecond in which it expires', async () => {
    const { clock, verifier: it_, at } = verifier();
    clock.wall = at() * 1000;
    const token = hs({ sub: 'u', exp: at(10) });
    it_.verify(token);
    clock.turn(9_999);
    expect(await reason(() => it_.verify(token))).toBeUndefined();
    clock.turn(1);
    expect(await reason(() => it_.verify(token))).toBe('expired');
  });

  it('remembers no failure, no long token, and ten thousand tokens at most', async () => {
    const { verifier: it_, at } = verifier();
    await reason(() => it_.verify(hs({ sub: 'u', exp: at(60) }, {}, 'another secret')));
    it_.verify(hs({ sub: 'u', exp: at(60), more: 'x'.repeat(4000) }));
    expect(it_.size).toBe(0);
    for (let i = 0; i < 10_100; i++) it_.verify(hs({ sub: `u${i}`, exp: at(60) }));
    expect(it_.size).toBeLessThanOrEqual(10_000);
    expect(it_.size).toBeGreaterThanOrEqual(5000);
  });

  it.each([
    ['another issuer', { issuers: ['https://a.test'] }, { iss: 'https://b.test' }, 'issuer'],
    ['no issuer', { issuers: ['https://a.test'] }, {}, 'issuer'],
    ['an issuer in a list', { issuers: ['https://a.test'] }, { iss: ['https://a.test'] }, 'issuer'],
    ['one of the issuers', { issuers: ['x', 'https://a.test'] }, { iss: 'https://a.test' }, undefined],
    ['another audience', { audiences: ['api'] }, { aud: 'web' }, 'audience'],
    ['no audience', { audiences: ['api'] }, {}, 'audience'],
    ['one audience of several', { audiences: ['api'] }, { aud: ['web', 'api'] }, undefined],
    ['a required claim that is missing', { required: ['sub', 'exp', 'tenant'] }, {}, 'claims'],
    ['a required claim that every object has', { required: ['constructor'] }, {}, 'claims'],
    ['a kind that is refused', { refusedTypes: ['refresh', 'id'] }, { token_use: 'ID' }, 'type'],
    ['a kind that is refused, in a list', {}, { type: ['access', 'refresh'] }, 'type'],
    ['a clock that is off by less than the tolerance', { tolerance: 5000 }, { exp: -4 }, undefined],
    ['a clock that is off by the tolerance', { tolerance: 5000 }, { exp: -6 }, 'expired'],
    ['a token from the future within the tolerance', { tolerance: 5000 }, { nbf: 4 }, undefined],
    ['nbf one second ahead without a tolerance', {}, { nbf: 2 }, 'not_yet_valid'],
    ['an exp that is no number', {}, { exp: 'soon' }, 'claims'],
    ['a numeric subject', {}, { sub: 7 }, undefined],
    ['a subject of 2000 characters', {}, { sub: 'x'.repeat(2000) }, 'claims'],
  ])('%s', async (_name, policy, more, expected) => {
    const { verifier: it_, at } = verifier(policy);
    const dates = Object.fromEntries(
      Object.entries({ exp: 60, ...more })
        .filter(([name, value]) => ['exp', 'nbf'].includes(name) && typeof value === 'number')
        .map(([name, value]) => [name, at(value as number)]),
    );
    expect(
      await reason(() =>
        it_.verify(
          hs({
            sub: 'u',
            ...more,
            exp: at(60),
            ...dates,
            ...('exp' in more && typeof more.exp === 'string' ? { exp: more.exp } : {}),
          }),
        ),
      ),
    ).toBe(expected);
  });

  it('knows the longest life of a token, which revocations must outlive', () => {
    const { verifier: it_, at } = verifier();
    it_.verify(hs({ sub: 'u', exp: at(86_400 * 90) }));
    it_.verify(hs({ sub: 'u', exp: at(60) }));
    expect(it_.longestLife).toBeGreaterThan(86_400_000 * 89);
  });
});
