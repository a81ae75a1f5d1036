import { describe, expect, it } from 'vitest';
import { json } from '../../../admin/reply.ts';
import type { Route } from '../../../admin/route.ts';
import { RawClient } from '../../harness/raw.ts';
import { bearer, build, startPort, TOKEN } from './port.ts';

const echo: Route = {
  method: 'POST',
  path: '/echo/{name}',
  open: true,
  handle: async (request) =>
    json(200, {
      name: request.params.name,
      query: request.query.get('q'),
      bytes: (await request.body()).length,
    }),
};

describe('the admin port', () => {
  it('says that the process lives, without a token', async () => {
    const { get, clock } = await startPort({ token: TOKEN });
    clock.turn(1500);
    const answer = await get('/health');
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      status: 'healthy',
      version: '1.2.3',
      uptime_seconds: 1.5,
      timestamp: '2026-01-02T03:04:07.178Z',
    });
  });

  it('is never cached, sniffed or run as a page', async () => {
    const { get } = await startPort();
    for (const path of ['/health', '/metrics', '/nothing', '/config']) {
      const { headers } = await get(path);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('server')).toBeNull();
    }
  });

  it('is scraped as text, and as OpenMetrics when asked', async () => {
    const { get } = await startPort({ token: TOKEN });
    const plain = await get('/metrics');
    expect(plain.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    expect(await plain.text()).toContain('railguard_build_info{version="1.2.3"');
    const open = await get('/metrics', { headers: { accept: 'application/openmetrics-text;version=1.0.0' } });
    expect(open.headers.get('content-type')).toContain('application/openmetrics-text');
    expect(await open.text()).toMatch(/# EOF\n$/);
  });

  it('shows the configuration to the holder of the token', async () => {
    const { get } = await startPort({ token: TOKEN, effective: { ADMIN_TOKEN: '[set]' } });
    expect(await (await get('/config', bearer(TOKEN))).json()).toEqual({ ADMIN_TOKEN: '[set]' });
  });

  it.each(['/nothing', '/health/', '/HEALTH', '//health', '/health/../config', '/%68ealth'])(
    'has nothing at %s',
    async (path) => {
      const { port } = await startPort();
      const client = await RawClient.connect(port);
      client.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      const answer = await client.response();
      client.close();
      expect(answer.status).toBe(404);
      expect(JSON.parse(answer.body.toString())).toMatchObject({
        status: 404,
        code: 'not_found',
        correlation_id: answer.get('x-correlation-id'),
      });
    },
  );

  it('names the methods it has when asked with another', async () => {
    const { admin, get } = await startPort();
    admin.registerRoute({ ...echo, method: 'DELETE', path: '/health' });
    const answer = await get('/health', { method: 'PUT' });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('GET, HEAD, DELETE');
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });

  it('answers HEAD like GET, without the body', async () => {
    const { port } = await startPort();
    const client = await RawClient.connect(port);
    client.send(
      'HEAD /health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /health HTTP/1.1\r\nHost: localhost\r\n\r\n',
    );
    const head = await client.response(5000, true);
    const get = await client.response();
    client.close();
    expect([head.status, get.status]).toEqual([200, 200]);
    expect(head.get('content-length')).toBe(String(get.body.length));
  });

  it('takes further routes, with parameters, query and body', async () => {
    const { admin, get } = await startPort();
    admin.registerRoute(echo);
    const answer = await get('/echo/a%2Fb?q=1', { method: 'POST', body: 'x'.repeat(64 * 1024) });
    expect(await answer.json()).toEqual({ name: 'a/b', query: '1', bytes: 65_536 });
    expect((await get('/echo/', { method: 'POST' })).status).toBe(404);
    expect((await get('/echo/%zz', { method: 'POST' })).status).toBe(404);
    expect((await get('/echo/{name}', { method: 'POST' })).status).toBe(200);
    expect(() => admin.registerRoute(echo)).toThrow(/taken/);
  });

  it.each([
    ['declared', 'Content-Length: 65537\r\n\r\n'],
    ['chunked', `Transfer-Encoding: chunked\r\n\r\n10001\r\n${'x'.repeat(65_537)}\r\n`],
  ])('refuses a body over 64 KB that is %s', async (_how, rest) => {
    const { admin, port } = await startPort();
    admin.registerRoute(echo);
    const client = await RawClient.connect(port);
    client.send(`POST /echo/a HTTP/1.1\r\nHost: localhost\r\n${rest}`);
    const answer = await client.response();
    client.close();
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.body.toString()).code).toBe('body_too_large');
  });

  it.each([
    [
      'a head over 16 KB',
      `GET /health HTTP/1.1\r\nHost: localhost\r\nX-Large: ${'x'.repeat(17_000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
    ['what is not HTTP', 'hello there\r\n\r\n', 400, 'request_malformed'],
    [
      'two lengths',
      'POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx',
      400,
      'request_malformed',
    ],
  ])('answers %s with a problem document and closes', async (_what, bytes, status, code) => {
    const { port } = await startPort();
    const client = await RawClient.connect(port);
    client.send(bytes);
    const answer = await client.response();
    await client.closed(2000);
    client.close();
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ status, code });
  });

  it('tells nothing of what failed, and logs it under the same id', async () => {
    const { admin, get, kept } = await startPort();
    admin.registerRoute({
      ...echo,
      handle: () => {
        throw new Error('at /srv/secret.ts');
      },
    });
    const answer = await get('/echo/a', { method: 'POST' });
    const body = await answer.text();
    expect(answer.status).toBe(500);
    expect(body).not.toContain('secret');
    expect(kept.parsed.find((line) => line.level === 'error')).toMatchObject({
      correlation_id: JSON.parse(body).correlation_id,
      error: { message: 'at /srv/secret.ts' },
    });
  });

  it('rejects with EADDRINUSE when its port is taken', async () => {
    const { port } = await startPort();
    await expect(build({ port }).admin.listen()).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('closes at once when idle, and soon when a request hangs', async () => {
    const idle = await startPort();
    await (await idle.get('/health')).text();
    await idle.admin.close();
    await expect(idle.get('/health')).rejects.toThrow();
    const hanging = await startPort();
    hanging.admin.registerRoute({
      ...echo,
      method: 'GET',
      path: '/hang',
      handle: () => new Promise(() => {}),
    });
    const client = await RawClient.connect(hanging.port);
    client.send('GET /hang HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await hanging.get('/health');
    await hanging.admin.close();
    await client.closed(2000);
    client.close();
  });
});
