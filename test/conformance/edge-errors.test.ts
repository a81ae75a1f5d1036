/** A crash of a real app: nothing of what it said reaches the client, all of it, redacted, reaches the log. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call } from '../harness/h1.ts';
import { H2Client } from '../harness/h2.ts';
import { until } from '../harness/ports.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { startUvicorn, type Uvicorn } from '../harness/uvicorn.ts';
import { EdgeRig } from './edge-rig.ts';

const ORIGIN = 'https://app.example.com';
const SECRETS = ['Sup3rS3cretPw', 'A1b2C3d4A1b2', 'Traceback', 'RuntimeError'];

describe('in front of the stand-in app', () => {
  let app: Uvicorn;
  let railguard: Railguard;
  beforeAll(async () => {
    app = await startUvicorn();
    railguard = await startRailguard({
      env: { UPSTREAM_URL: app.url, SANITIZE_ERRORS: 'true', CORS_ORIGINS: ORIGIN },
    });
  });
  afterAll(async () => {
    await railguard.kill();
    await app.stop();
  });

  const logged = async (id: string) => {
    const find = () =>
      railguard.logs().find((line) => line.event_type === 'upstream_error' && line.correlation_id === id);
    await until('the error is logged', 5000, () => find() !== undefined);
    return find() as Record<string, unknown>;
  };

  test.each([
    ['database', 'Sup3rS3cretPw', 'could not connect to'],
    ['key', 'A1b2C3d4A1b2', 'provider refused key'],
    ['path', 'service-account.json', 'No such file or directory'],
  ])(
    'a crash that names a %s shows none of it, and logs it redacted under the same id',
    async (kind, told, kept) => {
      const { status, headers, body } = await call({
        port: railguard.port,
        path: `/crash?kind=${kind}`,
        headers: { origin: ORIGIN },
      });
      expect(status).toBe(500);
      const text = body.toString();
      for (const secret of [...SECRETS, told, kept]) expect(text).not.toContain(secret);
      const document = JSON.parse(text);
      expect(document).toMatchObject({ status: 500, title: 'Internal Server Error', code: 'upstream_error' });
      expect(headers['content-type']).toBe('application/problem+json');
      expect(headers['access-control-allow-origin']).toBe(ORIGIN);
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['content-security-policy']).toBe("default-src 'none'; frame-ancestors 'none'");
      expect(headers['x-correlation-id']).toBe(document.correlation_id);
      const line = await logged(document.correlation_id);
      expect(line.body).toContain(kept);
      expect(line.body).toContain('Traceback');
      for (const secret of ['Sup3rS3cretPw', 'A1b2C3d4A1b2'])
        expect(JSON.stringify(line)).not.toContain(secret);
    },
  );

  test('a crash that the app does not catch is no different', async () => {
    const { status, body } = await call({ port: railguard.port, path: '/raise' });
    expect(status).toBe(500);
    expect(JSON.parse(body.toString())).toMatchObject({ code: 'upstream_error' });
  });

  test('over h2 too', async () => {
    const client = new H2Client(railguard.port);
    const { status, body } = await client.call({ path: '/crash' });
    client.close();
    expect(status).toBe(500);
    expect(JSON.parse(body.toString())).toMatchObject({ code: 'upstream_error', status: 500 });
  });

  test('HEAD has the head of the document and no body', async () => {
    const { status, headers, length } = await call({
      port: railguard.port,
      path: '/status/503',
      method: 'HEAD',
    });
    expect([status, length]).toEqual([405, 0]);
    const get = await call({ port: railguard.port, path: '/status/503' });
    expect(get.status).toBe(503);
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  test('a browser gets a page with the same facts', async () => {
    const { headers, body } = await call({
      port: railguard.port,
      path: '/crash',
      headers: { accept: 'text/html' },
    });
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(body.toString()).toContain(String(headers['x-correlation-id']));
  });

  test('a 4xx of the app passes untouched', async () => {
    const { status, body } = await call({
      port: railguard.port,
      path: '/api/v1/auth/device/token',
      method: 'POST',
    });
    expect(status).toBe(400);
    expect(body.toString()).toBe('{"detail":"authorization_pending"}');
  });
});

describe('in front of the recording upstream', () => {
  let rig: EdgeRig;
  beforeAll(async () => {
    rig = await EdgeRig.start({ SANITIZE_ERRORS: 'true' });
  });
  afterAll(() => rig.stop());

  const failure = (fields: string, body: string) =>
    `HTTP/1.1 500 Oops: at /srv/app.py\r\n${fields}\r\n${body}`;

  test('HEAD answered with 500 gets the head alone, without the length of the body that is gone', async () => {
    const { status, got, reply } = await rig.ask(
      'h1',
      { method: 'HEAD' },
      failure('Content-Length: 512\r\nETag: "a"\r\n', ''),
    );
    expect(status).toBe(500);
    expect(reply.body.length).toBe(0);
    expect(got('etag')).toEqual([]);
    expect(got('content-length')).not.toEqual(['512']);
  });

  test('a huge error body is not awaited, and the next request is well', async () => {
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    const { status, reply } = await rig.ask(
      'h1',
      {},
      {
        steps: [
          failure('Transfer-Encoding: chunked\r\n', chunk.repeat(8)),
          { wait: 300 },
          chunk,
          '0\r\n\r\n',
        ],
      },
    );
    expect(status).toBe(500);
    expect(reply.end).toBe('complete');
    expect(reply.body.toString()).toContain('"upstream_error"');
    expect((await rig.ask('h1', {})).status).toBe(200);
  });

  test('an error body that breaks off still gives the client a whole document', async () => {
    const answer = {
      steps: [failure('Content-Length: 100\r\n', 'abc'), { wait: 20 }, { end: 'fin' as const }],
    };
    const { status, reply } = await rig.ask('h1', {}, answer);
    expect(status).toBe(500);
    expect(reply.end).toBe('complete');
    expect(JSON.parse(reply.body.toString())).toMatchObject({ code: 'upstream_error' });
  });

  test('the reason phrase, which may tell a path, is the standard one', async () => {
    const client = await rig.ask('h1', {}, failure('Content-Length: 1\r\n', 'x'));
    expect(client.status).toBe(500);
    expect(rig.railguard.logs().some((line) => line.event_type === 'upstream_error')).toBe(true);
  });

  test('a stream that began is not touched', async () => {
    const sse =
      'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nerror\n\r\n0\r\n\r\n';
    expect((await rig.ask('h1', {}, sse)).reply.body.toString()).toBe('error\n');
  });

  test('a refused upgrade keeps its status and loses its body', async () => {
    const { status, reply } = await rig.ask('upgrade', {}, failure('Content-Length: 6\r\n', 'secret'));
    expect(status).toBe(500);
    expect(reply.body.toString()).not.toContain('secret');
  });
});
