/** Hosts and targets: each is decided alike for a request, a stream and an upgrade, and passes byte for byte or not at all. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EdgeRig, WAYS } from './edge-rig.ts';

let rig: EdgeRig;
beforeAll(async () => {
  rig = await EdgeRig.start({
    TRUSTED_HOSTS: 'app.test,*.example.org',
    ENABLE_RATE_LIMITING: 'true',
    RATE_LIMIT_PER_MINUTE: '1000000',
    RATE_LIMIT_BURST: '10000',
    RATE_LIMIT_EXEMPT_PATHS: '/public/*',
    RATE_LIMIT_ROUTES: 'POST /login=100000/m',
  });
});
afterAll(() => rig.stop());

describe.each(WAYS)('over %s', (way) => {
  test.each([
    '/public/a%2Fb',
    '/%2561dmin',
    '/%61dmin',
    '/admin%2Fusers',
    '/a/...',
    '/..a/b',
    '/a?x=/../%00',
    '/admin/.',
    '/./admin',
    '///admin',
    '//evil.test/admin',
    '//',
    '/a;x=1/b',
    '/caf%C3%A9%E9',
    '/a%0a%7B',
  ])('D11–D13 %s reaches the app byte for byte', async (target) => {
    const { status, requests } = await rig.ask(way, { target });
    expect(status).toBe(200);
    expect(requests.map((request) => request.target)).toEqual([target]);
  });

  test.each([
    '/public/../admin',
    '/public/%2e%2e/admin',
    '/public/.%2e/admin',
    '/public\\..\\admin',
    '/public/..;/admin',
    '/public/..%2fadmin',
    '/health/../admin',
    '/%2e/admin',
    '/a%00b',
    '/a%zz',
    '/a%c0%afb',
    '/a#b',
  ])('D12 %s is refused with 400, and not a byte reaches the app', async (target) => {
    const { status, requests, reply } = await rig.ask(way, { target });
    expect(status).toBe(400);
    expect(reply.body.toString()).toContain('"request_malformed"');
    expect(requests).toEqual([]);
  });

  test.each([
    '/public%2fadmin',
    '//public/admin',
    '/public;/admin',
    '/public\\admin',
    '/login;x=1',
    '//login',
  ])('%s, which lies on both sides of a listed path, is refused with 400', async (target) => {
    const { status, requests } = await rig.ask(way, { target });
    expect(status).toBe(400);
    expect(requests).toEqual([]);
  });

  test.each(['app.test', 'APP.test:8080', 'a.b.example.org'])('host %s is served', async (host) => {
    expect((await rig.ask(way, { host })).status).toBe(200);
  });

  test.each(['evil.test', 'app.test.evil.test', 'example.org', 'evil-example.org', '[::1]:80'])(
    'host %s is misdirected: 421, and not a byte reaches the app',
    async (host) => {
      const { status, requests, reply } = await rig.ask(way, { host });
      expect(status).toBe(421);
      expect(reply.body.toString()).toContain('"host_untrusted"');
      expect(requests).toEqual([]);
    },
  );
});

test("D39 the platform's probe is served whatever host it names, on the exact path and method alone", async () => {
  const host = 'healthcheck.railway.app';
  expect((await rig.ask('h1', { host, target: '/health' })).status).toBe(200);
  for (const message of [
    { host, target: '/healthz' },
    { host, target: '/health/' },
    { host, target: '/health', method: 'POST' },
    { host, target: '/admin?x=/health' },
  ]) {
    expect((await rig.ask('h1', message)).status).toBe(421);
  }
});
