/** Reports of errors as they arrive at the other end of a DSN: once, tagged, redacted, and at nobody's expense. */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Redactor } from '../../core/redact.ts';
import { call } from '../harness/h1.ts';
import { freePort, until } from '../harness/ports.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { SentryReceiver } from '../harness/sentry-receiver.ts';

const ADMIN_TOKEN = 'a-token-of-the-admin-port-0123456789abcdef';
const COMMIT = '0a1b2c3d4e5f60718293a4b5c6d7e8f901234567';

interface Sample {
  readonly text: string;
  readonly secret: string | null;
  readonly should_redact: boolean;
}
const corpus = readFileSync(path.resolve(import.meta.dirname, '../conformance/data/redaction.jsonl'), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Sample);

/** Secrets that the redactor knows by their looks alone: none may pass beside it. */
const recognised = corpus.filter(({ text, secret, should_redact }) => {
  return (
    should_redact && secret !== null && secret.length >= 12 && !new Redactor().text(text).includes(secret)
  );
});

let app: http.Server;
let appUrl: string;
let answer: { status: number; body: string };

beforeAll(async () => {
  app = http.createServer((_request, response) => {
    response.writeHead(answer.status, { 'content-type': 'text/plain' }).end(answer.body);
  });
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  appUrl = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
});

afterAll(async () => {
  app.closeAllConnections();
  await new Promise((resolve) => app.close(resolve));
});

let receiver: SentryReceiver;
let railguard: Railguard | undefined;

beforeEach(async () => {
  receiver = await SentryReceiver.start();
  answer = { status: 200, body: 'fine' };
});

afterEach(async () => {
  await railguard?.kill();
  railguard = undefined;
  await receiver.stop();
});

async function start(env: Record<string, string> = {}): Promise<Railguard> {
  railguard = await startRailguard({
    wait: 'listening',
    env: {
      UPSTREAM_URL: appUrl,
      SANITIZE_ERRORS: 'true',
      SENTRY_DSN: receiver.dsn,
      SENTRY_ENVIRONMENT: 'staging',
      RAILWAY_GIT_COMMIT_SHA: COMMIT,
      ADMIN_TOKEN,
      ...env,
    },
  });
  return railguard;
}

const arrived = (count: number): Promise<void> =>
  until(`${count} events arrive`, 10_000, () => receiver.events.length >= count);

describe("a report of the app's 5xx", () => {
  it.each(['true', 'false'])('arrives once, with its tags (SANITIZE_ERRORS: %s)', async (SANITIZE_ERRORS) => {
    const { port } = await start({ SANITIZE_ERRORS });
    answer = { status: 503, body: 'the pool is exhausted' };
    await call({ port, path: '/items/7?token=in-the-query', headers: { 'x-request-id': 'client.id-0001' } });
    await arrived(1);
    await railguard?.stop();
    expect(receiver.events).toHaveLength(1);
    expect(receiver.requests[0]?.path).toMatch(/^\/api\/42\/envelope\//);
    expect(receiver.events[0]).toMatchObject({
      level: 'error',
      environment: 'staging',
      release: COMMIT,
      fingerprint: ['app', 'GET', 'other', '503'],
      tags: {
        correlation_id: 'client.id-0001',
        endpoint: 'other',
        method: 'GET',
        status_code: '503',
        release: COMMIT,
      },
    });
    const said = JSON.stringify(receiver.events[0]);
    expect(said.includes('the pool is exhausted')).toBe(SANITIZE_ERRORS === 'true');
    expect(receiver.bytes).not.toContain('in-the-query');
  });

  it('holds no secret of the corpus in any byte', async () => {
    expect(recognised.length).toBeGreaterThan(300);
    const { port } = await start();
    const bodies: string[] = [`the admin token is ${ADMIN_TOKEN}`];
    for (const { text } of recognised) {
      const last = bodies.at(-1) as string;
      if (last.length + text.length > 7000) bodies.push(text);
      else bodies[bodies.length - 1] = `${last}\n\n${text}`;
    }
    for (const [i, body] of bodies.entries()) {
      answer = { status: 500 + i, body };
      await call({ port, path: '/' });
      await arrived(i + 1);
      await sleep(100);
    }
    const metrics = await (await fetch(`${railguard?.adminUrl}/metrics`)).text();
    expect(metrics).toMatch(
      /^railguard_redactions_total\{kind="ADMIN_TOKEN",place="upstream_error"\} [1-9]/m,
    );
    await railguard?.stop();
    const { bytes } = receiver;
    expect(receiver.events).toHaveLength(bodies.length);
    expect(bytes).toContain('[redacted');
    expect(bytes).not.toContain(ADMIN_TOKEN);
    const escaped = (secret: string): string => JSON.stringify(secret).slice(1, -1);
    const leaks = recognised.filter(({ secret }) =>
      [secret as string, escaped(secret as string)].some((form) => bytes.includes(form)),
    );
    expect(leaks.map(({ text }) => text)).toEqual([]);
  });

  it('knows no client: neither address, nor header, nor cookie', async () => {
    const { port } = await start();
    answer = { status: 500, body: 'no' };
    const headers = { cookie: 'sid=cookie-of-a-client', authorization: 'Bearer abcdef-of-a-client' };
    await call({ port, headers: { ...headers, 'user-agent': 'browser-of-a-client' } });
    await arrived(1);
    expect(receiver.bytes).not.toContain('of-a-client');
    expect(receiver.events[0]).not.toHaveProperty('user');
    expect(receiver.events[0]).not.toHaveProperty('request');
    expect(receiver.events[0]).not.toHaveProperty('server_name');
  });
});

describe('a report of railguard', () => {
  it('says that the app is away a few times, not a thousand', async () => {
    const { port } = await start({ UPSTREAM_URL: `http://127.0.0.1:${await freePort()}` });
    for (let i = 0; i < 40; i++) expect((await call({ port, path: `/${i}` })).status).toBe(502);
    await arrived(1);
    await railguard?.stop();
    expect(receiver.events.length).toBeLessThanOrEqual(5);
    expect(receiver.events[0]).toMatchObject({
      fingerprint: ['upstream', 'upstream_unreachable'],
      tags: { code: 'upstream_unreachable', event_type: 'upstream_error' },
      exception: { values: [expect.objectContaining({ value: expect.stringContaining('ECONNREFUSED') })] },
    });
  });

  it('leaves before the process does', async () => {
    const { port, child } = await start();
    answer = { status: 500, body: 'last words' };
    await call({ port });
    child.kill('SIGTERM');
    await child.exited;
    expect(receiver.events).toHaveLength(1);
  });
});

describe('a Sentry that is', () => {
  /** As many 5xx as the limits let out, then a pause in which nothing may go wrong. */
  async function fail(port: number, count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      answer = { status: 500 + (i % 20), body: `failure ${i}` };
      expect((await call({ port, path: '/' })).status).toBe(answer.status);
    }
  }

  it('refusing for its own limit is left alone', async () => {
    const { port } = await start();
    receiver.mood = 'refuses';
    answer = { status: 500, body: 'first' };
    await call({ port });
    await until('the refusal arrives', 10_000, () => receiver.requests.length === 1);
    await call({ port });
    await fail(port, 30);
    answer = { status: 200, body: 'fine' };
    expect((await call({ port })).status).toBe(200);
    expect(receiver.requests).toHaveLength(1);
  });

  it('silent holds up neither a request nor the exit', async () => {
    const { port, child } = await start();
    receiver.mood = 'silent';
    await fail(port, 40);
    answer = { status: 200, body: 'fine' };
    for (let i = 0; i < 100; i++) expect((await call({ port })).status).toBe(200);
    const before = performance.now();
    expect(await railguard?.stop()).toEqual({ code: 0, signal: null });
    expect(performance.now() - before).toBeLessThan(8_000);
    expect(child.stderr).toEqual([]);
  });

  it('away is no reason for a word or a failure', async () => {
    const { port, child } = await start({ SENTRY_DSN: `http://key@127.0.0.1:${await freePort()}/1` });
    await fail(port, 40);
    answer = { status: 200, body: 'fine' };
    for (let i = 0; i < 100; i++) expect((await call({ port })).status).toBe(200);
    expect(await railguard?.stop()).toEqual({ code: 0, signal: null });
    expect(child.stderr).toEqual([]);
  });
});
