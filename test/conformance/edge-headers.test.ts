/** Response fields at the edge (D27): one line each, on answers, errors, refusals, preflights and upgrades alike. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EdgeRig, SWITCHED, WAYS } from './edge-rig.ts';

const OWN = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-permitted-cross-domain-policies': 'none',
  'x-dns-prefetch-control': 'off',
  'origin-agent-cluster': '?1',
  'x-xss-protection': '0',
};
const APPS =
  'X-Frame-Options: SAMEORIGIN\r\nContent-Security-Policy: default-src *\r\nStrict-Transport-Security: max-age=1\r\nServer: uvicorn\r\nX-Powered-By: x\r\nX-AspNet-Version: 4\r\nX-Runtime: 1\r\n';
const answered = (status: string) =>
  `HTTP/1.1 ${status}\r\n${APPS}Content-Type: text/html\r\nContent-Length: 2\r\n\r\nok`;

let rig: EdgeRig;
beforeAll(async () => {
  rig = await EdgeRig.start({
    TRUSTED_HOSTS: 'app.test',
    SANITIZE_ERRORS: 'true',
    TRUSTED_PROXIES: '127.0.0.1/32',
  });
});
afterAll(() => rig.stop());

const answers = {
  'a 200': [{}, answered('200 OK')],
  'a 304': [{}, `HTTP/1.1 304 Not Modified\r\n${APPS}\r\n`],
  'a 404': [{}, answered('404 Not Found')],
  'a 500': [{}, answered('500 Internal Server Error')],
  'a refused host': [{ host: 'evil.test' }, undefined],
  'a refused target': [{ target: '/a/../b' }, undefined],
} as const;

describe.each(WAYS)('over %s', (way) => {
  test.each(Object.entries(answers))(
    '%s has every security header once and no disclosing one',
    async (_, [message, answer]) => {
      const result = await rig.ask(way, message, answer);
      for (const [name, value] of Object.entries(OWN))
        expect([name, ...result.got(name)]).toEqual([name, value]);
      for (const name of ['server', 'x-powered-by', 'x-aspnet-version', 'x-runtime'])
        expect(result.got(name)).toEqual([]);
      expect(result.got('content-security-policy').length).toBe(result.status === 304 ? 0 : 1);
      expect(result.got('strict-transport-security')).toEqual([]);
    },
  );

  test('HSTS is sent, once, where a trusted proxy says that the client is on https', async () => {
    const result = await rig.ask(way, { fields: [['X-Forwarded-Proto', 'https']] }, answered('200 OK'));
    expect(result.got('strict-transport-security')).toEqual(['max-age=63072000; includeSubDomains']);
  });
});

test('a 101 has them as well', async () => {
  const result = await rig.ask('upgrade', {}, `${SWITCHED}${APPS}\r\n`);
  expect(result.status).toBe(101);
  for (const [name, value] of Object.entries(OWN)) expect([name, ...result.got(name)]).toEqual([name, value]);
  expect(result.got('server')).toEqual([]);
});

test('cookies are hardened line by line, and redirects to the app itself lead to the client', async () => {
  const own = `http://127.0.0.1:${rig.upstream.port}`;
  const answer = `HTTP/1.1 307 Temporary Redirect\r\nLocation: ${own}/health\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2; HttpOnly\r\nContent-Length: 0\r\n\r\n`;
  const result = await rig.ask('h1', { fields: [['X-Forwarded-Proto', 'https']] }, answer);
  expect(result.got('location')).toEqual(['https://app.test/health']);
  expect(result.got('set-cookie')).toEqual([
    'a=1; Secure; SameSite=Lax',
    'b=2; HttpOnly; Secure; SameSite=Lax',
  ]);
});

test('violation reports are taken in both formats, counted, and never reach the app', async () => {
  const old = '{"csp-report":{"document-uri":"https://app.test/","violated-directive":"img-src"}}';
  const modern =
    '[{"type":"csp-violation","url":"https://app.test/","body":{"effectiveDirective":"font-src"}}]';
  for (const [type, body] of [
    ['application/csp-report', old],
    ['application/reports+json', modern],
  ] as const) {
    const message = {
      method: 'POST',
      target: '/csp-report',
      fields: [['Content-Type', type] as [string, string]],
      body,
    };
    for (const way of ['h1', 'h2'] as const) {
      const { status, requests } = await rig.ask(way, message);
      expect(status).toBe(204);
      expect(requests).toEqual([]);
    }
  }
  const metrics = await (await fetch(`${rig.railguard.adminUrl}/metrics`)).text();
  expect(metrics).toContain('railguard_csp_violations_total{directive="img-src",outcome="logged"} 2');
  expect(metrics).toContain('railguard_csp_violations_total{directive="font-src",outcome="logged"} 2');
  const lines = rig.railguard.logs().filter((line) => line.event_type === 'csp_violation');
  expect(lines.map((line) => line.directive)).toEqual(['img-src', 'img-src', 'font-src', 'font-src']);
});

test('a report over 64 KB is refused', async () => {
  const fields: [string, string][] = [['Content-Type', 'application/csp-report']];
  const { status } = await rig.ask('h1', {
    method: 'POST',
    target: '/csp-report',
    fields,
    body: 'x'.repeat(70_000),
  });
  expect(status).toBe(413);
});
