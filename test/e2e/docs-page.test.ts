/** FastAPI's /docs under a content security policy: blocked and reported by default, at work with the documented sources. */
import { createHash } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { until } from '../harness/ports.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { startUvicorn, type Uvicorn } from '../harness/uvicorn.ts';
import { launch } from './browser.ts';

/** In the place of Swagger UI on its CDN, which loopback can not reach: it is called as FastAPI's page calls that. */
const BUNDLE = `
  window.SwaggerUIBundle = ({ url, dom_id }) => fetch(url).then((answer) => answer.json()).then((api) => {
    const title = document.createElement('h2');
    title.textContent = api.info.title;
    title.setAttribute('style', 'color: rgb(1, 2, 3)');
    document.querySelector(dom_id).append(title);
  });
  SwaggerUIBundle.presets = { apis: [] };
  SwaggerUIBundle.SwaggerUIStandalonePreset = [];`;

let app: Uvicorn;
let browser: Browser;
let railguard: Railguard | undefined;
beforeAll(async () => {
  [app, browser] = await Promise.all([startUvicorn(), launch()]);
});
afterEach(async () => {
  await railguard?.kill();
});
afterAll(async () => {
  await browser?.close();
  await app?.stop();
});

async function open(env: Record<string, string>): Promise<{ page: Page; guard: Railguard }> {
  const guard = await startRailguard({ env: { UPSTREAM_URL: app.url, ...env } });
  railguard = guard;
  const page = await browser.newPage();
  await page.route('https://cdn.jsdelivr.net/**', (route) =>
    route.request().url().endsWith('.css')
      ? route.fulfill({ contentType: 'text/css', body: 'h2 { font-weight: 900 }' })
      : route.fulfill({ contentType: 'text/javascript', body: BUNDLE }),
  );
  await page.route('https://fastapi.tiangolo.com/**', (route) =>
    route.fulfill({ contentType: 'image/svg+xml', body: '<svg xmlns="http://www.w3.org/2000/svg"/>' }),
  );
  await page.goto(`http://docs.test:${guard.port}/docs`);
  return { page, guard };
}

const violations = (guard: Railguard) => guard.logs().filter((line) => line.event_type === 'csp_violation');

/** The source that allows the page's own inline script, as docs/edge-policy.md says. */
async function inlineHash(): Promise<string> {
  const html = await (await fetch(`${app.url}/docs`, { headers: { connection: 'close' } })).text();
  const script = /<script>([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '';
  return `'sha256-${createHash('sha256').update(script).digest('base64')}'`;
}

test('with the sources documented for it the page works, and nothing is reported', async () => {
  const { page, guard } = await open({
    CSP_SCRIPT_SRC: `'self' https://cdn.jsdelivr.net ${await inlineHash()}`,
    CSP_STYLE_SRC: "'self' 'unsafe-inline' https://cdn.jsdelivr.net",
    CSP_IMG_SRC: "'self' data: https://fastapi.tiangolo.com",
  });
  const title = page.locator('#swagger-ui h2');
  await title.waitFor();
  expect(await title.textContent()).toBe('Stand-in');
  const weight = "getComputedStyle(document.querySelector('#swagger-ui h2')).fontWeight";
  expect(await page.evaluate(weight)).toBe('900');
  await page.close();
  expect(violations(guard)).toEqual([]);
});

test('with the defaults it is blocked, and the browser reports why', async () => {
  const { page, guard } = await open({});
  await until('the violations are reported', 10_000, () => violations(guard).length >= 3);
  expect(await page.locator('#swagger-ui h2').count()).toBe(0);
  await page.close();
  const said = violations(guard).map(({ directive, blocked }) => `${directive} ${blocked}`);
  expect(said.some((text) => /^script-src-elem https:\/\/cdn\.jsdelivr\.net\//.test(text))).toBe(true);
  expect(said).toContain('script-src-elem inline');
  const metrics = await (await fetch(`${guard.adminUrl}/metrics`)).text();
  expect(metrics).toContain('railguard_csp_violations_total{directive="script-src-elem",outcome="logged"}');
});

test('with CSP_REPORT_ONLY it works, and what would have been blocked is reported', async () => {
  const { page, guard } = await open({ CSP_REPORT_ONLY: 'true' });
  await page.locator('#swagger-ui h2').waitFor();
  await until('the violations are reported', 10_000, () => violations(guard).length >= 3);
  await page.close();
  expect(new Set(violations(guard).map((line) => line.disposition))).toEqual(new Set(['report']));
});
