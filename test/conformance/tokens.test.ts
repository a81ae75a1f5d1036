/** Attacks on tokens, on the socket: each is refused with the right challenge and not one byte reaches the app (D36). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { leaks } from '../harness/leaks.ts';
import { b64, claims, hs, type Json, pair, SECRET, signed } from '../harness/tokens.ts';
import { EdgeRig, type Result, SWITCHED, WAYS, type Way } from './edge-rig.ts';
import { talkH1 } from './h1-client.ts';
import type { Fields } from './message.ts';

const now = Math.floor(Date.now() / 1000);
const presented = new Set<string>();
const other = pair('RS256', 'other');
const good = hs(claims());
const INVALID = /^Bearer error="invalid_token"/;
const AMBIGUOUS = /^Bearer error="invalid_request"$/;

let rig: EdgeRig;
beforeAll(async () => {
  rig = await EdgeRig.start({
    JWT_SECRET_KEY: SECRET,
    JWT_COOKIE: 'access',
    AUTH_FAILURES_BEFORE_BLOCK: '0',
    LOG_LEVEL: 'debug',
    JWT_PUBLIC_PATHS: '/open,/shared/*',
  });
});
afterAll(() => rig.stop());

const bearer = (token: string): Fields => {
  presented.add(token);
  return [['Authorization', `Bearer ${token}`]];
};

function nothingPassed(result: Result): void {
  expect(result.requests).toEqual([]);
  expect(rig.upstream.connections.every(({ bytes }) => bytes.length === 0)).toBe(true);
}

/** With the signature segment of `token` in place of its own. */
const last = (token: string): string => token.slice(token.lastIndexOf('.') + 1);
const [head = '', body = '', mac = ''] = good.split('.');

const spellings = ['none', 'None', 'NONE', 'nOnE', 'noNe', 'NoNe', 'none ', '', 'null'];

const forged: Record<string, string> = {
  ...Object.fromEntries(
    spellings.flatMap((alg) => [
      [`alg ${JSON.stringify(alg)}, no signature`, `${b64({ alg })}.${b64(claims())}.`],
      [`alg ${JSON.stringify(alg)}, a signature`, `${b64({ alg })}.${b64(claims())}.${mac}`],
    ]),
  ),
  'no alg at all': hs(claims(), { alg: undefined }),
  'alg is a list': hs(claims(), { alg: ['HS256'] }),
  'HS384 under an HS256 key': hs(claims(), { alg: 'HS384' }),
  'HS512 under an HS256 key': hs(claims(), { alg: 'HS512' }),
  'another secret': hs(claims(), {}, 'another-secret-of-32-bytes-or-more!!'),
  'an empty secret': hs(claims(), {}, ''),
  'RS256 by a key of its own': signed(other, claims()),
  'an embedded jwk': signed(other, claims(), { jwk: other.jwk }),
  'an embedded jwk with HS256': hs(claims(), { jwk: { kty: 'oct', k: b64(SECRET) } }),
  jku: hs(claims(), { jku: 'http://127.0.0.1:9/jwks.json' }),
  x5u: hs(claims(), { x5u: 'http://127.0.0.1:9/cert.pem' }),
  x5c: hs(claims(), { x5c: ['MIIB'] }),
  'kid is a path, the secret is that file': hs(claims(), { kid: '../../../../dev/null' }, ''),
  'kid is SQL, the secret is its result': hs(claims(), { kid: "x' UNION SELECT 'key'--" }, 'key'),
  'kid is a number': hs(claims(), { kid: 1 }),
  'kid of 10,000 characters': hs(claims(), { kid: 'k'.repeat(10_000) }),
  'crit with a name nobody knows': hs(claims(), { crit: ['exp2'], exp2: 1 }),
  'crit with b64': hs(claims(), { crit: ['b64'], b64: false }),
  'an empty crit': hs(claims(), { crit: [] }),
  'b64 false without crit': hs(claims(), { b64: false }),
  'alg twice in the header': hs(claims(), '{"alg":"none","alg":"HS256"}'),
  'alg twice, once in escapes': hs(claims(), '{"\\u0061lg":"none","alg":"HS256"}'),
  'sub twice': hs(`{"sub":"user-1","sub":"admin","exp":${now + 600}}`),
  'a name twice deep inside': hs(`{"sub":"user-1","exp":${now + 600},"a":[{"b":1,"b":2}]}`),
  'a byte order mark before the claims': hs(`\ufeff{"sub":"user-1","exp":${now + 600}}`),
  'claims that are a list': hs('[]'),
  'claims that are a text': hs('"user-1"'),
  'no claims at all': `${head}..${mac}`,
  'claims nested 10,000 deep': hs(
    `{"sub":"u","exp":${now + 600},"a":${'['.repeat(5000)}${']'.repeat(5000)}}`,
  ),
  'trailing bits in the signature': good.slice(0, -1) + trailing(good),
  'trailing bits in the header': `${head.slice(0, -1)}${trailing(head)}.${body}.${mac}`,
  'a missing signature': `${head}.${body}.`,
  'a signature cut short': good.slice(0, -4),
  'a longer signature': `${good}AAAA`,
  'two segments': `${head}.${body}`,
  'four segments': `${good}.${mac}`,
  'padding on the signature': `${good}=`,
  'plus and slash for minus and underscore': `${head}.${body}.${mac.slice(0, -3)}+/8`,
  oversized: hs(claims({ padding: 'x'.repeat(18_000) })),
  expired: hs(claims({ exp: now - 1 })),
  'expires this very second': hs(claims({ exp: now })),
  'not yet valid': hs(claims({ nbf: now + 120 })),
  'issued in an hour': hs(claims({ iat: now + 3600 })),
  'exp is a text': hs(claims({ exp: String(now + 600) })),
  'exp beyond all dates': hs(`{"sub":"user-1","exp":1e400}`),
  'no exp': hs(claims({ exp: undefined })),
  'no sub': hs(claims({ sub: undefined })),
  'an empty sub': hs(claims({ sub: '' })),
  'sub is null': hs(claims({ sub: null })),
  'sub is an object': hs(claims({ sub: { id: 'user-1' } })),
  'a refresh token': hs(claims({ type: 'refresh', jti: 'refresh-1' })),
  'a refresh token by token_type': hs(claims({ type: undefined, token_type: 'Refresh' })),
  'a refresh token by token_use': hs(claims({ type: undefined, token_use: 'refresh' })),
  'a refresh token by its header': hs(claims(), { typ: 'application/refresh+jwt' }),
};

function trailing(segment: string): string {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return digits[digits.indexOf(segment.at(-1) as string) + 1] as string;
}

/** Ways to present more than one thing, or one thing in two readings. */
const ambiguous: Record<string, Fields> = {
  'two Authorization lines': [...bearer(good), ...bearer(hs(claims({ sub: 'admin' })))],
  'the same Authorization line twice': [...bearer(good), ...bearer(good)],
  'two tokens in one line': [['Authorization', `Bearer ${good}, Bearer ${good}`]],
  'a tab before the token': [['Authorization', `Bearer\t${good}`]],
  'no token at all': [['Authorization', 'Bearer']],
  'the cookie twice': [['Cookie', `access=${good}; access=${hs(claims({ sub: 'admin' }))}`]],
};

const mismatched: Record<string, () => Fields> = {
  'the cookie is of another user': () => [
    ...bearer(good),
    ['Cookie', `access=${hs(claims({ sub: 'admin' }))}`],
  ],
  'the cookie is of another session': () => [...bearer(good), ['Cookie', `access=${hs(claims())}`]],
  'the cookie is forged': () => [
    ...bearer(good),
    ['Cookie', `access=${hs(claims(), {}, 'another-secret-of-32-bytes-or-more!!')}`],
  ],
  'a cookie with a refresh token': () => [['Cookie', `access=${hs(claims({ type: 'refresh' }))}`]],
  'a forged token under another scheme': () => [['Authorization', `JWT ${hs(claims({ type: 'refresh' }))}`]],
  'a forged token under no scheme': () => [['Authorization', hs(claims({ type: 'refresh' }))]],
  'a blank within the token': () => [['Authorization', `Bearer ${head}. ${body}.${mac}`]],
  'a character outside of base64url': () => [['Authorization', `Bearer ${head}?.${body}.${mac}`]],
  'a blank before the signature': () => [['Authorization', `Bearer ${head}.${body}. ${mac}`]],
  'a key of the wrong shape': () => [['Authorization', 'Bearer mk-short']],
  'a key that is too long': () => [['Authorization', `Bearer mk-${'k'.repeat(44)}`]],
};

describe.each(WAYS)('over %s', (way: Way) => {
  test.each(Object.entries(forged))('%s is refused: 401, and the app sees nothing', async (name, token) => {
    const result = await rig.ask(way, { fields: bearer(token) });
    expect(result.status).toBe(401);
    expect(result.got('www-authenticate')).toHaveLength(1);
    expect(result.got('www-authenticate')[0]).toMatch(INVALID);
    const { code } = JSON.parse(result.reply.body.toString('utf8')) as Json;
    expect(code).toBe(name.startsWith('expire') ? 'token_expired' : 'token_invalid');
    nothingPassed(result);
  });

  test.each(Object.entries(ambiguous))('%s: 400, and the app sees nothing', async (_name, fields) => {
    const result = await rig.ask(way, { fields });
    expect(result.status).toBe(400);
    expect(result.got('www-authenticate')[0]).toMatch(AMBIGUOUS);
    nothingPassed(result);
  });

  test.each(Object.entries(mismatched))('%s: 401, and the app sees nothing', async (_name, fields) => {
    const result = await rig.ask(way, { fields: fields() });
    expect(result.status).toBe(401);
    expect(result.got('www-authenticate')[0]).toMatch(INVALID);
    nothingPassed(result);
  });

  test.each([
    ['a good token', [['Authorization', `Bearer ${good}`]]],
    ['a good token under a scheme in capitals', [['Authorization', `BEARER ${good}`]]],
    ['a good token in the cookie', [['Cookie', `a=b; access=${good}`]]],
    [
      'the same token in both places',
      [
        ['Authorization', `Bearer ${good}`],
        ['Cookie', `access="${good}"`],
      ],
    ],
    ['an API key of the right shape', [['Authorization', `Bearer mk-${'k'.repeat(43)}`]]],
    ['base64 JSON that is no JWT', [['Authorization', `Bearer ${btoa('{"user":"a","x":"??>>"}')}`]]],
    ['an opaque bearer', [['Authorization', 'Bearer 0123456789abcdef']]],
    ['Basic', [['Authorization', 'Basic dTpw']]],
    ['nothing', []],
  ] as [string, Fields][])('%s passes, and the app gets it as it was', async (_name, fields) => {
    const answer = way === 'upgrade' ? `${SWITCHED}\r\n` : undefined;
    const result = await rig.ask(way, { fields }, answer);
    expect(result.status).toBe(way === 'upgrade' ? 101 : 200);
    for (const [name, value] of fields) {
      const got = result.requests[0]?.fields.filter(([field]) => field === name.toLowerCase());
      expect(got?.map(([, text]) => text)).toEqual([value]);
    }
  });

  test('what a client says of its own identity does not reach the app', async () => {
    const fields: Fields = [
      ...(['X-User-Id', 'X_User_Role', 'X-User.Role', 'X-Auth-Request-User'] as const),
      ...(['X-Authenticated-User', 'X-Remote-User', 'x-AUTH-anything'] as const),
    ].map((name): [string, string] => [name, 'admin']);
    const result = await rig.ask(way, { fields: [...bearer(good), ...fields] });
    expect(result.requests[0]?.fields.filter(([, value]) => value === 'admin')).toEqual([]);
    expect(result.requests).toHaveLength(1);
  });

  test('on an open path a token that is no good counts as none, in whatever spelling its path comes', async () => {
    for (const target of ['/open', '/shared/a', '/%6fpen']) {
      const result = await rig.ask(way, { target, fields: bearer(forged.expired as string) });
      expect(result.requests).toHaveLength(1);
    }
    for (const target of ['/open/../a', '/shared/%2e%2e/a', '/shared/..;/a', '/shared%2fa/..%2f..%2fa']) {
      const result = await rig.ask(way, { target, fields: bearer(forged.expired as string) });
      expect([400, 401]).toContain(result.status);
      nothingPassed(result);
    }
  });
});

test('nor does it reach the app in a trailer', async () => {
  await rig.upstream.script([]);
  const chunked =
    'POST /a HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\nTrailer: X-User-Id\r\n\r\n';
  await talkH1(rig.railguard.port, [`${chunked}2\r\nok\r\n0\r\nX-User-Id: admin\r\nX-Sum: 1\r\n\r\n`], {
    methods: ['POST'],
  });
  expect(rig.upstream.requests.map(({ trailers }) => trailers)).toEqual([[['x-sum', '1']]]);
});

describe('afterwards', () => {
  test('no token stands in a log line, a figure, an audit event or an error body', async () => {
    const { railguard } = rig;
    const texts = [...railguard.child.stdout, ...railguard.child.stderr];
    for (const path of ['/metrics', '/audit?limit=1000', '/sessions', '/config', '/health/readiness'])
      texts.push(await (await fetch(`${railguard.adminUrl}${path}`)).text());
    expect(texts.length).toBeGreaterThan(100);
    const seen = [...presented].filter((token) => token.length > 20);
    expect(leaks(texts, [...seen, good, last(good), SECRET])).toEqual([]);
  });
});
