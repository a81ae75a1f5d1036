/** The admin port as somebody on the network meets it who has no token. */
import os from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SampleApp, startSampleApp } from '../../demo/sample-app.ts';
import { until } from '../harness/ports.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';

const ADMIN_TOKEN = 'a-token-of-at-least-thirty-two-characters';
const OPEN = ['/health', '/health/readiness', '/metrics'];
const GUARDED = [
  '/',
  '/health/comprehensive',
  '/health/secrets',
  '/pool',
  '/audit',
  '/sessions',
  '/config',
  '/live',
  '/parts/audit',
];

/** An address of this machine that is not loopback. */
const address = Object.values(os.networkInterfaces())
  .flat()
  .find((one) => one !== undefined && !one.internal && one.family === 'IPv4')?.address;

describe.each([
  ['no token configured', {}, 403],
  ['a token configured, and none shown', { ADMIN_TOKEN }, 401],
] as const)('with %s', (_, env, refused) => {
  let app: SampleApp;
  let railguard: Railguard;

  beforeAll(async () => {
    app = await startSampleApp();
    const options = {
      UPSTREAM_URL: `http://127.0.0.1:${app.port}`,
      ADMIN_HOST: '0.0.0.0',
      LOG_LEVEL: 'info',
    };
    railguard = await startRailguard({ env: { ...options, ...env } });
  });

  afterAll(async () => {
    await railguard?.kill();
    await app?.close();
  });

  it('lets the network read three endpoints and nothing else', async () => {
    const status = async (path: string): Promise<number> => {
      const answer = await fetch(`http://${address}:${railguard.adminPort}${path}`);
      await answer.text();
      return answer.status;
    };
    expect(address, 'this test needs a network interface').toBeDefined();
    expect(await Promise.all(OPEN.map(status))).toEqual([200, 200, 200]);
    expect(await Promise.all(GUARDED.map(status))).toEqual(GUARDED.map(() => refused));
    expect(await status('/nothing')).toBe(404);
  });

  it('changes nothing for the network', async () => {
    for (const [method, path] of [
      ['DELETE', '/sessions/any'],
      ['POST', '/revocations'],
    ] as const) {
      const answer = await fetch(`http://${address}:${railguard.adminPort}${path}`, {
        method,
        body: '{"sub":"x"}',
      });
      expect(answer.status).toBe(refused);
    }
  });
});

describe('somebody who guesses the token', () => {
  let railguard: Railguard;

  beforeAll(async () => {
    railguard = await startRailguard({ env: { ADMIN_TOKEN, LOG_LEVEL: 'info' }, wait: 'listening' });
  });
  afterAll(() => railguard?.kill());

  it('is not heard after ten tries, by form or by header, and each try is in the audit', async () => {
    const form = (token: string) =>
      fetch(`${railguard.adminUrl}/login`, {
        method: 'POST',
        body: new URLSearchParams({ token }),
        redirect: 'manual',
      });
    const header = (token: string) =>
      fetch(`${railguard.adminUrl}/config`, { headers: { authorization: `Bearer ${token}` } });
    const seen: number[] = [];
    for (let i = 0; i < 6; i++)
      seen.push((await form(`guess-${i}`)).status, (await header(`guess-${i}`)).status);
    expect(seen).toEqual([...new Array<number>(10).fill(401), 429, 429]);
    const right = await form(ADMIN_TOKEN);
    expect([right.status, right.headers.get('set-cookie')]).toEqual([429, null]);
    expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(0);
    const audited = () =>
      railguard.logs().filter(({ audit, outcome }) => audit === 'admin_access' && outcome === 'failure');
    await until('the tries are told', 2000, () => audited().length >= 10);
    expect(new Set(audited().map(({ action }) => action))).toEqual(new Set(['login', 'refused']));
    expect(railguard.child.stdout.join('\n')).not.toContain('guess-');
  });

  it('is refused when another site sends the form', async () => {
    const answer = await fetch(`${railguard.adminUrl}/login`, {
      method: 'POST',
      headers: { 'sec-fetch-site': 'cross-site' },
      body: new URLSearchParams({ token: ADMIN_TOKEN }),
    });
    expect(answer.status).toBe(403);
  });
});

describe('the login of the dashboard', () => {
  let app: SampleApp;
  let railguard: Railguard;

  beforeAll(async () => {
    app = await startSampleApp();
    railguard = await startRailguard({ env: { UPSTREAM_URL: `http://127.0.0.1:${app.port}`, ADMIN_TOKEN } });
  });
  afterAll(async () => {
    await railguard?.kill();
    await app?.close();
  });

  it.each([
    ['railguard_admin=abc.def', []],
    ['a=1; railguard_admin=abc.def; b=2', ['a=1; b=2']],
    ['railguard_admin=abc.def;b=2', ['b=2']],
    ['not_railguard_admin=1', ['not_railguard_admin=1']],
    ['a=1;  b=2', ['a=1;  b=2']],
  ])('never reaches the app: %s', async (cookie, reached) => {
    const answer = await fetch(`${railguard.url}/headers`, { headers: { cookie } });
    const { headers } = (await answer.json()) as { headers: string[] };
    expect(headers.filter((_, i) => headers[i - 1]?.toLowerCase() === 'cookie' && i % 2 === 1)).toEqual(
      reached,
    );
  });
});
