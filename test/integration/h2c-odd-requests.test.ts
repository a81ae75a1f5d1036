/** An app behind h2c, and requests that node:http2 would rather not send: none may throw, break others, or leave a session behind. */
import http2, { type ServerHttp2Session } from 'node:http2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, until } from '../harness/ports.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { RawClient } from '../harness/raw.ts';

describe('odd requests to an app behind h2c', () => {
  let app: http2.Http2Server;
  let railguard: Railguard;
  let opened = 0;
  const sessions = new Set<ServerHttp2Session>();

  beforeAll(async () => {
    app = http2.createServer();
    app.on('session', (session) => {
      opened++;
      sessions.add(session);
      session.once('close', () => sessions.delete(session));
    });
    app.on('stream', (stream, headers, _flags, raw) => {
      stream.on('error', () => undefined);
      const fields = raw as unknown as string[];
      let trailers: string[] = [];
      stream.on('trailers', (_given, _bits, given) => {
        trailers = given as unknown as string[];
      });
      const answer = () => {
        if (stream.destroyed) return;
        stream.respond({ ':status': 200 });
        stream.end(
          JSON.stringify({ etags: fields.filter((_text, i) => fields[i - 1] === 'etag'), trailers }),
        );
      };
      stream.resume().on('end', () => setTimeout(answer, headers[':path'] === '/slow' ? 1500 : 0));
    });
    const port = await freePort();
    await new Promise<void>((resolve) => app.listen(port, '127.0.0.1', resolve));
    railguard = await startRailguard({
      env: { UPSTREAM_URL: `h2c://127.0.0.1:${port}`, UPSTREAM_KEEPALIVE: '1s' },
    });
  });
  afterAll(async () => {
    await railguard.kill();
    for (const session of sessions) session.destroy();
    app.close();
  });

  const ask = async (bytes: string) => {
    const client = await RawClient.connect(railguard.port);
    client.send(bytes);
    const response = await client.response(4000);
    client.close();
    return response;
  };

  it('repeated fields and trailers arrive repeated, on the session of everybody else', async () => {
    await ask('GET /first HTTP/1.1\r\nHost: app.test\r\n\r\n');
    const before = opened;
    const head =
      'POST /x HTTP/1.1\r\nHost: app.test\r\nETag: "a"\r\nETag: "b"\r\nTransfer-Encoding: chunked\r\n\r\n';
    const got = await ask(`${head}1\r\nx\r\n0\r\nETag: "c"\r\nETag: "d"\r\n\r\n`);
    expect(got.status).toBe(200);
    expect(JSON.parse(got.body.toString())).toEqual({
      etags: ['"a"', '"b"'],
      trailers: ['etag', '"c"', 'etag', '"d"'],
    });
    expect((await ask('GET /next HTTP/1.1\r\nHost: app.test\r\n\r\n')).status).toBe(200);
    expect(opened).toBe(before);
  });

  it('a session is closed when idle, also after an answer slower than UPSTREAM_KEEPALIVE', async () => {
    expect((await ask('GET /slow HTTP/1.1\r\nHost: app.test\r\n\r\n')).status).toBe(200);
    await until('no session is left', 4000, () => sessions.size === 0);
  });

  it('forty requests at once on a session that still connects are no fault', async () => {
    const all = Array.from({ length: 40 }, () => ask('GET /burst HTTP/1.1\r\nHost: app.test\r\n\r\n'));
    expect((await Promise.all(all)).every(({ status }) => status === 200)).toBe(true);
    expect(railguard.child.stderr.join('')).toBe('');
    expect(railguard.logs()).toEqual([]);
  });
});
