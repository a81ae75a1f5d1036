/** gRPC passes an h2c upstream: both directions stream, trailers arrive, `te: trailers` reaches the app. */
import http2 from 'node:http2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from '../harness/h1.ts';
import { H2Client } from '../harness/h2.ts';
import { freePort } from '../harness/ports.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';

/** A gRPC message: one flag byte, four of length, the payload. */
function frame(payload: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(payload.length, 1);
  return Buffer.concat([head, payload]);
}

describe('an h2c upstream', () => {
  let server: http2.Http2Server;
  let railguard: Railguard;
  let client: H2Client;
  let seen: http2.IncomingHttpHeaders = {};

  beforeAll(async () => {
    server = http2.createServer();
    server.on('stream', (stream, headers) => {
      stream.on('error', () => undefined);
      seen = headers;
      const type = { ':status': 200, 'content-type': 'application/grpc' };
      if (headers[':path'] === '/grpc.Echo/Refuse') {
        stream.respond({ ...type, 'grpc-status': '7', 'grpc-message': 'no' }, { endStream: true });
        return;
      }
      if (headers[':path'] === '/plain') {
        stream.respond({ ':status': 200, 'content-type': 'text/plain' });
        stream.end('plain');
        return;
      }
      stream.respond(type, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'x-sum': 'abc' }));
      stream.pipe(stream);
    });
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    railguard = await startRailguard({ env: { UPSTREAM_URL: `h2c://127.0.0.1:${port}` } });
    client = new H2Client(railguard.port);
  });
  afterAll(async () => {
    client?.close();
    await railguard?.kill();
    server?.close();
  });

  const headers = { 'content-type': 'application/grpc', te: 'trailers' };

  it('gets te: trailers, and its trailers reach the client', async () => {
    const body = frame(Buffer.from('hello'));
    const answer = await client.call({ path: '/grpc.Echo/Say', method: 'POST', headers, body });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual(body);
    expect(answer.trailers).toMatchObject({ 'grpc-status': '0', 'x-sum': 'abc' });
    expect(seen.te).toBe('trailers');
    expect(seen['content-type']).toBe('application/grpc');
  });

  it('echoes each message of a stream before the next one is sent', async () => {
    const stream = client.open({ path: '/grpc.Echo/Chat', method: 'POST', headers, body: Buffer.alloc(0) });
    const trailers = new Promise<http2.IncomingHttpHeaders>((resolve) => stream.once('trailers', resolve));
    for (let i = 0; i < 50; i += 1) {
      const message = frame(Buffer.from(`message ${i}`));
      const echoed = new Promise<Buffer>((resolve) => stream.once('data', resolve));
      stream.write(message);
      expect(await echoed).toEqual(message);
    }
    stream.end();
    expect(await trailers).toMatchObject({ 'grpc-status': '0' });
  });

  it('may answer by a head alone', async () => {
    const answer = await client.call({
      path: '/grpc.Echo/Refuse',
      method: 'POST',
      headers,
      body: frame(Buffer.alloc(0)),
    });
    expect(answer.headers).toMatchObject({ 'grpc-status': '7', 'grpc-message': 'no' });
    expect(answer.length).toBe(0);
  });

  it('serves 100 calls at once, 64 KB each', async () => {
    const body = frame(Buffer.alloc(64 * 1024, 7));
    const answers = await Promise.all(
      Array.from({ length: 100 }, () =>
        client.call({ path: '/grpc.Echo/Say', method: 'POST', headers, body }),
      ),
    );
    expect(answers.every((answer) => answer.body.equals(body))).toBe(true);
    expect(answers.every((answer) => answer.trailers['grpc-status'] === '0')).toBe(true);
  });

  it('serves HTTP/1.1 clients too', async () => {
    const answer = await call({ port: railguard.port, path: '/plain' });
    expect([answer.status, answer.body.toString()]).toEqual([200, 'plain']);
  });
});
