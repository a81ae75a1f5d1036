import { describe, expect, it } from 'vitest';
import { Reply } from '../../../../proxy/exchange.ts';
import { authBlock } from '../../../../proxy/filters/auth-block.ts';
import { HeaderBlock } from '../../../../proxy/header-block.ts';
import { credentialReader } from '../../../../proxy/identity/credential.ts';
import { Lockout } from '../../../../proxy/identity/lockout.ts';
import { Problem } from '../../../../proxy/problem.ts';
import { hs } from '../../../harness/tokens.ts';
import { verifier } from '../identity/samples.ts';
import { exchange } from './exchanges.ts';

function setup() {
  const { verifier: tokens, clock, at } = verifier();
  let begun = 0;
  const filter = authBlock({
    lockout: new Lockout({ failures: 3, window: 600_000, block: 60_000, clock }),
    read: credentialReader({ cookie: undefined, keyPattern: /^mk-[a-z]+$/ }),
    verify: (token) => tokens.verify(token),
    loginPaths: ['/login'],
    blocked: () => begun++,
  });
  const open = (bearer: string | undefined, path = '/a') =>
    exchange(bearer === undefined ? [] : ['Authorization', `Bearer ${bearer}`], { path });
  /** Undefined when it may go on. */
  const ask = async (bearer: string | undefined, path?: string) => {
    try {
      await filter.request?.(open(bearer, path));
      return undefined;
    } catch (thrown) {
      return Problem.from(thrown).code;
    }
  };
  /** Three answers of the app, or refusals of ours. */
  const fail = async (
    bearer: string | undefined,
    path?: string,
    code?: 'token_invalid' | 'token_expired',
  ) => {
    for (let i = 0; i < 3; i++) {
      const x = open(bearer, path);
      if (code !== undefined) x.problem = new Problem(code);
      const origin = code === undefined ? 'upstream' : 'railguard';
      filter.response?.(x, new Reply(401, new HeaderBlock(), undefined, origin));
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const token = (more: object = {}, secret?: string) => hs({ sub: 'ada', exp: at(60), ...more }, {}, secret);
  return { ask, at, clock, fail, token, begun: () => begun };
}

describe('the auth-block filter', () => {
  it('blocks a forged token of a subject after its failures, and lets the real one pass', async () => {
    const { ask, at, fail, token, begun } = setup();
    const forged = token({}, 'another secret');
    expect(await ask(forged)).toBeUndefined();
    await fail(forged, '/a', 'token_invalid');
    expect(await ask(forged)).toBe('client_blocked');
    expect(await ask(token())).toBeUndefined();
    expect(await ask(token({ exp: at(-5) }))).toBeUndefined();
    expect(await ask(token({ sub: 'grace' }, 'another secret'))).toBeUndefined();
    expect(begun()).toBe(1);
  });

  it('does not count that a token expired, nor what the app says to a verified one', async () => {
    const { ask, fail, token } = setup();
    await fail(token({ exp: 1 }), '/a', 'token_expired');
    expect(await ask(token({}, 'another secret'))).toBeUndefined();
  });

  it("counts the app's 401 to a key against that key", async () => {
    const { ask, clock, fail } = setup();
    await fail('mk-one');
    expect(await ask('mk-one')).toBe('client_blocked');
    expect(await ask('mk-two')).toBeUndefined();
    expect(await ask(undefined)).toBeUndefined();
    clock.turn(60_000);
    expect(await ask('mk-one')).toBeUndefined();
  });

  it("counts the app's 401 on a login path against the login", async () => {
    const { ask, fail } = setup();
    await fail(undefined, '/login');
    expect(await ask(undefined, '/login')).toBe('client_blocked');
    expect(await ask(undefined, '/a')).toBeUndefined();
  });
});
