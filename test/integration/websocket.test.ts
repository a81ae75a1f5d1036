/** WebSockets pass through to the real app: every message whole and in order, refusals as the app gave them. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { until } from '../harness/ports.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { startUvicorn, type Uvicorn } from '../harness/uvicorn.ts';

const MB = 1024 * 1024;
const IN_FLIGHT = 8 * MB;

/** 10,000 sizes from 64 B to 1 MB, 160 MB in all; large ones spread among small ones. */
function sizes(): number[] {
  return Array.from({ length: 10_000 }, (_, i) => {
    if (i % 200 === 199) return MB;
    if (i % 10 === 9) return 64 * 1024 + (i % 4096);
    return 64 + ((i * 37) % 4096);
  });
}

function message(size: number, index: number): Buffer {
  const bytes = Buffer.alloc(size, index & 255);
  bytes.writeUInt32BE(index, 0);
  bytes.writeUInt32BE((index * 2654435761) >>> 0, size - 4);
  return bytes;
}

const open = (socket: WebSocket) =>
  new Promise<void>((resolve, reject) => {
    socket.once('open', resolve).once('error', reject);
  });

describe('a WebSocket', () => {
  let app: Uvicorn;
  let railguard: Railguard;
  let url: string;

  beforeAll(async () => {
    app = await startUvicorn();
    railguard = await startRailguard({ env: { UPSTREAM_URL: app.url } });
    url = `ws://127.0.0.1:${railguard.port}`;
  });
  afterAll(async () => {
    await railguard?.kill();
    await app?.stop();
  });

  it('echoes 10,000 messages from 64 B to 1 MB, whole and in order', async () => {
    const socket = new WebSocket(`${url}/ws`, { perMessageDeflate: false });
    await open(socket);
    const sent = createHash('sha256');
    const got = createHash('sha256');
    let outstanding = 0;
    let answers = 0;
    socket.on('message', (data: Buffer, isBinary) => {
      got.update(data).update(isBinary ? 'b' : 't');
      outstanding -= data.length;
      answers += 1;
    });
    for (const [index, size] of sizes().entries()) {
      if (outstanding > IN_FLIGHT)
        await until('the echo catches up', 20_000, () => outstanding < IN_FLIGHT / 2, 1);
      const binary = index % 3 !== 0;
      const data = binary
        ? message(size, index)
        : Buffer.from(`${index} `.padEnd(size, 'ü').slice(0, size >> 1));
      sent.update(data).update(binary ? 'b' : 't');
      outstanding += data.length;
      socket.send(data, { binary });
    }
    await until('all echoes are here', 30_000, () => answers === 10_000);
    expect(got.digest('hex')).toBe(sent.digest('hex'));
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    socket.close(1000);
    expect(await closed).toBe(1000);
  });

  it('keeps compression and the subprotocol that client and app agreed on', async () => {
    const socket = new WebSocket(`${url}/ws`, ['chat.v2'], { perMessageDeflate: { threshold: 0 } });
    await open(socket);
    expect(socket.protocol).toBe('chat.v2');
    expect(socket.extensions).toContain('permessage-deflate');
    const text = 'the same words again and again '.repeat(2000);
    const echoed = new Promise<string>((resolve) =>
      socket.once('message', (data) => resolve(data.toString())),
    );
    socket.send(text);
    expect(await echoed).toBe(text);
    socket.terminate();
  });

  it.each(['/ws/refused', '/no/such/socket'])(
    'that the app refuses at %s stays refused with 403',
    async (path) => {
      const socket = new WebSocket(`${url}${path}`);
      const status = await new Promise<number | undefined>((resolve, reject) => {
        socket.once('unexpected-response', (_request, response) => {
          response.resume();
          resolve(response.statusCode);
        });
        socket.once('open', () => reject(new Error('was accepted')));
        socket.once('error', reject);
      });
      expect(status).toBe(403);
      socket.terminate();
    },
  );
});
