/** An app behind h2c that fails, lies, hangs or is large: the client always gets an answer that is true. */
import { createHash, randomBytes } from 'node:crypto';
import http2, { type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, until } from '../harness/ports.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';

const sha256 = (bytes: Buffer | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('an app behind h2c', () => {
  let app: http2.Http2Server;
  let railguard: Railguard;
  const sessions = new Set<ServerHttp2Session>();
  const open = new Set<ServerHttp2Stream>();
  let calls: string[] = [];

  const answers: Record<string, (stream: ServerHttp2Stream) => void> = {
    '/large': (stream) => {
      stream.respond({ ':status': 200 });
      stream.end(Buffer.alloc(20 * 1024 * 1024, 7));
    },
    '/upload': (stream) => {
      const hash = createHash('sha256');
      stream.on('data', (chunk: Buffer) => hash.update(chunk));
      stream.on('end', () => {
        stream.respond({ ':status': 200 });
        stream.end(hash.digest('hex'));
      });
    },
    '/early': (stream) => {
      stream.additionalHeaders({ ':status': 103, link: '</s.css>; rel=preload' });
      stream.respond({ ':status': 200 });
      stream.end('late');
    },
    '/cut': (stream) => {
      stream.respond({ ':status': 200 });
      stream.write('part');
      // Not by close(): Node ends the body before it resets.
      setTimeout(() => stream.session?.destroy(), 50);
    },
    '/reset': (stream) => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR),
    '/refuse-once': (stream) => {
      if (calls.filter((path) => path === '/refuse-once').length === 1)
        stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
      else stream.respond({ ':status': 200 }, { endStream: true });
    },
    '/refuse-always': (stream) => stream.close(http2.constants.NGHTTP2_REFUSED_STREAM),
    '/hang': () => undefined,
    '/stall': (stream) => {
      stream.respond({ ':status': 200 });
      stream.write('first');
    },
    '/no-content': (stream) => stream.respond({ ':status': 204 }, { endStream: true }),
    '/goaway': (stream) => {
      stream.respond({ ':status': 200 });
      stream.end('bye');
      stream.session?.goaway();
    },
  };

  beforeAll(async () => {
    app = http2.createServer();
    app.on('session', (session) => {
      sessions.add(session);
      session.on('error', () => undefined);
      session.once('close', () => sessions.delete(session));
    });
    app.on('stream', (stream, headers) => {
      open.add(stream);
      stream.on('error', () => undefined);
      stream.once('close', () => open.delete(stream));
      const path = headers[':path'] ?? '';
      calls.push(path);
      answers[path]?.(stream);
    });
    const port = await freePort();
    await new Promise<void>((resolve) => app.listen(port, '127.0.0.1', resolve));
    railguard = await startRailguard({
      env: {
        UPSTREAM_URL: `h2c://127.0.0.1:${port}`,
        UPSTREAM_RESPONSE_TIMEOUT: '700ms',
        UPSTREAM_IDLE_TIMEOUT: '700ms',
      },
    });
  });
  afterAll(async () => {
    await railguard?.kill();
    for (const session of sessions) session.destroy();
    app?.close();
  });

  const get = (path: string, init?: RequestInit): Promise<Response> => fetch(`${railguard.url}${path}`, init);
  const codeOf = async (response: Response): Promise<unknown> =>
    ((await response.json()) as { code: unknown }).code;

  it('sends 20 MB that arrive byte for byte', async () => {
    const body = Buffer.from(await (await get('/large')).arrayBuffer());
    expect(body.length).toBe(20 * 1024 * 1024);
    expect(sha256(body)).toBe(sha256(Buffer.alloc(20 * 1024 * 1024, 7)));
  });

  it('gets 10 MB byte for byte, declared or not', async () => {
    const sent = randomBytes(10 * 1024 * 1024);
    expect(await (await get('/upload', { method: 'POST', body: sent })).text()).toBe(sha256(sent));
    const stream = new Blob([sent]).stream();
    const chunked = await get('/upload', { method: 'POST', body: stream, duplex: 'half' } as RequestInit);
    expect(await chunked.text()).toBe(sha256(sent));
  });

  it('may send early hints, and an HTTP/1.1 client gets its answer all the same', async () => {
    const response = await get('/early');
    expect([response.status, await response.text()]).toEqual([200, 'late']);
  });

  it('that breaks off gives the client a broken body, never a short whole one', async () => {
    const response = await get('/cut');
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
  });

  it('that resets before its head gives 502', async () => {
    const response = await get('/reset');
    expect([response.status, await codeOf(response)]).toEqual([502, 'upstream_error']);
  });

  it('that refuses a stream is asked once more, and only once', async () => {
    calls = [];
    expect((await get('/refuse-once')).status).toBe(200);
    expect((await get('/refuse-always')).status).toBe(502);
    expect(calls).toEqual(['/refuse-once', '/refuse-once', '/refuse-always', '/refuse-always']);
  });

  it('is never asked twice for what carried a body', async () => {
    calls = [];
    expect((await get('/refuse-always', { method: 'POST', body: 'x' })).status).toBe(502);
    expect(calls).toEqual(['/refuse-always']);
  });

  it('that never answers gives 504, and its stream is cancelled', async () => {
    const response = await get('/hang');
    expect([response.status, await codeOf(response)]).toEqual([504, 'upstream_timeout']);
    await until('the stream is closed', 2000, async () => open.size === 0);
  });

  it('that falls silent in the middle gives a broken body', async () => {
    const response = await get('/stall');
    await expect(response.text()).rejects.toThrow();
    await until('the stream is closed', 2000, async () => open.size === 0);
  });

  it('is told when the client leaves', async () => {
    const controller = new AbortController();
    const gone = get('/hang', { signal: controller.signal }).catch(() => 'gone');
    await until('the stream is open', 2000, async () => open.size === 1);
    controller.abort();
    expect(await gone).toBe('gone');
    await until('the stream is closed', 600, async () => open.size === 0);
  });

  it('may answer 204 without a body', async () => {
    const response = await get('/no-content');
    expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([
      204,
      null,
      '',
    ]);
  });

  it('may go away after an answer: the next request takes a new session', async () => {
    for (let i = 0; i < 5; i++) expect(await (await get('/goaway')).text()).toBe('bye');
  });

  it('serves 300 streams at once over few sessions', async () => {
    const responses = await Promise.all(Array.from({ length: 300 }, () => get('/no-content')));
    expect(responses.every(({ status }) => status === 204)).toBe(true);
    expect(sessions.size).toBeLessThan(10);
  });

  it('whose sessions all break is reached again at once', async () => {
    for (const session of sessions) session.destroy();
    expect((await get('/no-content')).status).toBe(204);
  });
});
