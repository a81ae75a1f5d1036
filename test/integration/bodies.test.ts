/** Bodies and fields arrive as they were sent, whatever the method, the framing, the version and the app's parser. */
import net from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Body, call, sha256 } from '../harness/h1.ts';
import { H2Client } from '../harness/h2.ts';
import { patternBody, patternHash } from '../harness/pattern.ts';
import { freePort } from '../harness/ports.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { fields, RawClient } from '../harness/raw.ts';
import { PARSERS, startUvicorn, type Uvicorn } from '../harness/uvicorn.ts';

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'] as const;
const KB = 1024;
const MB = 1024 * KB;
const SIZES = [0, 1, 64 * KB, 5 * MB];

describe.each(PARSERS)('in front of uvicorn with %s', (parser) => {
  let app: Uvicorn;
  let railguard: Railguard;
  let h2: H2Client;

  beforeAll(async () => {
    app = await startUvicorn({ parser });
    railguard = await startRailguard({ env: { UPSTREAM_URL: app.url, MAX_BODY_SIZE: '300mb' } });
    h2 = new H2Client(railguard.port);
  });
  afterAll(async () => {
    h2?.close();
    await railguard?.kill();
    await app?.stop();
  });

  const expectMirrored = (
    answer: { status: number; headers: Record<string, unknown>; sha256: string; length: number },
    method: string,
    size: number,
  ) => {
    const seen =
      method === 'HEAD'
        ? { sha256: answer.headers['x-sha256'], length: Number(answer.headers['x-length']) }
        : { sha256: answer.sha256, length: answer.length };
    expect({ status: answer.status, method: answer.headers['x-mirror-method'], ...seen }).toEqual({
      status: 200,
      method,
      sha256: patternHash(size),
      length: size,
    });
  };

  describe.each(['length', 'chunked'] as const)('framed by %s', (framing) => {
    it.each(METHODS)('mirrors %s bodies over HTTP/1.1 and h2c', async (method) => {
      for (const size of SIZES) {
        const body: Body = patternBody(size);
        const over1 = await call({
          port: railguard.port,
          path: '/mirror',
          method,
          body,
          framing,
          keep: false,
        });
        expectMirrored(over1, method, size);
        const declareLength = framing === 'length';
        const over2 = await h2.call({ path: '/mirror', method, body, declareLength, keep: false });
        expectMirrored(over2, method, size);
      }
    });
  });

  it.each(['length', 'chunked'])('passes a response framed by %s', async (mode) => {
    for (const size of SIZES) {
      const path = `/bytes?n=${size}&mode=${mode}`;
      const over1 = await call({ port: railguard.port, path, keep: false });
      const over2 = await h2.call({ path, keep: false });
      const wanted = { length: size, sha256: patternHash(size) };
      expect(over1).toMatchObject(wanted);
      expect(over2).toMatchObject(wanted);
      if (mode === 'length') expect(over1.headers['content-length']).toBe(String(size));
    }
  });

  it('passes a multipart upload', async () => {
    const form = new FormData();
    const file = Buffer.concat([...patternBody(3 * MB).chunks()]);
    form.set('file', new Blob([file]), 'Entwürfe 1.bin');
    const answer = await fetch(`${railguard.url}/upload`, { method: 'POST', body: form });
    expect(await answer.json()).toEqual({
      sha256: sha256(file),
      length: file.length,
      filename: 'Entwürfe 1.bin',
    });
  });
});

it('streams 200 MB up and down at once in less than 60 MB of memory', async () => {
  const size = 200 * MB;
  const app = await startUvicorn();
  const railguard = await startRailguard({ env: { UPSTREAM_URL: app.url, MAX_BODY_SIZE: '0' } });
  try {
    const { port } = railguard;
    // The first megabytes size V8's heap; what is measured is what more of them add.
    await call({ port, path: '/mirror', method: 'PUT', body: patternBody(50 * MB), keep: false });
    const before = railguard.child.rss();
    let most = before;
    const sampling = setInterval(() => {
      most = Math.max(most, railguard.child.rss());
    }, 20);
    const answer = await call({ port, path: '/mirror', method: 'PUT', body: patternBody(size), keep: false });
    clearInterval(sampling);
    expect(answer).toMatchObject({ status: 200, length: size, sha256: patternHash(size) });
    expect((most - before) / MB).toBeLessThan(60);
  } finally {
    await railguard.kill();
    await app.stop();
  }
});

it('holds an upload back while the app does not read, and goes on with it and with the next request', async () => {
  const size = 64 * MB;
  let got = 0;
  let resume = (): void => undefined;
  const port = await freePort();
  const upstream = net.createServer((socket) => {
    let head = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      if (head.startsWith('POST')) {
        got += chunk.length;
      } else {
        head += chunk.toString('latin1');
        if (!head.includes('\r\n\r\n')) return;
        if (head.startsWith('POST')) {
          got += head.length - head.indexOf('\r\n\r\n') - 4;
          socket.pause();
          resume = () => socket.resume();
          return;
        }
      }
      if (head.startsWith('POST') && got < size) return;
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n${head.slice(0, 4)}`);
      head = '';
    });
  });
  await new Promise<void>((resolve) => upstream.listen(port, '127.0.0.1', resolve));
  const railguard = await startRailguard({
    wait: 'listening',
    env: { UPSTREAM_URL: `http://127.0.0.1:${port}`, MAX_BODY_SIZE: '0' },
  });
  const client = net.connect(railguard.port, '127.0.0.1');
  let answers = '';
  client.on('data', (chunk) => {
    answers += chunk.toString('latin1');
  });
  try {
    client.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
    client.write(Buffer.alloc(size, 'x'));
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await setTimeout(1000);
    const before = railguard.child.rss();
    await setTimeout(500);
    // What kernels hold of it is some megabytes.
    expect(client.writableLength).toBeGreaterThan(size / 2);
    expect(railguard.child.rss() - before).toBeLessThan(5 * MB);
    expect(answers).toBe('');
    resume();
    await vi.waitFor(() => expect(answers).toMatch(/POSTHTTP.*GET $/s), { timeout: 20_000, interval: 50 });
    expect(got).toBe(size);
  } finally {
    client.destroy();
    await railguard.kill();
    upstream.close();
  }
});

describe('fields', () => {
  let upstream: net.Server;
  let railguard: Railguard;
  let seen = '';
  const RESPONSE_FIELDS = [
    'Set-Cookie: b=2; Path=/',
    'X-Zeta: 1',
    'set-cookie: a=1; Path=/',
    'x-ALPHA: \xe9',
    'X-Zeta: 2',
    'Set-Cookie: c=3; Path=/',
  ];

  beforeAll(async () => {
    const port = await freePort();
    upstream = net.createServer((socket) => {
      socket.on('error', () => undefined);
      let got = '';
      socket.on('data', (chunk) => {
        got += chunk.toString('latin1');
        if (!got.includes('\r\n\r\n')) return;
        seen = got;
        got = '';
        socket.write(
          Buffer.from(
            `HTTP/1.1 200 Fine By Me\r\n${RESPONSE_FIELDS.join('\r\n')}\r\nContent-Length: 2\r\n\r\nok`,
            'latin1',
          ),
        );
      });
    });
    await new Promise<void>((resolve) => upstream.listen(port, '127.0.0.1', resolve));
    const env = { UPSTREAM_URL: `http://127.0.0.1:${port}`, COOKIE_SECURE: 'keep' };
    railguard = await startRailguard({ wait: 'listening', env: { ...env, COOKIE_SAMESITE: 'keep' } });
  });
  afterAll(async () => {
    await railguard?.kill();
    upstream?.close();
  });

  it('keep their order, case, repeats and bytes on the way to the app', async () => {
    const sent = [
      'X-Beta: 1',
      'x-alpha: caf\xe9',
      'X-BETA: 2',
      'Accept: */*',
      'X-Utf: \xc3\xa9',
      'X-Beta: 1',
    ];
    const client = await RawClient.connect(railguard.port);
    client.send(`GET /a%2Fb?q=%c3 HTTP/1.1\r\nHost: app.test\r\n${sent.join('\r\n')}\r\n\r\n`);
    expect((await client.response()).status).toBe(200);
    client.close();
    const head = seen.slice(0, seen.indexOf('\r\n\r\n'));
    expect(head.split('\r\n')[0]).toBe('GET /a%2Fb?q=%c3 HTTP/1.1');
    const mine = fields(head).filter(([name]) => /^(x-beta|x-alpha|x-utf|accept)$/i.test(name));
    expect(mine.map(([name, value]) => `${name}: ${value}`)).toEqual(sent);
    expect(fields(head).filter(([name]) => name.toLowerCase() === 'host')).toEqual([
      [expect.anything(), 'app.test'],
    ]);
  });

  it('keep their order, case, repeats and bytes on the way to the client', async () => {
    const client = await RawClient.connect(railguard.port);
    client.send('GET / HTTP/1.1\r\nHost: app.test\r\n\r\n');
    const response = await client.response();
    client.close();
    const theirs = response.headers.filter(([name]) => /^(x-zeta|x-alpha|set-cookie)$/i.test(name));
    const values = theirs.map(([name, value]) => `${name}: ${value.replace(/; HttpOnly/i, '')}`);
    expect(values).toEqual(RESPONSE_FIELDS);
    expect(response.body.toString()).toBe('ok');
  });
});
