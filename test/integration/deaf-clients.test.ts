/** Clients that ask and do not read: each costs one answer and a bounded time, and slow ones still get all of theirs. */
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { headers, PREFACE, reset, settings } from '../conformance/h2-frames.ts';
import { until } from '../harness/ports.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { RawClient } from '../harness/raw.ts';
import { metric, ok, ScriptedUpstream } from '../harness/scripted-upstream.ts';

const HANDSHAKE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

/** Lengths of the bodies in a stream of answers. */
const bodies = (text: string): number[] =>
  text
    .split('HTTP/1.1 200 OK\r\n')
    .slice(1)
    .map((answer) => answer.length - answer.indexOf('\r\n\r\n') - 4);

describe.each(['direct', 'standard'])('deaf clients, RESPONSE_PATH=%s', (path) => {
  let app: ScriptedUpstream;
  let railguard: Railguard;

  beforeAll(async () => {
    app = await ScriptedUpstream.start((head, socket) => {
      const target = head.split(' ')[1] as string;
      const size = Number(/\d+$/.exec(target)?.[0] ?? 2);
      if (target.startsWith('/slow')) setTimeout(() => socket.write(ok('slow')), 400);
      else if (target.startsWith('/until-close'))
        socket.end(`HTTP/1.1 403 Forbidden\r\n\r\n${'x'.repeat(size)}`);
      else if (target.startsWith('/cut')) {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n${'x'.repeat(20_000)}`);
        setTimeout(() => socket.destroy(), 200);
      } else socket.write(ok('x'.repeat(size)));
    });
    railguard = await startRailguard({
      env: { UPSTREAM_URL: app.url, RESPONSE_PATH: path, WRITE_TIMEOUT: '1s', KEEPALIVE_TIMEOUT: '1s' },
    });
  });
  afterAll(async () => {
    await railguard.kill();
    await app.stop();
  });

  const nothingInFlight = (within: number) =>
    until(
      'nothing is in flight',
      within,
      async () => (await metric(railguard.adminPort, 'railguard_in_flight')) === 0,
    );

  it('counts what is in flight', async () => {
    const client = await RawClient.connect(railguard.port);
    client.send('GET /slow HTTP/1.1\r\nHost: app.test\r\n\r\n');
    await until(
      'one is in flight',
      390,
      async () => (await metric(railguard.adminPort, 'railguard_in_flight')) === 1,
    );
    await client.response();
    client.close();
    await nothingInFlight(1000);
  });

  it('an HTTP/2 client whose window stays shut holds its requests for WRITE_TIMEOUT only', async () => {
    const socket = net.connect(railguard.port, '127.0.0.1');
    socket.on('error', () => undefined).resume();
    socket.write(Buffer.from(PREFACE, 'latin1'));
    socket.write(settings([[4, 0]]));
    for (let i = 0; i < 20; i++) {
      const fields: [string, string][] = [
        [':method', 'GET'],
        [':path', `/n${i}`],
        [':scheme', 'http'],
        [':authority', 'app.test'],
      ];
      socket.write(headers(1 + 2 * i, fields));
    }
    await until(
      'they are in flight',
      900,
      async () => (await metric(railguard.adminPort, 'railguard_in_flight')) === 20,
    );
    await nothingInFlight(3000);
    socket.destroy();
  });

  it.each([
    ['/n1', 'is answered', 100],
    ['/cut/30000', 'was cut by the app', 350],
  ])(
    'a stream (%s, which %s) that is reset with NO_ERROR behind a shut window is over',
    async (target, _how, wait) => {
      const socket = net.connect(railguard.port, '127.0.0.1');
      socket.on('error', () => undefined).resume();
      socket.write(Buffer.from(PREFACE, 'latin1'));
      socket.write(settings([[4, 0]]));
      const fields: [string, string][] = [
        [':method', 'GET'],
        [':path', target],
        [':scheme', 'http'],
        [':authority', 'app.test'],
      ];
      socket.write(headers(1, fields));
      await until(
        'it is in flight',
        900,
        async () => (await metric(railguard.adminPort, 'railguard_in_flight')) === 1,
      );
      await sleep(wait);
      socket.write(reset(1, 0));
      await nothingInFlight(3000);
      socket.destroy();
    },
  );

  it('a client that pipelines and does not read is answered no further than its socket holds', async () => {
    app.requests.length = 0;
    const socket = net.connect(railguard.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.pause();
    socket.write('GET /size/60000 HTTP/1.1\r\nHost: app.test\r\n\r\n'.repeat(900));
    await sleep(700);
    // The kernel's buffers take some megabytes; all 900 answers would be 54 MB.
    expect(app.requests.length).toBeLessThan(300);
    await until(
      'it is cut',
      5000,
      async () => (await metric(railguard.adminPort, 'railguard_connections{protocol="h1"}')) === 0,
    );
    socket.destroy();
  });

  it('a slow reader that pipelines gets every answer, whole and in order', async () => {
    const socket = net.connect(railguard.port, '127.0.0.1');
    const sizes = Array.from({ length: 200 }, (_, i) => 30_000 + i * 97);
    const all = sizes.reduce((sum, size) => sum + size, 0);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      socket.pause();
      setTimeout(() => socket.resume(), 2);
    });
    socket.write(sizes.map((size) => `GET /size/${size} HTTP/1.1\r\nHost: app.test\r\n\r\n`).join(''));
    await until(
      'all is here',
      20_000,
      () =>
        text.length >= all &&
        bodies(text).length === sizes.length &&
        (bodies(text).at(-1) ?? 0) >= (sizes.at(-1) as number),
    );
    expect(bodies(text)).toEqual(sizes);
    socket.destroy();
  });

  it('a refused handshake with a long answer is read to its end by a slow client', async () => {
    const size = 9_000_000;
    const socket = net.connect(railguard.port, '127.0.0.1');
    let got = 0;
    let ended = false;
    socket.on('error', () => undefined);
    socket.on('close', () => {
      ended = true;
    });
    socket.on('data', (chunk) => {
      got += chunk.length;
      socket.pause();
      setTimeout(() => socket.resume(), 15);
    });
    socket.write(`GET /until-close/${size} HTTP/1.1\r\nHost: app.test\r\n${HANDSHAKE}\r\n`);
    await until('it is over', 20_000, () => ended);
    expect(got).toBeGreaterThan(size);
  });

  it('leaves nothing behind', async () => {
    await nothingInFlight(2000);
    expect(railguard.logs().filter(({ level }) => level === 'error')).toEqual([]);
    expect(railguard.child.stderr.join('')).toBe('');
  });
});
