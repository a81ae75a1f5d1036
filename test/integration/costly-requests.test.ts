/** Requests and answers made to cost: none may hold the event loop, and everybody on it, for more than a few milliseconds. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { RawClient } from '../harness/raw.ts';
import { ok, ScriptedUpstream } from '../harness/scripted-upstream.ts';
import { b64, claims, hs, SECRET } from '../harness/tokens.ts';

/** Requests of a kind, and CPU milliseconds that one may cost on average: of a client, and with an app's 60 KB of head. */
const ROUNDS = 40;
const MOST = 5;
const MOST_OF_APP = 10;

const fill = (unit: string, size: number): string => unit.repeat(Math.floor(size / unit.length));
const numbered = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join('');

const get = (target: string, fields = ''): string =>
  `GET ${target} HTTP/1.1\r\nHost: app.test\r\n${fields}\r\n`;
const field = (name: string, value: string): string => get('/a', `${name}: ${value}\r\n`);
const report = (type: string, body: string): string =>
  `POST /csp HTTP/1.1\r\nHost: app.test\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const bearer = (token: string): string => field('Authorization', `Bearer ${token}`);

/** Nearly MAX_URL_LENGTH, MAX_HEADER_SIZE. */
const URL = 16_000;
const HEAD = 30_000;

const TARGETS = ['/', '/%41', '%2f', '%5c', '/.', '/a', '%25', '%c3%a9', '%ff', ';', '\\', 'token=a&'];
const MORE = ['password=', 'eyJ', '/sk-', '://a:b@', '%3A%2F%2F', '\\"', '?', '%253D', 'a='];

const OF_CLIENTS: Readonly<Record<string, string>> = {
  ...Object.fromEntries([...TARGETS, ...MORE].map((unit) => [`path ${unit}`, get(`/${fill(unit, URL)}`)])),
  ...Object.fromEntries([...TARGETS, ...MORE].map((unit) => [`query ${unit}`, get(`/?${fill(unit, URL)}`)])),
  'a secret made of backslashes': get(`/?password=${fill('\\', URL)}`),
  'a token of 16 KB': bearer(hs({ ...claims(), x: fill('a', 11_000) })),
  'a token of deep JSON': bearer(hs(`{"a":${fill('[', 5000)}${fill(']', 5000)}}`)),
  'a token of many members': bearer(hs(`{${numbered(1200, (i) => `"k${i}":1,`)}"z":1}`)),
  "a token's head of deep JSON": bearer(`${b64(`{"alg":${fill('[', 10_000)}`)}.e30.AA`),
  'a token of dots': bearer(fill('.', HEAD)),
  'a token behind blanks': bearer(`${fill(' ', HEAD)}a`),
  'Basic of 30 KB': field('Authorization', `Basic ${fill('QQ', HEAD)}`),
  'an API key of 30 KB': field('X-API-Key', `sk-${fill('a', HEAD)}`),
  '6,000 cookies': field('Cookie', fill('a=b; ', HEAD)),
  'a cookie of semicolons': field('Cookie', fill(';', HEAD)),
  '2,700 session cookies': field('Cookie', fill('session=a; ', HEAD)),
  'an origin of 15,000 labels': field('Origin', `https://${fill('a.', HEAD)}example.com`),
  'an origin that nearly is one': field('Origin', `https://${fill('a-.', HEAD)}!`),
  'a preflight with 15,000 names': `OPTIONS /a HTTP/1.1\r\nHost: app.test\r\nOrigin: https://x.example.com\r\nAccess-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: ${fill('a,', HEAD)}\r\n\r\n`,
  'an Accept of 1,900 types': field('Accept', fill('text/html;q=0.1,', HEAD)),
  '3,000 trusted IPv4 hops': field('X-Forwarded-For', `${fill('127.0.0.1,', HEAD)}127.0.0.1`),
  '3,750 trusted IPv6 hops': field('X-Forwarded-For', `${fill('fd00::1,', HEAD)}fd00::1`),
  'a hop of colons': field('X-Forwarded-For', fill('1:', HEAD)),
  'a forwarded host of 15,000 labels': field('X-Forwarded-Host', fill('a.', HEAD)),
  '15,000 connection options': field('Connection', fill('a,', HEAD)),
  'every field nominated': get(
    '/a',
    `Connection: ${numbered(3000, (i) => `x${i},`)}\r\n${numbered(190, (i) => `x${i}: 1\r\n`)}`,
  ),
  '195 odd fields': get(
    '/a',
    numbered(195, (i) => `X_${i}${fill('y', 140)}: 1\r\n`),
  ),
  '7,500 trace states': field('tracestate', fill('a=b,', HEAD)),
  'a trace parent of 30 KB': field('traceparent', `00-${fill('0', HEAD)}`),
  'a media type behind blanks': field('Content-Type', `${fill(' \t', HEAD)}x`),
  '15,000 upgrades': get('/a', `Connection: Upgrade\r\nUpgrade: ${fill('a,', HEAD)}\r\n`),
  'a report of 60 KB': report(
    'application/csp-report',
    JSON.stringify({ 'csp-report': { 'document-uri': `password=${fill('\\', 28_000)}` } }),
  ),
  'a report of blanks': report(
    'application/csp-report',
    JSON.stringify({ 'csp-report': { 'effective-directive': `a${fill(' ', 60_000)}b` } }),
  ),
  'a report of deep JSON': report('application/csp-report', fill('[', 60_000)),
  '900 reports': report(
    'application/reports+json',
    JSON.stringify(
      Array.from({ length: 900 }, () => ({ type: 'csp-violation', body: { documentURL: 'a?' } })),
    ),
  ),
};

const OF_APPS: Readonly<Record<string, string>> = {
  refresh: ok('x', `Refresh: 0; url${fill(' ', 50_000)}x\r\n`),
  location: ok('x', `Location: http://${fill('a', 60_000)}\r\n`),
  'a cookie of semicolons': ok('x', `Set-Cookie: a=b${fill(';', 60_000)}\r\n`),
  '2,300 cookies': ok('x', fill('Set-Cookie: a=b; b; c; d\r\n', 60_000)),
  'Vary of 30,000 names': ok('x', `Vary: ${fill('a,', 60_000)}\r\n`),
  '7,500 lines of Vary': ok('x', fill('Vary: a\r\n', 60_000)),
  '12,000 fields': ok('x', fill('a:1\r\n', 60_000)),
  '30,000 connection options': ok('x', `Connection: ${fill('a,', 60_000)}\r\n`),
  '10,000 early hints': `HTTP/1.1 103 Early\r\n${fill('a:1\r\n', 60_000)}\r\n${ok('x')}`,
  '10,000 trailers': `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${fill('a:1\r\n', 50_000)}\r\n`,
  'an error with a secret of backslashes': `HTTP/1.1 500 No\r\nContent-Length: 16009\r\n\r\npassword=${fill('\\', 16_000)}`,
};

describe('what is made to cost', () => {
  let app: ScriptedUpstream;
  let railguard: Railguard;

  beforeAll(async () => {
    const answers = Object.values(OF_APPS);
    app = await ScriptedUpstream.start((head, socket) => {
      socket.write(answers[Number(/^GET \/app\/(\d+) /.exec(head)?.[1] ?? -1)] ?? ok('x'));
    });
    railguard = await startRailguard({
      env: {
        UPSTREAM_URL: app.url,
        LOG_LEVEL: 'info',
        LOG_MAX_PER_SECOND: '100000',
        JWT_SECRET_KEY: SECRET,
        JWT_COOKIE: 'session',
        API_KEY_PATTERN: '^sk-[a-z0-9]{20,}$',
        AUTH_FAILURES_BEFORE_BLOCK: '0',
        CORS_ORIGINS: 'https://*.example.com,https://app.example.org',
        CSP_REPORT_PATH: '/csp',
        TRUSTED_HOSTS: 'app.test,*.example.org',
        TRUSTED_PROXIES: '127.0.0.0/8,10.0.0.0/8,fd00::/8',
        CLIENT_IP_SOURCE: 'x-forwarded-for',
        SECURITY_HEADERS_MODE: 'keep',
        COOKIE_HTTPONLY: 'true',
        ENABLE_RATE_LIMITING: 'true',
        RATE_LIMIT_PER_MINUTE: '1000000',
        RATE_LIMIT_BURST: '10000',
      },
    });
  });
  afterAll(async () => {
    await railguard?.kill();
    await app?.stop();
  });

  /** CPU that the process used, in milliseconds. */
  const used = (): number => {
    const [, rest = ''] = readFileSync(`/proc/${railguard.child.pid}/stat`, 'latin1').split(') ');
    const columns = rest.split(' ');
    return (Number(columns[11]) + Number(columns[12])) * 10;
  };

  async function costOf(request: string): Promise<number> {
    let client = await RawClient.connect(railguard.port);
    const before = used();
    for (let i = 0; i < ROUNDS; i++) {
      client.send(request);
      const answer = await client.response();
      if (answer.get('connection') !== 'close') continue;
      client.close();
      client = await RawClient.connect(railguard.port);
    }
    client.close();
    return (used() - before) / ROUNDS;
  }

  it.each(Object.keys(OF_CLIENTS))('%s', async (what) => {
    expect(await costOf(OF_CLIENTS[what] as string)).toBeLessThan(MOST);
  });

  it.each(Object.keys(OF_APPS).map((what, i) => [what, i] as const))('from the app: %s', async (_what, i) => {
    expect(await costOf(get(`/app/${i}`))).toBeLessThan(MOST_OF_APP);
  });
});
