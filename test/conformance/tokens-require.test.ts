/** Paths that ask for a credential, in every spelling (D11, D12), and clients that fail too often. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { leaks } from '../harness/leaks.ts';
import { claims, hs, type Json, SECRET } from '../harness/tokens.ts';
import { EdgeRig } from './edge-rig.ts';
import type { Fields } from './message.ts';

const KEY = `mk-${'k'.repeat(43)}`;
const bearer = (token: string): Fields => [['Authorization', `Bearer ${token}`]];
const forgedFor = (sub: string) => hs(claims({ sub }), {}, 'another-secret-of-32-bytes-or-more!!');
const REFUSED = 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno';

describe('with JWT_MODE=require', () => {
  let rig: EdgeRig;
  beforeAll(async () => {
    rig = await EdgeRig.start({
      JWT_SECRET_KEY: SECRET,
      JWT_MODE: 'require',
      JWT_PUBLIC_PATHS: '/,/public/*,/admin/login',
    });
  });
  afterAll(() => rig.stop());

  const SPELLINGS = [
    ...['/admin', '/%61dmin', '/adm%69n/users', '/admin%2Fusers', '/public/../admin', '/public/%2e%2e/admin'],
    ...[
      '/public/.%2e/admin',
      '/public\\..\\admin',
      '/public/..;/admin',
      '/public/..%2fadmin',
      '/admin/.',
      '/./admin',
    ],
    ...['//admin', '/admin/', '/public', '/admin?x=/public/', '/admin#/public/', '/admin/login/..', '/ADMIN'],
  ];
  test.each(SPELLINGS)('%s without a credential reaches nobody', async (target) => {
    const result = await rig.ask('h1', { target });
    expect([400, 401]).toContain(result.status);
    expect(result.requests).toEqual([]);
    if (result.status === 401) expect(result.got('www-authenticate')).toEqual(['Bearer realm="app"']);
  });

  test.each(['/', '/public/a', '/public/', '/admin/login', '/public/...', '/public/a%20b'])(
    '%s is open',
    async (target) => {
      const result = await rig.ask('h1', { target });
      expect(result.status).toBe(200);
      expect(result.requests[0]?.target).toBe(target);
    },
  );

  test.each([
    ['an opaque bearer', 'Bearer 0123456789'],
    ['Basic', 'Basic dTpw'],
    ['an encrypted token', 'Bearer eyJhbGciOiJkaXIifQ..aaaa.bbbb.cccc'],
  ])('%s opens nothing', async (_name, value) => {
    const result = await rig.ask('h1', { target: '/admin', fields: [['Authorization', value]] });
    expect(result.status).toBe(401);
    expect(result.requests).toEqual([]);
  });

  test.each([
    ['a good token', hs(claims())],
    ['a key of the right shape', KEY],
  ])('%s opens what is protected', async (_name, credential) => {
    const result = await rig.ask('h1', { target: '/admin', fields: bearer(credential) });
    expect(result.status).toBe(200);
    expect(result.requests).toHaveLength(1);
  });

  test('a preflight needs no credential', async () => {
    const fields: Fields = [
      ['Origin', 'https://app.example.com'],
      ['Access-Control-Request-Method', 'GET'],
    ];
    expect((await rig.ask('h1', { target: '/admin', method: 'OPTIONS', fields })).status).toBe(204);
  });
});

describe('failures without end', () => {
  let rig: EdgeRig;
  beforeAll(async () => {
    rig = await EdgeRig.start({
      JWT_SECRET_KEY: SECRET,
      AUTH_FAILURES_BEFORE_BLOCK: '5',
      AUTH_BLOCK_TIME: '30s',
      AUTH_LOGIN_PATHS: '/login',
    });
  });
  afterAll(() => rig.stop());

  test('lead to 403 with Retry-After, for the presented subject alone', async () => {
    for (let i = 0; i < 5; i++)
      expect((await rig.ask('h1', { fields: bearer(forgedFor('victim')) })).status).toBe(401);
    const blocked = await rig.ask('h1', { fields: bearer(forgedFor('victim')) });
    expect(blocked.status).toBe(403);
    expect((JSON.parse(blocked.reply.body.toString('utf8')) as Json).code).toBe('client_blocked');
    expect(Number(blocked.got('retry-after')[0])).toBeGreaterThan(20);
    expect(blocked.requests).toEqual([]);
    expect((await rig.ask('h1', { fields: bearer(forgedFor('somebody else')) })).status).toBe(401);
  });

  test('never lock out a good token of that very subject at the same address, nor hide that one expired', async () => {
    const good = await rig.ask('h1', { fields: bearer(hs(claims({ sub: 'victim' }))) });
    expect(good.status).toBe(200);
    const old = Math.floor(Date.now() / 1000) - 10;
    const expired = await rig.ask('h1', { fields: bearer(hs(claims({ sub: 'victim', exp: old }))) });
    expect((JSON.parse(expired.reply.body.toString('utf8')) as Json).code).toBe('token_expired');
  });

  test("the app's own 401 to a key blocks that key and no other", async () => {
    const fields = bearer(KEY);
    for (let i = 0; i < 5; i++) expect((await rig.ask('h1', { fields }, REFUSED)).status).toBe(401);
    expect((await rig.ask('h1', { fields })).status).toBe(403);
    expect((await rig.ask('h1', { fields: bearer(`mk-${'j'.repeat(43)}`) })).status).toBe(200);
  });

  test("the app's own 401 at the login blocks the login, and nothing else", async () => {
    const login = { method: 'POST', target: '/login', body: '{}' };
    for (let i = 0; i < 5; i++) expect((await rig.ask('h1', login, REFUSED)).status).toBe(401);
    const blocked = await rig.ask('h1', login);
    expect(blocked.status).toBe(403);
    expect(blocked.requests).toEqual([]);
    expect((await rig.ask('h1', {})).status).toBe(200);
    expect((await rig.ask('h1', { fields: bearer(hs(claims())) })).status).toBe(200);
  });

  test('the audit tells of it, without a token or a key', async () => {
    const { railguard } = rig;
    const text = await (await fetch(`${railguard.adminUrl}/audit?limit=1000`)).text();
    const { events } = JSON.parse(text) as { events: { type: string; action: string; key_id?: string }[] };
    expect(events.some(({ action }) => action === 'client_blocked')).toBe(true);
    const keys = new Set(events.filter(({ type }) => type === 'api_key_usage').map(({ key_id }) => key_id));
    expect(keys.size).toBe(2);
    expect(leaks([text, ...railguard.child.stdout], [KEY, hs(claims()), SECRET])).toEqual([]);
  });
});

describe('in report mode', () => {
  test('what would be refused passes, marked for the app and counted', async () => {
    const rig = await EdgeRig.start({ JWT_SECRET_KEY: SECRET, JWT_MODE: 'require', REPORT_ONLY: 'jwt' });
    try {
      const result = await rig.ask('h1', { fields: bearer(forgedFor('a')) });
      expect(result.status).toBe(200);
      const marks = result.requests[0]?.fields.filter(([name]) => name === 'x-railguard-would-refuse');
      expect(marks).toEqual([['x-railguard-would-refuse', 'jwt;code=token_invalid']]);
    } finally {
      await rig.stop();
    }
  });
});
