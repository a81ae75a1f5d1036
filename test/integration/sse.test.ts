/** Server-sent events reach the client as they are sent, and the app learns that a client left. */
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { H2Client } from '../harness/h2.ts';
import { until } from '../harness/ports.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { PARSERS, startUvicorn, type Uvicorn } from '../harness/uvicorn.ts';

interface Stream {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly bytes: AsyncIterable<Buffer>;
  leave(): void;
}
type Open = (port: number, method: string, path: string) => Promise<Stream>;

const overHttp1: Open = (port, method, path) =>
  new Promise((resolve, reject) => {
    const headers = { accept: 'text/event-stream', 'accept-encoding': 'gzip, br' };
    const request = http.request({ host: '127.0.0.1', port, method, path, headers, agent: false });
    request.once('error', reject);
    request.once('response', (response) => {
      resolve({
        status: response.statusCode as number,
        headers: response.headers,
        bytes: response,
        leave: () => request.destroy(),
      });
    });
    request.end();
  });

const overH2c: Open = (port, method, path) =>
  new Promise((resolve, reject) => {
    const client = new H2Client(port);
    const stream = client.open({ method, path, headers: { 'accept-encoding': 'gzip, br' } });
    stream.on('error', reject);
    stream.once('close', () => client.close());
    stream.once('response', (headers) => {
      const status = Number(headers[':status']);
      resolve({ status, headers, bytes: stream, leave: () => stream.close(8) });
    });
  });

/** A request whose answer takes long; the function makes the client leave before it. */
function waitOverHttp1(port: number, path: string): () => void {
  const request = http.get({ host: '127.0.0.1', port, path, agent: false });
  request.on('error', () => undefined);
  return () => request.destroy();
}

function waitOverH2c(port: number, path: string): () => void {
  const client = new H2Client(port);
  const stream = client.open({ path });
  stream.on('error', () => undefined);
  stream.once('close', () => client.close());
  return () => stream.close(8);
}

/** Events with how long each took from the app's clock to ours, in milliseconds. */
async function readEvents(stream: Stream): Promise<{ n: number; late: number }[]> {
  const events: { n: number; late: number }[] = [];
  let text = '';
  for await (const chunk of stream.bytes) {
    const now = Date.now();
    text += chunk.toString('utf8');
    const parts = text.split('\n\n');
    text = parts.pop() as string;
    for (const part of parts) {
      const data = JSON.parse(part.slice(part.indexOf('data: ') + 6)) as { n: number; at: number };
      events.push({ n: data.n, late: now - data.at });
    }
  }
  return events;
}

describe.each(PARSERS)('events from uvicorn with %s', (parser) => {
  let app: Uvicorn;
  let railguard: Railguard;

  beforeAll(async () => {
    app = await startUvicorn({ parser });
    railguard = await startRailguard({ env: { UPSTREAM_URL: app.url } });
  });
  afterAll(async () => {
    await railguard?.kill();
    await app?.stop();
  });

  describe.each([
    ['HTTP/1.1', overHttp1, waitOverHttp1],
    ['h2c', overH2c, waitOverH2c],
  ] as const)('over %s', (_version, open, wait) => {
    // Retried as a busy machine can be late by itself; a proxy that buffers is late every time.
    it.each([
      ['GET', '/events?count=15'],
      ['POST', '/api/v1/execute/stream?count=15'],
    ])('arrive within 200 ms, uncompressed (%s)', { retry: 2 }, async (method, path) => {
      const stream = await open(railguard.port, method, path);
      expect(stream.status).toBe(200);
      expect(stream.headers['content-type']).toBe('text/event-stream; charset=utf-8');
      expect(stream.headers['content-length']).toBeUndefined();
      expect(stream.headers['content-encoding']).toBeUndefined();
      const events = await readEvents(stream);
      expect(events.map((event) => event.n)).toEqual(Array.from({ length: 15 }, (_, n) => n));
      expect(Math.max(...events.map((event) => event.late))).toBeLessThan(200);
    });

    it('end at the app within 1 s of the client leaving', async () => {
      const before = await app.stats();
      const streams = await Promise.all(
        Array.from({ length: 5 }, () => open(railguard.port, 'GET', '/events?count=1000')),
      );
      await sleep(250);
      expect((await app.stats()).streams_closed).toBe(before.streams_closed);
      for (const stream of streams) stream.leave();
      await until('the app ends all five streams', 1000, async () => {
        return (await app.stats()).streams_closed === before.streams_closed + 5;
      });
    });

    it('and a request still waiting for its answer ends at the app within 1 s too', async () => {
      const before = await app.stats();
      const leave = wait(railguard.port, '/slow?s=30');
      await until('the request is at the app', 3000, async () => {
        return (await app.stats()).waits_started === before.waits_started + 1;
      });
      leave();
      await until('the app learns that the client left', 1000, async () => {
        return (await app.stats()).waits_aborted === before.waits_aborted + 1;
      });
    });
  });
});
