/** The dashboard in a real Chromium: its door, its live figures, its actions, and what it is to those who can't see it. */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type SampleApp, startSampleApp } from '../../demo/sample-app.ts';
import { until } from '../harness/ports.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { claims, hs, SECRET } from '../harness/tokens.ts';
import { launch } from './browser.ts';

const ADMIN_TOKEN = 'a-token-of-at-least-thirty-two-characters';
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Subjects are whatever an issuer wrote: this one would like to be markup. */
const HOSTILE = '<img src=x onerror=document.title="owned">';

let app: SampleApp;
let railguard: Railguard;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  app = await startSampleApp();
  railguard = await startRailguard({
    env: {
      UPSTREAM_URL: `http://127.0.0.1:${app.port}`,
      ADMIN_TOKEN,
      JWT_SECRET_KEY: SECRET,
      REPORT_ONLY: 'path-policy',
      LOG_LEVEL: 'error',
    },
  });
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await railguard?.kill();
  await app?.close();
});

beforeEach(async () => {
  await context?.close();
  context = await browser.newContext({ viewport: { width: 1320, height: 900 } });
  page = await context.newPage();
  watch(page);
});

/** Everything the browser has to say against the page, but for the 401 that the door answers. */
function watch(watched: Page): void {
  complaints = [];
  watched.on('console', (message) => {
    if (message.type() === 'error' && !/status of 40[13]/.test(message.text()))
      complaints.push(message.text());
  });
  watched.on('pageerror', (error) => complaints.push(String(error)));
}

async function signIn(token = ADMIN_TOKEN): Promise<void> {
  await page.goto(railguard.adminUrl);
  await page.getByLabel('Admin token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForLoadState();
}

const call = (token: string, target = '/') =>
  fetch(railguard.url + target, { headers: { authorization: `Bearer ${token}` } }).then(async (answer) => {
    await answer.text();
    return answer.status;
  });

const violations = async (): Promise<string[]> => {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }>;
      };
    };
    const { violations } = await axe.run();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
  });
};

describe('the door of the dashboard', () => {
  it('shows nothing to strangers, and says when the token is wrong', async () => {
    await page.goto(railguard.adminUrl);
    expect(await page.textContent('body')).not.toContain('Refusals');
    expect(await violations()).toEqual([]);
    await signIn('not-the-token-but-long-enough-to-be-one');
    expect(await page.getByRole('alert').textContent()).toBe('This is not the token.');
    expect(await context.cookies()).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it('opens to the token, with a cookie no script and no other site can use, and shuts on leaving', async () => {
    await signIn();
    await page.getByRole('heading', { name: 'Refusals' }).waitFor();
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/' });
    expect((cookie?.expires ?? 0) - Date.now() / 1000).toBeLessThan(3601);
    expect(cookie?.value).not.toContain(ADMIN_TOKEN);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Admin token').waitFor();
    expect(await context.cookies()).toEqual([]);
    // The cookie itself is worth nothing any more.
    const again = await fetch(`${railguard.adminUrl}/sessions`, {
      headers: { cookie: `${cookie?.name}=${cookie?.value}` },
    });
    expect(again.status).toBe(401);
  });
});

describe('the dashboard', () => {
  it('moves while requests come in, and shows what was refused, without secrets', async () => {
    await signIn();
    const rate = page.locator('[data-figure=rate]');
    const before = Number(await rate.textContent());
    await until('the rate rises', 12_000, async () => {
      await Promise.all(Array.from({ length: 30 }, () => call(hs(claims()))));
      await call('not.a.token', '/reset/token=0123456789abcdef0123456789abcdef');
      await call(hs(claims({ exp: 1 })), '/reset/token=0123456789abcdef0123456789abcdef');
      return Number(await rate.textContent()) > before + 10;
    });
    const refused = page.locator('[data-part=refusals]');
    await refused.getByText('token_expired').first().waitFor({ timeout: 5000 });
    expect(await refused.textContent()).toContain('/reset/token=[redacted');
    expect(await page.textContent('body')).not.toContain('0123456789abcdef');
    expect(await page.locator('.plot path.line').count()).toBeGreaterThan(3);
    expect(complaints).toEqual([]);
  });

  it('ends a session once that is confirmed, by keyboard alone; its token is refused and the audit tells of it', async () => {
    const token = hs(claims({ sub: 'leaving-user' }));
    expect(await call(token)).toBe(200);
    await signIn();
    const end = page.getByRole('button', { name: /End the session .* of leaving-user/ });
    await end.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    expect(await call(token)).toBe(200);
    await end.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'End session' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('The session has ended.').waitFor();
    expect(await end.count()).toBe(0);
    expect(await call(token)).toBe(401);
    await page.getByRole('search').getByLabel('Subject').fill('leaving-user');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.locator('[data-part=audit]').getByText('ended', { exact: true }).first().waitFor();
  });

  it('revokes the tokens of a subject', async () => {
    const token = hs(claims({ sub: 'lost-laptop', iat: Math.floor(Date.now() / 1000) - 5 }));
    expect(await call(token)).toBe(200);
    await signIn();
    await page.getByLabel('Revoke all tokens of').fill('lost-laptop');
    await page.getByRole('button', { name: 'Revoke…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('The tokens of lost-laptop are revoked.').waitFor();
    expect(await call(token)).toBe(401);
  });

  it('shows a hostile name as text', async () => {
    await call(hs(claims({ sub: HOSTILE })));
    await signIn();
    await page.locator('[data-part=sessions]').getByText(HOSTILE).first().waitFor();
    expect(await page.title()).not.toBe('owned');
    expect(await page.locator('img').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('takes no change from a page that only has the cookie', async () => {
    await signIn();
    const status = await page.evaluate(() =>
      fetch('/sessions/any', { method: 'DELETE' }).then((answer) => answer.status),
    );
    expect(status).toBe(403);
  });

  it('stops and goes on when asked to', async () => {
    await signIn();
    await page.locator('#live.on').waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    expect(await page.textContent('#live')).toBe('paused');
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.locator('#live.on').waitFor();
  });

  it.each([
    ['light', 1320, 'dashboard-light'],
    ['dark', 1320, 'dashboard-dark'],
    ['light', 390, 'dashboard-phone'],
  ] as const)('is for everybody: %s at %d px', async (colorScheme, width, name) => {
    await context.close();
    context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
    page = await context.newPage();
    watch(page);
    await signIn();
    await page.locator('#live.on').waitFor();
    expect(await violations()).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    expect(complaints).toEqual([]);
    const folder = process.env.RAILGUARD_SCREENSHOTS;
    if (folder === undefined) return;
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });
  });
});
