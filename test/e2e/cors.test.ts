/** What a browser makes of the CORS answers: an allowed origin works with credentials, a look-alike reads nothing. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { startUvicorn, type Uvicorn } from '../harness/uvicorn.ts';
import { launch, servePage } from './browser.ts';

let app: Uvicorn;
let railguard: Railguard;
let browser: Browser;
let site: Awaited<ReturnType<typeof servePage>>;
let api: string;

beforeAll(async () => {
  [app, site, browser] = await Promise.all([
    startUvicorn(),
    servePage('<!doctype html><title>Client</title>'),
    launch(),
  ]);
  railguard = await startRailguard({
    env: { UPSTREAM_URL: app.url, CORS_ORIGINS: `http://app.example.test:${site.port}`, LOG_LEVEL: 'info' },
  });
  api = `http://api.example.test:${railguard.port}`;
});
afterAll(async () => {
  await browser?.close();
  await railguard?.kill();
  await app?.stop();
  site?.close();
});

async function open(host: string): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(`http://${host}:${site.port}/`);
  return page;
}

/** The answer's body, or the name of the error the browser throws. */
const ask = (page: Page, url: string, init: Record<string, unknown> = {}): Promise<string> =>
  page.evaluate(
    ([to, options]) =>
      fetch(to, { credentials: 'include', ...options }).then(
        (answer) => answer.text(),
        (error) => error.name,
      ),
    [url, init] as const,
  );

const socket = (page: Page, url: string): Promise<string> =>
  page.evaluate(
    (to) =>
      new Promise<string>((resolve) => {
        const ws = new WebSocket(to);
        ws.onopen = () => ws.send('hello');
        ws.onmessage = (event) => resolve(event.data);
        ws.onerror = () => resolve('refused');
      }),
    url,
  );

describe('a page on an allowed origin', () => {
  test('calls the API with credentials, preflight and all', async () => {
    const page = await open('app.example.test');
    expect(JSON.parse(await ask(page, `${api}/cookies`))).toEqual({ set: 14 });
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-csrf-token': 'csrf' },
      body: '{}',
    };
    const { headers } = JSON.parse(await ask(page, `${api}/echo-headers`, init)) as {
      headers: [string, string][];
    };
    const cookie = headers.find(([name]) => name === 'cookie')?.[1];
    expect(cookie).toContain('monkey_session_id=value-of-monkey_session_id');
    expect(headers).toContainEqual(['x-csrf-token', 'csrf']);
    await page.close();
  });

  test("is told its own origin alone: the app's star is gone", async () => {
    const page = await open('app.example.test');
    const [answer] = await Promise.all([page.waitForResponse(`${api}/client`), ask(page, `${api}/client`)]);
    const told = (await answer.headersArray()).filter(({ name }) =>
      /^access-control-allow-origin$/i.test(name),
    );
    expect(told.map(({ value }) => value)).toEqual([`http://app.example.test:${site.port}`]);
    await page.close();
  });

  test('opens a WebSocket', async () => {
    const page = await open('app.example.test');
    expect(await socket(page, `${api.replace('http', 'ws')}/ws`)).toBe('hello');
    await page.close();
  });

  test('reads a refusal: its status is no mystery to the script', async () => {
    const page = await open('app.example.test');
    expect(JSON.parse(await ask(page, `${api}/api/v1/auth/status`))).toMatchObject({
      detail: expect.any(String),
    });
    await page.close();
  });
});

describe.each(['app.example.test.evil.test', 'evilapp.example.test', 'app-example.test'])(
  'a page on the look-alike %s',
  (host) => {
    test('reads nothing, with credentials or without', async () => {
      const page = await open(host);
      expect(await ask(page, `${api}/cookies`)).toBe('TypeError');
      expect(await ask(page, `${api}/api/health`, { credentials: 'omit' })).toBe('TypeError');
      expect(
        await ask(page, `${api}/echo-headers`, { method: 'POST', headers: { 'x-csrf-token': 'a' } }),
      ).toBe('TypeError');
      await page.close();
    });

    test('opens no WebSocket', async () => {
      const page = await open(host);
      expect(await socket(page, `${api.replace('http', 'ws')}/ws`)).toBe('refused');
      await page.close();
    });
  },
);
