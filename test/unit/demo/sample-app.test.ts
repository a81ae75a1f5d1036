import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type SampleApp, startSampleApp } from '../../../demo/sample-app.ts';
import { RawClient } from '../../harness/raw.ts';

let app: SampleApp;
const get = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${app.port}${path}`, init);

beforeAll(async () => {
  app = await startSampleApp();
});

afterAll(() => app.close());

describe('the sample app', () => {
  it('answers with JSON, and names its server', async () => {
    const answer = await get('/', { headers: { 'x-correlation-id': 'client.id-0001' } });
    expect(await answer.json()).toEqual({ app: 'railguard sample', correlation_id: 'client.id-0001' });
    expect([answer.headers.get('server'), answer.headers.get('x-powered-by')]).toEqual([
      'sample/1.0',
      'sample',
    ]);
  });

  it('leaks a stack and a credential when it crashes', async () => {
    const answer = await get('/crash');
    expect(answer.status).toBe(500);
    expect(await answer.text()).toMatch(/password@db.+\n {4}at /);
  });

  it('counts and digests an upload', async () => {
    const body = Buffer.alloc(300_000, 'abc');
    expect(await (await get('/upload', { method: 'POST', body })).json()).toEqual({
      bytes: 300_000,
      sha256: createHash('sha256').update(body).digest('hex'),
    });
  });

  it('sends back method, headers and body', async () => {
    const answer = await get('/echo?a=1', { method: 'PATCH', body: 'hello', headers: { 'x-mine': 'yes' } });
    expect(await answer.json()).toMatchObject({
      method: 'PATCH',
      url: '/echo?a=1',
      headers: { 'x-mine': 'yes' },
      bytes: 5,
      body: 'hello',
    });
  });

  it('streams events', async () => {
    const answer = await get('/events');
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const reader = answer.body?.getReader();
    const first = await reader?.read();
    expect(Buffer.from(first?.value ?? []).toString()).toBe('id: 0\ndata: {"tick":0}\n\n');
    await reader?.cancel();
  });

  it('is slow when asked, and knows nothing else', async () => {
    expect(await (await get('/slow?s=0.01')).json()).toEqual({ waited_seconds: 0.01 });
    expect((await get('/nothing')).status).toBe(404);
    expect((await get('/upload')).status).toBe(404);
    expect((await get('/ws')).status).toBe(426);
  });
});

describe('its WebSocket', () => {
  it.each([0, 1, 125, 126, 65_535, 65_536, 1024 * 1024])('sends %d bytes back', async (size) => {
    const socket = new WebSocket(`ws://127.0.0.1:${app.port}/ws`);
    await once(socket, 'open');
    const sent = Buffer.alloc(size, 'échø');
    socket.send(sent);
    const [data, binary] = (await once(socket, 'message')) as [Buffer, boolean];
    expect(binary).toBe(true);
    expect(data.equals(sent)).toBe(true);
    socket.close(1000, 'done');
    const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([1000, 'done']);
  });

  it('sends text back as text, and pongs', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${app.port}/ws`);
    await once(socket, 'open');
    socket.ping('p');
    const [pong] = (await once(socket, 'pong')) as [Buffer];
    socket.send('grüß', { fin: false });
    socket.send(' gott');
    const [data, binary] = (await once(socket, 'message')) as [Buffer, boolean];
    expect([pong.toString(), data.toString(), binary]).toEqual(['p', 'grüß gott', false]);
    socket.terminate();
  });

  it('closes with 1009 on a message that is too large', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${app.port}/ws`);
    socket.on('error', () => {});
    await once(socket, 'open');
    socket.send(Buffer.alloc(1024 * 1024 + 1));
    const [code] = (await once(socket, 'close')) as [number];
    expect(code).toBe(1009);
  });

  it('takes frames that follow the handshake in one segment, and refuses one without a mask', async () => {
    const client = await RawClient.connect(app.port);
    const handshake =
      'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
    client.send(`${handshake}\x81\x82\x00\x00\x00\x00ok\x81\x02no`);
    await client.closed(2000);
    const text = client.received.toString('latin1');
    client.close();
    expect(text).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n');
    expect(text.slice(text.indexOf('\r\n\r\n') + 4)).toBe('\x81\x02ok\x88\x02\x03\xea');
  });
});
