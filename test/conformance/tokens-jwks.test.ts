/** Keys by URL, on the socket: algorithm confusion, keys that tokens bring along, floods of strange names, a provider that fails (D36). */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KeyServer } from '../harness/key-server.ts';
import { leaks } from '../harness/leaks.ts';
import { until } from '../harness/ports.ts';
import { b64, claims, hs, type Json, pair, signed } from '../harness/tokens.ts';
import { EdgeRig } from './edge-rig.ts';
import type { Fields } from './message.ts';

const rsa = pair('RS256', 'rsa-1');
const ec = pair('ES256', 'ec-1');
const ed = pair('EdDSA', 'ed-1');
const stranger = pair('RS256', 'rsa-1');
const strangerEc = pair('ES256', 'unknown');
const presented: string[] = [];

let provider: KeyServer;
let rig: EdgeRig;
beforeAll(async () => {
  provider = await KeyServer.start([
    rsa.jwk,
    ec.jwk,
    ed.jwk,
    { kty: 'RSA', use: 'enc', n: 'AQAB', e: 'AQAB' },
  ]);
  rig = await EdgeRig.start({
    JWT_JWKS_URL: provider.url,
    AUTH_FAILURES_BEFORE_BLOCK: '0',
    LOG_LEVEL: 'debug',
  });
  await until('the keys are fetched', 5000, () => provider.asked.length > 0);
  await sleep(100);
});
afterAll(async () => {
  await rig.stop();
  await provider.stop();
});

const bearer = (token: string): Fields => {
  presented.push(token);
  return [['Authorization', `Bearer ${token}`]];
};

/** Status and milliseconds over a kept connection: what a client waits. */
async function ask(token: string): Promise<{ status: number; ms: number }> {
  presented.push(token);
  const started = performance.now();
  const answer = await fetch(`${rig.railguard.url}/a`, { headers: { authorization: `Bearer ${token}` } });
  await answer.arrayBuffer();
  return { status: answer.status, ms: performance.now() - started };
}

/** 500 tokens of as many names, 20 at a time; the statuses that came back, and the longest wait. */
async function flood(): Promise<{ statuses: number[]; longest: number }> {
  const statuses = new Set<number>();
  let longest = 0;
  for (let batch = 0; batch < 25; batch++) {
    const tokens = Array.from({ length: 20 }, () =>
      signed(strangerEc, claims(), { kid: crypto.randomUUID() }),
    );
    for (const { status, ms } of await Promise.all(tokens.map(ask))) {
      statuses.add(status);
      longest = Math.max(longest, ms);
    }
  }
  return { statuses: [...statuses], longest };
}

const spki = String(rsa.publicKey.export({ format: 'pem', type: 'spki' }));
const attacks: Record<string, string> = {
  'HS256 by the RSA key in PEM': hs(claims(), { kid: 'rsa-1' }, spki),
  'HS256 by the PEM without its last line break': hs(claims(), { kid: 'rsa-1' }, spki.trimEnd()),
  'HS256 by the PEM of PKCS #1': hs(
    claims(),
    { kid: 'rsa-1' },
    String(rsa.publicKey.export({ format: 'pem', type: 'pkcs1' })),
  ),
  'HS256 by the key in DER': hs(
    claims(),
    { kid: 'rsa-1' },
    rsa.publicKey.export({ format: 'der', type: 'spki' }),
  ),
  'HS256 by the JWK': hs(claims(), { kid: 'rsa-1' }, JSON.stringify(rsa.jwk)),
  'HS256 by the modulus': hs(claims(), { kid: 'rsa-1' }, String((rsa.jwk as { n: string }).n)),
  'PS256 under a key bound to RS256': signed(rsa, claims(), { alg: 'PS256' }),
  'RS512 under a key bound to RS256': signed(rsa, claims(), { alg: 'RS512' }),
  'the name of another key': signed(rsa, claims(), { kid: 'ec-1' }),
  'ES256 by the name of the RSA key': signed(ec, claims(), { kid: 'rsa-1' }),
  'a name nobody has': signed(strangerEc, claims()),
  'the right name, another key': signed(stranger, claims()),
  'an embedded jwk of that name': signed(stranger, claims(), { jwk: stranger.jwk }),
  'a jku of its own': signed(stranger, claims(), { jku: 'http://127.0.0.1:9/jwks.json' }),
  'an x5u of its own': signed(stranger, claims(), { x5u: 'http://127.0.0.1:9/cert.pem' }),
  'an x5c of its own': signed(stranger, claims(), { x5c: ['MIIB'] }),
  'kid is a path': signed(stranger, claims(), { kid: '../../../etc/passwd' }),
  'kid is SQL': signed(stranger, claims(), { kid: "x' OR '1'='1" }),
  'kid is a name of every object': signed(stranger, claims(), { kid: '__proto__' }),
  'an all-zero ES256 signature': `${b64({ alg: 'ES256', kid: 'ec-1' })}.${b64(claims())}.${Buffer.alloc(64).toString('base64url')}`,
  'an ES256 signature in DER': `${b64({ alg: 'ES256', kid: 'ec-1' })}.${b64(claims())}.MEUCIQDx`,
  none: `${b64({ alg: 'none', kid: 'rsa-1' })}.${b64(claims())}.AAAA`,
};

test.each(Object.entries(attacks))('%s: 401, and the app sees nothing', async (_name, token) => {
  const result = await rig.ask('h1', { fields: bearer(token) });
  expect(result.status).toBe(401);
  expect(result.got('www-authenticate')).toEqual(['Bearer error="invalid_token"']);
  expect(result.requests).toEqual([]);
  expect(rig.upstream.connections.every(({ bytes }) => bytes.length === 0)).toBe(true);
});

test.each([
  ['RS256', signed(rsa, claims())],
  ['ES256', signed(ec, claims())],
  ['EdDSA', signed(ed, claims())],
  ['no name, one key of the algorithm', signed(ec, claims(), { kid: undefined })],
])('a good token passes: %s', async (_name, token) => {
  const result = await rig.ask('h1', { fields: bearer(token) });
  expect(result.status).toBe(200);
});

describe('a provider under stress', () => {
  test('500 unknown names are all refused and cause at most one fetch in 30 s', async () => {
    const before = provider.asked.length;
    const { statuses, longest } = await flood();
    expect(statuses).toEqual([401]);
    expect(provider.asked.length - before).toBeLessThanOrEqual(1);
    expect(pauses()).toEqual([]);
    console.log(
      `500 unknown names: ${provider.asked.length - before} fetches, longest wait ${longest.toFixed(0)} ms`,
    );
  });

  test('while it hangs, known keys cost nobody 50 ms, and strange names are not held for it', async () => {
    await until(
      'the cool-down is over',
      40_000,
      () => performance.now() - (provider.asked.at(-1) as number) > 30_500,
    );
    provider.mode = 'hang';
    const before = provider.asked.length;
    const [{ longest, statuses }, known] = await Promise.all([flood(), knownTokens(100)]);
    expect(provider.asked.length - before).toBe(1);
    expect(statuses.every((status) => status === 503 || status === 401)).toBe(true);
    expect(known.statuses).toEqual([200]);
    expect(known.median).toBeLessThan(50);
    expect(longest).toBeLessThan(2000);
    console.log(
      `hanging: known keys ${known.median.toFixed(1)} ms, strange names at most ${longest.toFixed(0)} ms`,
    );
  });

  test('while it is down, known keys go on', async () => {
    await provider.stop();
    const known = await knownTokens(50);
    expect(known.statuses).toEqual([200]);
    const unknown = await ask(signed(strangerEc, claims(), { kid: 'new' }));
    expect([401, 503]).toContain(unknown.status);
    provider.mode = 'answer';
    await provider.listen();
  });

  test('no token stands in what was emitted', async () => {
    const { railguard } = rig;
    const texts = [...railguard.child.stdout, ...railguard.child.stderr];
    for (const path of ['/metrics', '/audit?limit=1000'])
      texts.push(await (await fetch(`${railguard.adminUrl}${path}`)).text());
    expect(leaks([texts.join('\n')], presented)).toEqual([]);
  });
});

/** Fetches that followed another too closely, save retries after a failure. */
function pauses(): number[] {
  return provider.asked.slice(1).flatMap((at, i) => {
    const pause = at - (provider.asked[i] as number);
    return pause < 30_000 ? [pause] : [];
  });
}

async function knownTokens(count: number): Promise<{ statuses: number[]; median: number }> {
  const statuses = new Set<number>();
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const { status, ms } = await ask(signed(i % 2 === 0 ? ec : ed, claims({ n: i } as Json)));
    statuses.add(status);
    times.push(ms);
  }
  return { statuses: [...statuses], median: times.sort((a, b) => a - b)[count >> 1] as number };
}

test('without any key ever, tokens get 503 and all else goes on', async () => {
  const dead = await EdgeRig.start({ JWT_JWKS_URL: 'http://127.0.0.1:9/jwks.json' });
  try {
    const token = await dead.ask('h1', { fields: bearer(signed(rsa, claims())) });
    expect(token.status).toBe(503);
    expect(token.got('retry-after')).toHaveLength(1);
    expect(token.requests).toEqual([]);
    expect((await dead.ask('h1', {})).status).toBe(200);
  } finally {
    await dead.stop();
  }
});

test('a key set that is too large, or of secrets, gives no keys', async () => {
  const odd = await KeyServer.start([rsa.jwk]);
  odd.mode = 'huge';
  const large = await EdgeRig.start({ JWT_JWKS_URL: odd.url });
  const secrets = await KeyServer.start([{ kty: 'oct', k: b64('x'.repeat(32)), kid: 'a', alg: 'HS256' }]);
  const shared = await EdgeRig.start({ JWT_JWKS_URL: secrets.url });
  try {
    expect((await large.ask('h1', { fields: bearer(signed(rsa, claims())) })).status).toBe(503);
    const mac = hs(claims(), { kid: 'a' }, 'x'.repeat(32));
    expect((await shared.ask('h1', { fields: bearer(mac) })).status).toBe(401);
    expect((await shared.ask('h1', { fields: bearer(signed(rsa, claims())) })).status).toBe(503);
  } finally {
    await Promise.all([large.stop(), shared.stop(), odd.stop(), secrets.stop()]);
  }
});
