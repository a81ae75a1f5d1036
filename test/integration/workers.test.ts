/** WORKERS=n: several processes that are one to their clients, to Prometheus, to the log and to whoever stops them. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, call } from '../harness/h1.ts';
import { NodeApp } from '../harness/node-app.ts';
import { listening, until } from '../harness/ports.ts';
import { type LogLine, type Railguard, type RailguardOptions, startRailguard } from '../harness/railguard.ts';
import { RawClient } from '../harness/raw.ts';
import { metric } from '../harness/scripted-upstream.ts';
import { claims, hs, SECRET } from '../harness/tokens.ts';

const ADMIN_TOKEN = 'an-admin-token-of-the-tests-of-32-or-more';
const REQUESTS = 'http_requests_total{method="GET",endpoint="other",status="200"}';

let app: NodeApp;
let upstream: string;
let held: (() => void)[] = [];
const running: Railguard[] = [];

beforeAll(async () => {
  app = await NodeApp.start((request, response) => {
    request.resume();
    if (request.url === '/held') held.push(() => response.end('at last'));
    else if (request.url === '/login') response.writeHead(401).end();
    else response.end('ok');
  });
  upstream = app.url;
});
afterAll(() => app.stop());
beforeEach(() => {
  held = [];
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((railguard) => railguard.kill()));
});

async function start(env: Record<string, string> = {}, more: RailguardOptions = {}): Promise<Railguard> {
  const railguard = await startRailguard({
    ...more,
    env: { UPSTREAM_URL: upstream, WORKERS: '2', LOG_LEVEL: 'debug', ...env },
  });
  running.push(railguard);
  return railguard;
}

const children = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').filter(Boolean).map(Number);

function alive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
  }
}

const said = (railguard: Railguard, message: string): LogLine[] =>
  railguard.logs().filter((line) => line.message === message);

const count = (answers: readonly Answer[], status: number): number =>
  answers.filter((answer) => answer.status === status).length;

/** Each over a connection of its own, so that every worker gets its part. */
const askAll = (railguard: Railguard, times: number, path = '/', headers = {}): Promise<Answer[]> =>
  Promise.all(Array.from({ length: times }, () => call({ port: railguard.port, path, headers })));

describe('several workers', () => {
  it('are one budget: exactly 10 of 1,000 requests pass, then one each 1.2 s', async () => {
    const railguard = await start({ ENABLE_RATE_LIMITING: 'true', LOG_LEVEL: 'warn' });
    const started = performance.now();
    const answers: Answer[] = [];
    for (let i = 0; i < 10; i++) answers.push(...(await askAll(railguard, 100)));
    const earned = (performance.now() - started) / 1200;
    const passed = count(answers, 200);
    expect(passed).toBeGreaterThanOrEqual(10);
    expect(passed).toBeLessThanOrEqual(10 + Math.floor(earned));
    expect(passed + count(answers, 429)).toBe(1000);
    const { adminPort } = railguard;
    expect(await metric(adminPort, 'railguard_rate_limit_total{decision="allowed",store="memory"}')).toBe(
      passed,
    );
    await sleep(1250);
    const more = passed + count(await askAll(railguard, 20), 200);
    expect(more).toBeGreaterThan(passed);
    expect(more).toBeLessThanOrEqual(10 + Math.floor((performance.now() - started) / 1200));
  });

  it('are one endpoint of metrics, whose counts do not fall when a worker dies', async () => {
    const railguard = await start();
    const { adminPort, child } = railguard;
    const pids = children(child.pid);
    expect(pids).toHaveLength(2);
    await askAll(railguard, 100);
    expect(await metric(adminPort, REQUESTS)).toBe(100);
    expect(await metric(adminPort, 'railguard_workers{state="ready"}')).toBe(2);
    process.kill(pids[0] as number, 'SIGKILL');
    const duration = 'http_request_duration_seconds_count{method="GET",endpoint="other"}';
    await until('another one is there', 10_000, async () => {
      expect(await metric(adminPort, REQUESTS)).toBe(100);
      return (
        (await metric(adminPort, 'railguard_worker_restarts_total')) === 1 &&
        (await metric(adminPort, 'railguard_workers{state="ready"}')) === 2
      );
    });
    await askAll(railguard, 50);
    expect(await metric(adminPort, REQUESTS)).toBe(150);
    expect(await metric(adminPort, duration)).toBe(150);
    expect(await metric(adminPort, 'railguard_in_flight')).toBe(0);
    const [line] = said(railguard, 'a worker has died');
    expect(line).toMatchObject({ level: 'error', signal: 'SIGKILL', pid: pids[0], again_in_ms: 100 });
  });

  it('are ready while one of them is, and are started again ever later when they die again', async () => {
    const railguard = await start();
    const { child, port } = railguard;
    const deaths = (): unknown[] =>
      said(railguard, 'a worker has died').map(({ again_in_ms }) => again_in_ms);
    const [first] = children(child.pid) as [number];
    process.kill(first, 'SIGKILL');
    await until('it is noticed', 3000, () => deaths().length === 1);
    for (let i = 0; i < 20; i++) {
      expect((await call({ port })).status).toBe(200);
      expect(await railguard.readiness()).toBe(200);
    }
    await until('each comes later', 20_000, () => {
      for (const pid of children(child.pid)) process.kill(pid, 'SIGKILL');
      return deaths().length >= 7;
    });
    expect(deaths().slice(0, 7)).toEqual([100, 200, 400, 800, 1600, 3200, 6400]);
    for (const pid of children(child.pid)) process.kill(pid, 'SIGKILL');
    await until('it is not ready', 3000, async () => (await railguard.readiness()) === 503);
    await until('it is ready again', 30_000, async () => (await railguard.readiness()) === 200);
    expect((await call({ port })).status).toBe(200);
  });

  it('that stand still are replaced', async () => {
    const railguard = await start();
    const [stuck] = children(railguard.child.pid) as [number];
    process.kill(stuck, 'SIGSTOP');
    await until('it is ended', 20_000, () => !alive(stuck));
    await until('another is there', 10_000, async () => {
      return (await metric(railguard.adminPort, 'railguard_workers{state="ready"}')) === 2;
    });
    expect(said(railguard, 'a worker does not answer')).toHaveLength(1);
  });

  it('write one log, each line whole', async () => {
    const railguard = await start({ LOG_LEVEL: 'info', LOG_MAX_PER_SECOND: '0', WORKERS: '3' });
    const path = `/${'long/'.repeat(600)}`;
    for (let i = 0; i < 10; i++) await askAll(railguard, 60, path);
    const lines = (): LogLine[] =>
      railguard.logs().filter(({ event_type }) => event_type === 'request_performance');
    await until('every request has its line', 5000, () => lines().length === 600);
    expect(new Set(lines().map(({ correlation_id }) => correlation_id)).size).toBe(600);
  });

  it('tell the dashboard and the health checks what they see', async () => {
    const railguard = await start({ ADMIN_TOKEN });
    await askAll(railguard, 40);
    interface Health {
      readonly checks: Record<
        string,
        { readonly status: string; readonly requests: number; readonly filters: object }
      >;
    }
    const read = async (): Promise<Health> => {
      const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, connection: 'close' };
      return (
        await fetch(`${railguard.adminUrl}/health/comprehensive`, { headers })
      ).json() as Promise<Health>;
    };
    await until(
      'the requests are told',
      10_000,
      async () => (await read()).checks.performance?.requests === 40,
      500,
    );
    const { components } = (await read()).checks;
    expect(components?.status).toBe('healthy');
    expect(components?.filters).toHaveProperty('overload');
  });

  it('drain together: what is under way ends well, and the exit code is 0', async () => {
    const railguard = await start();
    const answers = askAll(railguard, 8, '/held');
    await until('all are with the app', 5000, () => held.length === 8);
    const pids = children(railguard.child.pid);
    const stopped = railguard.stop();
    await until('it takes no more', 3000, async () => !(await listening(railguard.port)));
    expect(await railguard.readiness()).toBe(503);
    for (const release of held) release();
    expect(count(await answers, 200)).toBe(8);
    expect(await stopped).toEqual({ code: 0, signal: null });
    expect(pids.filter(alive)).toEqual([]);
    expect(said(railguard, 'a worker has died')).toEqual([]);
  });

  it('end at once with a second signal, and with their primary', async () => {
    const railguard = await start();
    const waiting = askAll(railguard, 4, '/held').catch(() => undefined);
    await until('all are with the app', 5000, () => held.length === 4);
    const pids = children(railguard.child.pid);
    railguard.child.kill('SIGTERM');
    await until('it drains', 3000, async () => !(await listening(railguard.port)));
    railguard.child.kill('SIGTERM');
    expect(await railguard.child.exited).toEqual({ code: 143, signal: null });
    await waiting;
    await until('no worker is left', 3000, () => !pids.some(alive));

    const another = await start();
    const orphans = children(another.child.pid);
    another.child.kill('SIGKILL');
    await until('no worker is left', 5000, () => !orphans.some(alive));
  });

  it('do not start where the port is taken', async () => {
    const first = await start();
    const second = await startRailguard({
      env: { UPSTREAM_URL: upstream, WORKERS: '2' },
      port: first.port,
      wait: 'none',
    });
    expect(await second.child.exited).toEqual({ code: 69, signal: null });
    expect(second.child.stderr.join('\n')).toContain(`port ${first.port} is taken`);
  });

  it('answer without their primary, each by its own count, in time', async () => {
    const railguard = await start({ ENABLE_RATE_LIMITING: 'true' });
    const client = await RawClient.connect(railguard.port);
    const ask = async (): Promise<number> => {
      client.send('GET / HTTP/1.1\r\nHost: app.test\r\n\r\n');
      return (await client.response()).status;
    };
    expect(await ask()).toBe(200);
    railguard.child.kill('SIGSTOP');
    const started = performance.now();
    const statuses = [];
    for (let i = 0; i < 12; i++) statuses.push(await ask());
    const took = performance.now() - started;
    railguard.child.kill('SIGCONT');
    expect(statuses.filter((status) => status === 200)).toHaveLength(9);
    // The first waits 50 ms for the answer; then none does until there is one again.
    expect(took).toBeLessThan(1000);
    client.close();
    const counted = 'railguard_rate_limit_total{decision="allowed",store="local"}';
    expect(await metric(railguard.adminPort, counted)).toBe(9);
    await until('it counts with the others again', 5000, () =>
      railguard.logs().some(({ message }) => message === 'the rate limit store answers again'),
    );
  });
});

describe('what workers know of clients', () => {
  const tokens = { JWT_SECRET_KEY: SECRET, JWT_MODE: 'require', ADMIN_TOKEN };
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const admin = (railguard: Railguard, method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${railguard.adminUrl}${path}`, {
      method,
      headers: { ...bearer(ADMIN_TOKEN), connection: 'close' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  it('is one list of sessions; one that is ended is over at all of them, and stays so', async () => {
    const railguard = await start(tokens);
    const token = hs(claims({ sub: 'user-1' }));
    expect(count(await askAll(railguard, 10, '/', bearer(token)), 200)).toBe(10);
    const { sessions } = (await (await admin(railguard, 'GET', '/sessions')).json()) as {
      sessions: { id: string; subject: string }[];
    };
    expect(sessions).toEqual([expect.objectContaining({ subject: 'user-1' })]);
    const ended = await admin(railguard, 'DELETE', `/sessions/${sessions[0]?.id}`);
    expect(ended.status).toBe(200);
    await sleep(1000);
    expect(count(await askAll(railguard, 10, '/', bearer(token)), 401)).toBe(10);
    const { events } = (await (await admin(railguard, 'GET', '/audit?type=session')).json()) as {
      events: { action: string }[];
    };
    expect(events.filter(({ action }) => action === 'ended')).toHaveLength(1);
  });

  it('is what was revoked', async () => {
    const railguard = await start(tokens);
    const token = hs(claims({ sub: 'user-2' }));
    expect(count(await askAll(railguard, 10, '/', bearer(token)), 200)).toBe(10);
    const revoked = await admin(railguard, 'POST', '/revocations', { sub: 'user-2', reason: 'left' });
    expect(revoked.status).toBe(201);
    await sleep(1000);
    expect(count(await askAll(railguard, 10, '/', bearer(token)), 401)).toBe(10);
  });

  it('is how many sessions a user has', async () => {
    const railguard = await start({ ...tokens, MAX_CONCURRENT_SESSIONS: '1' });
    const [old, young] = [hs(claims({ sub: 'user-3' })), hs(claims({ sub: 'user-3' }))];
    expect(count(await askAll(railguard, 6, '/', bearer(old)), 200)).toBe(6);
    expect(count(await askAll(railguard, 6, '/', bearer(young)), 200)).toBe(6);
    await sleep(1000);
    expect(count(await askAll(railguard, 6, '/', bearer(old)), 401)).toBe(6);
    expect(count(await askAll(railguard, 6, '/', bearer(young)), 200)).toBe(6);
  });

  it('is who failed too often', async () => {
    const railguard = await start({ ...tokens, AUTH_FAILURES_BEFORE_BLOCK: '6' });
    const bad = hs(claims({ sub: 'user-4' }), {}, 'another-secret-of-the-tests-of-32-bytes');
    const statuses: number[] = [];
    // By turns at both workers: each alone sees half of the failures.
    for (let i = 0; i < 10; i++) {
      statuses.push((await call({ port: railguard.port, headers: bearer(bad) })).status);
      await sleep(20);
    }
    expect(statuses.slice(0, 6)).toEqual(Array.from({ length: 6 }, () => 401));
    expect(statuses.slice(8)).toEqual([403, 403]);
  });
});

describe('one worker', () => {
  it('is one process', async () => {
    const railguard = await start({ WORKERS: '1' });
    expect(children(railguard.child.pid)).toEqual([]);
    expect(await metric(railguard.adminPort, 'railguard_workers{state="ready"}')).toBeNaN();
  });

  it('that nobody asked for says so', async () => {
    const child = await startRailguard({ args: ['worker'], wait: 'none' });
    expect(await child.child.exited).toEqual({ code: 64, signal: null });
    expect(child.child.stderr.join('\n')).toContain('WORKERS');
  });
});
