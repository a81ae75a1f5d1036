import { describe, expect, it } from 'vitest';
import { Reply } from '../../../../proxy/exchange.ts';
import { type AuthEvents, jwt } from '../../../../proxy/filters/jwt.ts';
import { HeaderBlock } from '../../../../proxy/header-block.ts';
import { credentialReader } from '../../../../proxy/identity/credential.ts';
import { KeysUnavailable } from '../../../../proxy/identity/refused.ts';
import { Problem } from '../../../../proxy/problem.ts';
import { hs } from '../../../harness/tokens.ts';
import { verifier } from '../identity/samples.ts';
import { exchange } from './exchanges.ts';

const KEY = `mk-${'k'.repeat(43)}`;

function setup(required = false, verify?: () => never) {
  const { verifier: tokens, at, clock } = verifier();
  let verified = 0;
  const told: string[] = [];
  const events: AuthEvents = {
    accepted: () => told.push('accepted'),
    refused: (_x, method, reason) => told.push(`${method} ${reason}`),
    passed: (_x, method) => told.push(`${method} passed`),
    keyUsed: (_x, keyId, status) => told.push(`${keyId} ${status}`),
    missing: () => told.push('missing'),
  };
  const filter = jwt({
    read: credentialReader({ cookie: undefined, keyPattern: /^mk-[a-z]{43}$/ }),
    verify:
      verify ??
      ((token) => {
        verified++;
        return tokens.verify(token);
      }),
    now: () => clock.now(),
    fingerprint: () => 'fingerprint',
    required,
    publicPaths: ['/open', '/shared/*'],
    loginPaths: ['/login'],
    events,
  });
  const ask = async (value: string | undefined, path = '/a') => {
    const x = exchange(value === undefined ? [] : ['Authorization', value], { path });
    try {
      await filter.request?.(x);
      return { x, problem: undefined };
    } catch (thrown) {
      return { x, problem: Problem.from(thrown) };
    }
  };
  return { ask, at, filter, told, clock, verifications: () => verified };
}

describe('the jwt filter', () => {
  it('leaves the identity of a good token, and asks for no wait', () => {
    const { filter, at } = setup();
    const x = exchange(['Authorization', `Bearer ${hs({ sub: 'ada', exp: at(60) })}`]);
    expect(filter.request?.(x)).toBeUndefined();
    expect(x.identity?.subject).toBe('ada');
    expect(x.token?.claims.sub).toBe('ada');
  });

  it('leaves no identity for keys and opaque bearers, and names the key', async () => {
    const { ask, filter, told } = setup();
    const { x } = await ask(`Bearer ${KEY}`);
    expect([x.identity, x.keyId]).toEqual([undefined, 'fingerprint']);
    filter.response?.(x, new Reply(401, new HeaderBlock(), undefined, 'upstream'));
    expect((await ask('Bearer abc')).x.identity).toBeUndefined();
    expect(told).toEqual(['api_key passed', 'fingerprint 401', 'opaque passed']);
  });

  it.each([
    [
      'an expired token',
      -1,
      'token_expired',
      'Bearer error="invalid_token", error_description="The access token expired"',
    ],
    ['a token without exp', undefined, 'token_invalid', 'Bearer error="invalid_token"'],
  ])('tells the client of %s', async (_name, exp, code, challenge) => {
    const { ask, at } = setup();
    const token = hs({ sub: 'ada', ...(exp === undefined ? {} : { exp: at(exp) }) });
    const { problem } = await ask(`Bearer ${token}`);
    expect(problem?.code).toBe(code);
    expect(problem?.options.headers).toEqual(['WWW-Authenticate', challenge]);
  });

  it('says 503 when the keys can not be had, and passes a fault of its own on as one', async () => {
    const token = `Bearer ${hs({ sub: 'ada' })}`;
    const away = setup(false, () => {
      throw new KeysUnavailable();
    });
    expect((await away.ask(token)).problem?.code).toBe('identity_unavailable');
    const broken = setup(false, () => {
      throw new Error('a fault');
    });
    expect((await broken.ask(token)).problem?.code).toBe('internal');
  });

  it('lets whoever does not verify be nobody on open paths and where one signs in', async () => {
    const { ask, at, told } = setup();
    const old = `Bearer ${hs({ sub: 'ada', exp: at(-1) })}`;
    for (const path of ['/open', '/shared/a', '/login']) {
      const { x, problem } = await ask(old, path);
      expect([x.identity, problem]).toEqual([undefined, undefined]);
    }
    expect(told).toEqual(['jwt expired', 'jwt expired', 'jwt expired']);
    expect((await ask('Bearer a b', '/open')).problem?.code).toBe('request_malformed');
  });

  describe('a head that a client repeats', () => {
    const repeat = (filter: ReturnType<typeof setup>['filter'], headers: HeaderBlock) => {
      const x = exchange([], { headers });
      try {
        filter.request?.(x);
        return x.identity?.subject;
      } catch (thrown) {
        return (thrown as Problem).code;
      }
    };

    it('is verified once a second, and each time is told of', () => {
      const { filter, at, clock, verifications, told } = setup();
      const headers = new HeaderBlock(['Authorization', `Bearer ${hs({ sub: 'ada', exp: at(60) })}`]);
      for (let i = 0; i < 10; i++) expect(repeat(filter, headers)).toBe('ada');
      expect(verifications()).toBe(1);
      clock.turn(1000);
      expect(repeat(filter, headers)).toBe('ada');
      expect(verifications()).toBe(2);
      expect(told).toHaveLength(11);
    });

    it('is refused in the millisecond in which its token expires', () => {
      const { filter, at, clock } = setup();
      const headers = new HeaderBlock(['Authorization', `Bearer ${hs({ sub: 'ada', exp: at(1) })}`]);
      const left = at(1) * 1000 - clock.now();
      clock.turn(left - 1);
      expect(repeat(filter, headers)).toBe('ada');
      clock.turn(1);
      expect(repeat(filter, headers)).toBe('token_expired');
    });

    it('is verified each time while it is bad', () => {
      const { filter, verifications } = setup();
      const headers = new HeaderBlock(['Authorization', 'Bearer a.b.c']);
      for (let i = 0; i < 3; i++) expect(repeat(filter, headers)).toBe('token_invalid');
      expect(verifications()).toBe(3);
    });
  });

  describe('where a credential is required', () => {
    it.each([
      [undefined, '/a', 'unauthenticated'],
      ['Basic dTpw', '/a', 'unauthenticated'],
      ['Bearer opaque', '/a', 'unauthenticated'],
      [undefined, '/login', 'unauthenticated'],
      [undefined, '/open', undefined],
      [undefined, '/shared/x/y', undefined],
      [`Bearer ${KEY}`, '/a', undefined],
    ])('%s at %s: %s', async (value, path, code) => {
      expect((await setup(true).ask(value, path)).problem?.code).toBe(code);
    });
  });
});
