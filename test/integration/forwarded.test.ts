/** The app sees the client's address, scheme and host as railguard computed them, never as the client claimed (D09, D10). */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { call } from '../harness/h1.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { RawClient } from '../harness/raw.ts';
import { startUvicorn, type Uvicorn } from '../harness/uvicorn.ts';

const SPOOFED = [
  'X-Forwarded-For: 198.51.100.9',
  'X-Forwarded-For: 198.51.100.8',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Host: evil.test',
  'X-Forwarded-Prefix: /x',
  'X-Forwarded-Uri: /public',
  'X-Original-URL: /public',
  'X-Real-IP: 198.51.100.6',
  'X-Envoy-External-Address: 198.51.100.5',
  'Forwarded: for=198.51.100.7',
  'X_Forwarded_For: 198.51.100.4',
  'X.Forwarded.For: 198.51.100.3',
];

interface Seen {
  readonly client: string | null;
  readonly scheme: string;
  readonly host: string;
}

describe('what the app sees', () => {
  let app: Uvicorn;
  let railguard: Railguard;

  beforeAll(async () => {
    app = await startUvicorn();
  });
  afterEach(async () => {
    await railguard.kill();
  });
  afterAll(async () => {
    await app?.stop();
  });

  const start = async (env: Record<string, string> = {}) => {
    railguard = await startRailguard({ env: { UPSTREAM_URL: app.url, ...env } });
  };

  /** Asks as 127.0.0.2: uvicorn makes the client null when the one address given is its trusted 127.0.0.1. */
  const ask = async (path: string, lines: readonly string[]) => {
    const client = await RawClient.connect(railguard.port, '127.0.0.2');
    client.send(`GET ${path} HTTP/1.1\r\nHost: app.test\r\n${lines.join('\r\n')}\r\n\r\n`);
    const response = await client.response();
    client.close();
    expect(response.status).toBe(200);
    return JSON.parse(response.body.toString());
  };
  const seen = async (...lines: string[]) => (await ask('/client', ['X-Plain: 1', ...lines])) as Seen;

  it('is the socket peer, whatever an untrusted client claims in whatever spelling', async () => {
    await start();
    expect(await seen(...SPOOFED)).toEqual({ client: '127.0.0.2', scheme: 'http', host: 'app.test' });
    const { headers } = (await ask('/echo-headers', SPOOFED)) as { headers: [string, string][] };
    const folded = /^(x[-_.]forwarded|x[-_.]real|x[-_.]original|x[-_.]envoy|forwarded)/;
    expect(headers.filter(([name]) => folded.test(name)).sort()).toEqual([
      ['x-forwarded-for', '127.0.0.2'],
      ['x-forwarded-host', 'app.test'],
      ['x-forwarded-proto', 'http'],
      ['x-real-ip', '127.0.0.2'],
    ]);
  });

  const behindProxy = { CLIENT_IP_SOURCE: 'x-forwarded-for', TRUSTED_PROXIES: '127.0.0.0/8' };

  it('is the right-most untrusted hop of X-Forwarded-For', async () => {
    await start(behindProxy);
    expect(await seen('X-Forwarded-For: 198.51.100.1, 203.0.113.7')).toMatchObject({ client: '203.0.113.7' });
    expect(await seen('X-Forwarded-For: 198.51.100.1', 'X-Forwarded-For: 203.0.113.7')).toMatchObject({
      client: '203.0.113.7',
    });
  });

  it('is the hop before a trusted hop', async () => {
    await start({ ...behindProxy, TRUSTED_PROXIES: '127.0.0.0/8,203.0.113.0/24' });
    expect(await seen('X-Forwarded-For: 198.51.100.1, 203.0.113.7')).toMatchObject({
      client: '198.51.100.1',
    });
  });

  it('is X-Real-IP, https and the public host from a trusted edge', async () => {
    await start({ CLIENT_IP_SOURCE: 'x-real-ip', TRUSTED_PROXIES: '127.0.0.0/8' });
    const claims = [
      'X-Real-IP: 203.0.113.9',
      'X-Forwarded-Proto: https',
      'X-Forwarded-For: 198.51.100.1, 192.0.2.4',
    ];
    expect(await seen(...claims)).toMatchObject({ client: '203.0.113.9', scheme: 'https' });
  });

  it('is the address and scheme of the edge on Railway, with nothing set', async () => {
    await start({ RAILWAY_ENVIRONMENT_ID: 'b1d2' });
    const claims = [
      'X-Real-IP: 203.0.113.9',
      'X-Forwarded-Proto: https',
      'X-Forwarded-For: 203.0.113.9, 192.0.2.4',
    ];
    expect(await seen(...claims)).toMatchObject({ client: '203.0.113.9', scheme: 'https' });
  });

  it('is 127.0.0.1 as a plain pair of fields when the client is local', async () => {
    await start();
    const answer = await call({ port: railguard.port, path: '/echo-headers' });
    const { headers } = JSON.parse(answer.body.toString()) as { headers: [string, string][] };
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-real-ip': '127.0.0.1',
      'x-forwarded-host': `127.0.0.1:${railguard.port}`,
    });
  });
});
