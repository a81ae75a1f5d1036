/** Clients that leave half-way leave nothing behind: no socket, no memory, no request at the app (D29). */
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from '../harness/h1.ts';
import { H2Client } from '../harness/h2.ts';
import { collectGarbage } from '../harness/inspector.ts';
import { freePort, until } from '../harness/ports.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { startUvicorn, type Uvicorn } from '../harness/uvicorn.ts';

const MB = 1024 * 1024;
const LANES = 32;

/** Ways to leave: in the head, in the body, before the answer. */
const HALVES = [
  'GET /health HTTP/1.1\r\nHost: app.test\r\nX-Half',
  'POST /mirror HTTP/1.1\r\nHost: app.test\r\nContent-Length: 20000\r\n\r\nhalf of it',
  'GET /slow?s=60 HTTP/1.1\r\nHost: app.test\r\n\r\n',
] as const;
/** And in the answer: every eighth time, as it is the dearest for the app. */
const DOWNLOAD = 'GET /bytes?n=500000 HTTP/1.1\r\nHost: app.test\r\n\r\n';

/** One aborted request; resolves when the socket is gone. FIN and reset take turns. */
function abort(port: number, index: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      const download = index % 8 === 7;
      socket.write(download ? DOWNLOAD : (HALVES[index % HALVES.length] as string));
      const leave = () => (index % 16 < 8 ? socket.resetAndDestroy() : socket.destroy());
      if (download) socket.once('data', leave);
      else setTimeout(leave, 2 + (index % 5));
    });
    socket.once('error', () => undefined);
    socket.once('close', () => resolve());
  });
}

async function abortMany(port: number, count: number): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await abort(port, next++);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

describe('clients that leave half-way', () => {
  let app: Uvicorn;
  let railguard: Railguard;
  let base = 0;
  let inspectPort = 0;

  beforeAll(async () => {
    app = await startUvicorn();
    const env = { UPSTREAM_URL: app.url, LOG_LEVEL: 'error', PERFORMANCE_LOGS: 'false' };
    inspectPort = await freePort();
    railguard = await startRailguard({ env, nodeArgs: [`--inspect=127.0.0.1:${inspectPort}`] });
    await collectGarbage(inspectPort);
    await call({ port: railguard.port, path: '/' });
    await sleep(500);
    base = railguard.child.descriptors();
  });
  afterAll(async () => {
    await railguard?.kill();
    await app?.stop();
  });

  /** All upstream connections of the aborted requests end within 1 s; idle ones after UPSTREAM_KEEPALIVE. */
  const settled = async () => {
    await until('sockets are back to base', 8000, () => railguard.child.descriptors() <= base);
    const stats = await app.stats();
    expect(stats.waits_aborted).toBe(stats.waits_started);
  };

  /** 50 streams on one connection, all reset by the client; the connection lives on. */
  async function resetMany(): Promise<void> {
    const client = new H2Client(railguard.port);
    const streams = Array.from({ length: 50 }, (_, i) => {
      const stream = client.open({ path: i % 2 === 0 ? '/slow?s=60' : '/bytes?n=500000' });
      stream.on('error', () => undefined);
      return stream;
    });
    await sleep(30);
    for (const stream of streams) stream.close(8);
    await Promise.all(
      streams.map((stream) => stream.closed || new Promise((resolve) => stream.once('close', resolve))),
    );
    expect((await client.call({ path: '/' })).status).toBe(200);
    client.close();
  }

  /** In megabytes, once only what is still held is left. */
  const memory = async () => {
    const { live } = await collectGarbage(inspectPort);
    return { live: live / MB, resident: railguard.child.rss() / MB };
  };

  it('leave no socket and no memory behind, 10,000 times over HTTP/1.1', async () => {
    await abortMany(railguard.port, 3000);
    await settled();
    let before = await memory();
    // A leak grows with every pass; the high-water mark of a burst stays where it is after the first.
    for (let pass = 1; ; pass += 1) {
      await abortMany(railguard.port, 10_000);
      await settled();
      const after = await memory();
      expect(after.live - before.live).toBeLessThan(2);
      if (after.resident - before.resident < 10) break;
      expect(pass, `${after.resident} MB after ${before.resident} MB`).toBeLessThan(3);
      before = after;
    }
    expect((await call({ port: railguard.port, path: '/' })).status).toBe(200);
  });

  it('leave no stream and no socket behind, 1,000 times over h2c', async () => {
    for (let round = 0; round < 6; round += 1) await resetMany();
    const before = await memory();
    for (let round = 0; round < 20; round += 1) await resetMany();
    await settled();
    expect((await memory()).live - before.live).toBeLessThan(2);
  });
});
