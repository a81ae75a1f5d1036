/** Answers that are legal over one protocol version and trip its successor: each client gets one, whole, and nothing is stuck. */
import type http2 from 'node:http2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { H2Client } from '../harness/h2.ts';
import { until } from '../harness/ports.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { RawClient } from '../harness/raw.ts';
import { metric, ok, ScriptedUpstream } from '../harness/scripted-upstream.ts';

const CHUNKED = 'Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n';
const ANSWERS: Readonly<Record<string, string>> = {
  '/announced': `HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\n${CHUNKED}X-Sum: 1\r\n\r\n`,
  '/announced-304': 'HTTP/1.1 304 Not Modified\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n',
  '/announced-head': 'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n',
  '/early': `HTTP/1.1 103 Early Hints\r\nETag: "a"\r\nETag: "b"\r\nLink: </s.css>\r\n\r\n${ok('early')}`,
  '/repeated-trailers': `HTTP/1.1 200 OK\r\n${CHUNKED}ETag: "a"\r\nETag: "b"\r\n\r\n`,
  '/repeated': ok('twice', 'Content-Type: text/a\r\nContent-Type: text/b\r\nAge: 1\r\nAge: 1\r\n'),
  '/reset-content': 'HTTP/1.1 205 Reset Content\r\nContent-Length: 2\r\n\r\nhi',
};

describe.each(['direct', 'standard'])('odd answers, RESPONSE_PATH=%s', (path) => {
  let app: ScriptedUpstream;
  let railguard: Railguard;

  beforeAll(async () => {
    app = await ScriptedUpstream.start((head, socket) => {
      const target = head.split(' ')[1] as string;
      socket.write(ANSWERS[target] ?? ok(target));
    });
    railguard = await startRailguard({ env: { UPSTREAM_URL: app.url, RESPONSE_PATH: path } });
  });
  afterAll(async () => {
    await railguard.kill();
    await app.stop();
  });

  const ask = async (request: string, head = false) => {
    const client = await RawClient.connect(railguard.port);
    client.send(request);
    const response = await client.response(2000, head);
    client.close();
    return response;
  };

  it.each(['1.0', '1.1'])(
    'announced trailers reach an HTTP/%s client that closes, or are not announced',
    async (v) => {
      const got = await ask(`GET /announced HTTP/${v}\r\nHost: app.test\r\nConnection: close\r\n\r\n`);
      expect(got.status).toBe(200);
      expect(got.body.toString()).toBe('hi');
      expect(got.get('trailer')).toBe(v === '1.1' ? 'X-Sum' : undefined);
    },
  );

  it.each([
    ['GET /announced-304', ''],
    ['GET /announced-304', 'Connection: close\r\n'],
    ['HEAD /announced-head', ''],
    ['HEAD /announced-head', 'Connection: close\r\n'],
  ])('%s announces trailers and has no body to send them with (%j)', async (line, fields) => {
    const got = await ask(`${line} HTTP/1.1\r\nHost: app.test\r\n${fields}\r\n`, true);
    expect(got.status).toBe(line.includes('304') ? 304 : 200);
    expect(got.get('trailer')).toBeUndefined();
  });

  it('over HTTP/2 repeated fields arrive repeated: in 103, in the head, in trailers', async () => {
    const client = new H2Client(railguard.port);
    const stream = client.open({ path: '/early' });
    const interim = await new Promise<http2.IncomingHttpHeaders>((resolve) =>
      stream.once('headers', resolve),
    );
    stream.close();
    expect(interim[':status']).toBe(103);
    const repeated = client.open({ path: '/repeated' });
    const raw = await new Promise<string[]>((resolve) =>
      repeated.once('response', (_headers, _flags, fields) => resolve(fields as unknown as string[])),
    );
    repeated.close();
    expect(raw.filter((_text, i) => raw[i - 1] === 'content-type')).toEqual(['text/a', 'text/b']);
    const trailers = await client.call({ path: '/repeated-trailers' });
    expect(trailers.body.toString()).toBe('hi');
    expect(Object.keys(trailers.trailers)).toContain('etag');
    client.close();
  });

  it('a 205 has no content over HTTP/2', async () => {
    const client = new H2Client(railguard.port);
    const got = await client.call({ path: '/reset-content' });
    expect(got.status).toBe(205);
    expect(got.length).toBe(0);
    client.close();
  });

  it('nothing that follows an answer that closes reaches the app', async () => {
    const client = await RawClient.connect(railguard.port);
    const refused = 'GET /refused HTTP/1.1\r\nHost: a@b\r\n\r\n';
    client.send(`${refused}GET /smuggled HTTP/1.1\r\nHost: app.test\r\n\r\n`);
    const got = await client.response();
    expect(got.status).toBe(400);
    expect(got.get('connection')).toBe('close');
    await client.closed(2000);
    expect(client.received.length).toBe(0);
    expect(app.requests).not.toContain('GET /smuggled');
  });

  it.each(['', 'Connection: close\r\n'])(
    'a whole request with a body is served whatever follows it (%j)',
    async (field) => {
      const client = await RawClient.connect(railguard.port);
      client.send(
        `POST /whole HTTP/1.1\r\nHost: app.test\r\n${field}Content-Length: 3\r\n\r\nabc\x00garbage\r\n\r\n`,
      );
      const got = await client.response();
      expect(got.status).toBe(200);
      expect(got.body.toString()).toBe('/whole');
      if (field === '') expect((await client.response()).status).toBe(400);
      await client.closed(2000);
      expect(client.received.length).toBe(0);
    },
  );

  it('what goes wrong in the rest of a request that has its answer is not answered again', async () => {
    const client = await RawClient.connect(railguard.port);
    client.send('POST /early-answer HTTP/1.1\r\nHost: app.test\r\nContent-Length: 10\r\n\r\nabc');
    expect((await client.response()).status).toBe(200);
    client.socket.end();
    await client.closed(2000);
    expect(client.received.toString()).toBe('');
  });

  it('a body that breaks off while its request waits behind another holds nothing', async () => {
    const client = await RawClient.connect(railguard.port);
    client.send(
      'GET /before HTTP/1.1\r\nHost: app.test\r\n\r\nPUT /cut-short HTTP/1.1\r\nHost: app.test\r\nContent-Length: 9\r\n\r\nabc',
    );
    client.socket.end();
    await client.closed(2000);
    expect(app.requests).not.toContain('PUT /cut-short');
    await until(
      'nothing is in flight',
      2000,
      async () => (await metric(railguard.adminPort, 'railguard_in_flight')) === 0,
    );
  });

  it('leaves nothing in flight and no fault in the log', async () => {
    await until(
      'nothing is in flight',
      3000,
      async () => (await metric(railguard.adminPort, 'railguard_in_flight')) === 0,
    );
    expect(railguard.logs().filter(({ level }) => level === 'error')).toEqual([]);
  });
});
