/** Tokens that the app itself issues (PyJWT under uvicorn), sessions on the real clock, and the admin port's say in them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leaks } from '../harness/leaks.ts';
import { until } from '../harness/ports.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { claims, hs, type Json, SECRET } from '../harness/tokens.ts';
import { startUvicorn, type Uvicorn } from '../harness/uvicorn.ts';

const ADMIN_TOKEN = 'an-admin-token-of-the-tests-of-32-or-more';
const KEY = `mk-${'Ab0_-'.repeat(9).slice(0, 43)}`;
const presented: string[] = [KEY, SECRET, ADMIN_TOKEN];
const outputs: string[] = [];

let app: Uvicorn;
beforeAll(async () => {
  app = await startUvicorn({ env: { JWT_SECRET_KEY: SECRET } });
});
afterAll(async () => {
  await app.stop();
});

async function start(env: Readonly<Record<string, string>> = {}): Promise<Railguard> {
  return startRailguard({
    env: { UPSTREAM_URL: app.url, JWT_SECRET_KEY: SECRET, ADMIN_TOKEN, LOG_LEVEL: 'debug', ...env },
  });
}

/** Kept for the search for leaks at the end. */
async function stop(railguard: Railguard): Promise<void> {
  for (const path of ['/metrics', '/audit?limit=1000', '/config', '/sessions'])
    outputs.push(await (await admin(railguard, 'GET', path)).text());
  await railguard.stop();
  outputs.push(...railguard.child.stdout, ...railguard.child.stderr);
}

async function ask(railguard: Railguard, token?: string, path = '/api/v1/auth/status') {
  if (token !== undefined) presented.push(token);
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    connection: 'close',
  };
  const answer = await fetch(`${railguard.url}${path}`, { headers });
  const text = await answer.text();
  if (answer.status >= 400) outputs.push(text);
  const body = JSON.parse(text) as Json;
  return { status: answer.status, code: body.code, body };
}

function admin(railguard: Railguard, method: string, path: string, body?: Json): Promise<Response> {
  return fetch(`${railguard.adminUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, connection: 'close' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function events(railguard: Railguard, query = ''): Promise<Json[]> {
  const answer = await admin(railguard, 'GET', `/audit?limit=1000${query}`);
  return ((await answer.json()) as { events: Json[] }).events;
}

describe('tokens of the app', () => {
  let railguard: Railguard;
  let pair: { access_token: string; refresh_token: string };
  beforeAll(async () => {
    railguard = await start();
    const answer = await fetch(`${railguard.url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'ada@app.test', password: 'correct-horse' }),
    });
    pair = (await answer.json()) as typeof pair;
    presented.push(pair.access_token, pair.refresh_token);
  });
  afterAll(() => stop(railguard));

  it('pass, and the app knows the user', async () => {
    const { status, body } = await ask(railguard, pair.access_token);
    expect(status).toBe(200);
    expect(body).toEqual({ authenticated: true, user: 'ada' });
  });

  it('do not pass as refresh tokens, which the app itself would take', async () => {
    const direct = await fetch(`${app.url}/api/v1/auth/status`, {
      headers: { authorization: `Bearer ${pair.refresh_token}` },
    });
    expect(direct.status).toBe(200);
    expect(await ask(railguard, pair.refresh_token)).toMatchObject({ status: 401, code: 'token_invalid' });
  });

  it('pass as API keys of the right shape, and as no others', async () => {
    expect((await ask(railguard, KEY)).status).toBe(200);
    for (const odd of ['mk-short', `${KEY}x`, 'mk-', `mk-${'!'.repeat(43)}`])
      expect([400, 401]).toContain((await ask(railguard, odd)).status);
  });

  it('are refused when forged, and the browser is told in the words of its choice', async () => {
    const forged = hs(claims(), {}, 'another-secret-of-32-bytes-or-more!!');
    presented.push(forged);
    const page = await fetch(`${railguard.url}/api/v1/auth/status`, {
      headers: { authorization: `Bearer ${forged}`, accept: 'text/html', origin: 'https://a.test' },
    });
    expect(page.status).toBe(401);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.headers.get('content-security-policy')).not.toBeNull();
    outputs.push(await page.text());
  });

  it('sign in with an old token still attached', async () => {
    const expired = hs(claims({ exp: Math.floor(Date.now() / 1000) - 60 }));
    presented.push(expired);
    const answer = await fetch(`${railguard.url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${expired}` },
      body: JSON.stringify({ email: 'ada@app.test', password: 'correct-horse' }),
    });
    expect(answer.status).toBe(200);
    await answer.arrayBuffer();
  });

  it('leave their trace in the audit, in the log and in the figures', async () => {
    const kept = await events(railguard);
    const told = new Set(kept.map(({ type, action }) => `${type} ${action}`));
    for (const one of [
      ...['authentication token_accepted', 'authentication credential_refused', 'session opened'],
      ...['api_key_usage key_used', 'admin_access read'],
    ])
      expect(told).toContain(one);
    expect(kept.find(({ subject }) => subject === 'ada')).toBeDefined();
    const types = () => new Set(railguard.logs().map(({ audit }) => audit));
    await until('the lines are written', 3000, () => types().has('api_key_usage') && types().has('session'));
    expect(types()).toContain('authentication');
    const metrics = await (await fetch(`${railguard.adminUrl}/metrics`)).text();
    expect(metrics).toMatch(/railguard_auth_total\{method="jwt",outcome="accepted"\} [1-9]/);
    expect(metrics).toMatch(/railguard_auth_total\{method="jwt",outcome="type"\} 1/);
    expect(metrics).toMatch(/railguard_sessions_active 1/);
  });
});

describe('sessions on the real clock', () => {
  it('end after their idle time, while busy ones go on', async () => {
    const railguard = await start({ SESSION_TIMEOUT_MINUTES: '0.04' });
    try {
      const [idle, busy] = [hs(claims()), hs(claims())];
      expect((await ask(railguard, idle)).status).toBe(200);
      for (let i = 0; i < 7; i++) {
        expect((await ask(railguard, busy)).status).toBe(200);
        await sleep(400);
      }
      expect(await ask(railguard, idle)).toMatchObject({ status: 401, code: 'session_expired' });
      expect((await ask(railguard, busy)).status).toBe(200);
    } finally {
      await stop(railguard);
    }
  });

  it('end after their absolute time, however busy, and a refreshed token does not bring them back', async () => {
    const railguard = await start({ SESSION_ABSOLUTE_TIMEOUT_MINUTES: '0.04' });
    try {
      const session = { session_id: 'long-session-of-the-tests' };
      for (let i = 0; i < 6; i++) {
        expect((await ask(railguard, hs(claims({ ...session, n: i })))).status).toBe(200);
        await sleep(350);
      }
      await sleep(400);
      expect((await ask(railguard, hs(claims(session)))).code).toBe('session_expired');
    } finally {
      await stop(railguard);
    }
  });

  it('are limited in number: the oldest ends', async () => {
    const railguard = await start({ MAX_CONCURRENT_SESSIONS: '2' });
    try {
      const [a, b, c] = [hs(claims()), hs(claims()), hs(claims())];
      for (const token of [a, b, c]) expect((await ask(railguard, token)).status).toBe(200);
      expect((await ask(railguard, a)).code).toBe('session_revoked');
      expect((await ask(railguard, b)).status).toBe(200);
      const ended = await events(railguard, '&type=session');
      expect(ended.some(({ reason }) => reason === 'too_many_sessions')).toBe(true);
    } finally {
      await stop(railguard);
    }
  });
});

describe('an operator', () => {
  let railguard: Railguard;
  beforeAll(async () => {
    railguard = await start();
  });
  afterAll(() => stop(railguard));

  it('sees sessions by name, and ends one', async () => {
    const token = hs(claims({ sub: 'grace', session_id: 'the-session-of-grace' }));
    await ask(railguard, token);
    const text = await (await admin(railguard, 'GET', '/sessions?subject=grace')).text();
    expect(text).not.toContain('the-session-of-grace');
    const { sessions } = JSON.parse(text) as { sessions: { id: string; subject: string }[] };
    expect(sessions).toHaveLength(1);
    expect((await admin(railguard, 'DELETE', `/sessions/${sessions[0]?.id}`)).status).toBe(200);
    expect((await ask(railguard, token)).code).toBe('session_revoked');
    const again = hs(claims({ sub: 'grace', session_id: 'the-session-of-grace', n: 2 }));
    expect((await ask(railguard, again)).code).toBe('session_revoked');
    expect((await admin(railguard, 'DELETE', `/sessions/${sessions[0]?.id}`)).status).toBe(404);
  });

  it('revokes a token by its id', async () => {
    const token = hs(claims({ jti: 'token-of-the-tests' }));
    expect((await ask(railguard, token)).status).toBe(200);
    const answer = await admin(railguard, 'POST', '/revocations', {
      jti: 'token-of-the-tests',
      reason: 'lost',
    });
    expect(answer.status).toBe(201);
    expect((await ask(railguard, token)).code).toBe('session_revoked');
    expect((await ask(railguard, hs(claims({ jti: 'another' })))).status).toBe(200);
  });

  it("revokes a user's tokens up to now; those issued after pass", async () => {
    const now = Math.floor(Date.now() / 1000);
    const old = hs(claims({ sub: 'joan', iat: now - 10 }));
    expect((await ask(railguard, old)).status).toBe(200);
    expect((await admin(railguard, 'POST', '/revocations', { sub: 'joan' })).status).toBe(201);
    expect((await ask(railguard, old)).code).toBe('session_revoked');
    // Tokens say when they were issued in whole seconds: the second of the cut-off is still before it.
    await sleep(1100);
    expect((await ask(railguard, hs(claims({ sub: 'joan' })))).status).toBe(200);
    expect((await ask(railguard, hs(claims({ sub: 'alan', iat: now - 10 })))).status).toBe(200);
  });

  it.each([
    ['both at once', { sub: 'a', jti: 'b' }],
    ['neither', { reason: 'x' }],
    ['a number', { sub: 1 }],
    ['an empty id', { jti: '' }],
    ['a date that is none', { sub: 'a', before: 'soon' }],
    ['a cut-off for one token', { jti: 'a', before: '2026-01-01T00:00:00Z' }],
    ['a list', [] as unknown as Json],
  ])('is told what is wrong with %s', async (_name, body) => {
    expect((await admin(railguard, 'POST', '/revocations', body)).status).toBe(400);
  });

  it.each(['since=soon', 'type=nothing', 'limit=0', 'limit=x'])(
    'is told what is wrong with /audit?%s',
    async (query) => {
      expect((await admin(railguard, 'GET', `/audit?${query}`)).status).toBe(400);
    },
  );

  it('must be one: without the token nothing is shown, ended or revoked, and that is audited', async () => {
    for (const [method, path] of [
      ['GET', '/audit'],
      ['GET', '/sessions'],
      ['DELETE', '/sessions/a'],
      ['POST', '/revocations'],
    ] as const)
      expect((await fetch(`${railguard.adminUrl}${path}`, { method })).status).toBe(401);
    const refused = await events(railguard, '&type=admin_access');
    expect(refused.filter(({ outcome }) => outcome === 'failure').length).toBeGreaterThanOrEqual(4);
  });
});

it('emits no token, key or secret, whatever happens', () => {
  expect(outputs.length).toBeGreaterThan(50);
  expect(presented.length).toBeGreaterThan(20);
  expect(
    leaks(
      outputs,
      presented.filter((one) => one.length > 16),
    ),
  ).toEqual([]);
});
