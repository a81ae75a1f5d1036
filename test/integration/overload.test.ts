/** More than can be borne: what is too much is refused at once, what was accepted is served, and health always answers. */
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, call } from '../harness/h1.ts';
import { NodeApp } from '../harness/node-app.ts';
import { until } from '../harness/ports.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { RawClient } from '../harness/raw.ts';
import { metric } from '../harness/scripted-upstream.ts';

/** Seconds of load: RAILGUARD_SOAK=1 takes the whole half minute. */
const SECONDS = process.env.RAILGUARD_SOAK === '1' ? 30 : 5;
/** Milliseconds the app takes for a request. */
const SERVICE = 100;
const CONNECTIONS = 20;
const IN_FLIGHT = 60;

let app: NodeApp;
let upstream: string;
/** Answers that are held back, by request. */
let held: (() => void)[] = [];
const running: Railguard[] = [];

beforeAll(async () => {
  app = await NodeApp.start((request, response) => {
    request.resume();
    if (request.url === '/held') held.push(() => response.end('at last'));
    else if (request.url === '/slow') setTimeout(() => response.end('ok'), SERVICE);
    else response.end('ok');
  }, 60_000);
  upstream = app.url;
});
afterAll(() => app.stop());
beforeEach(() => {
  held = [];
});
afterEach(async () => {
  for (const release of held) release();
  await Promise.all(running.splice(0).map((railguard) => railguard.kill()));
});

async function start(env: Record<string, string> = {}): Promise<Railguard> {
  const railguard = await startRailguard({ env: { UPSTREAM_URL: upstream, ...env } });
  running.push(railguard);
  return railguard;
}

/** Requests that the app holds back until the end of the test. */
async function occupy(port: number, count: number): Promise<void> {
  for (let i = 0; i < count; i++) void call({ port, path: '/held' }).catch(() => undefined);
  await until(`${count} requests are with the app`, 5000, () => held.length === count);
}

const problemOf = (body: Buffer) => JSON.parse(body.toString()) as Record<string, unknown>;
const get = (path: string, fields = '') => `GET ${path} HTTP/1.1\r\nHost: app.test\r\n${fields}\r\n`;
const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? Number.NaN;

describe('MAX_IN_FLIGHT', () => {
  it('refuses what is more, whole, before a token is looked at; health and admin answer on', async () => {
    const railguard = await start({
      MAX_IN_FLIGHT: '3',
      JWT_MODE: 'require',
      JWT_PUBLIC_PATHS: '/held',
      JWT_SECRET_KEY: 'k'.repeat(48),
      CORS_ORIGINS: 'https://page.example',
    });
    const { port, adminPort } = railguard;
    await occupy(port, 3);
    const headers = { authorization: 'Bearer not.a.token', origin: 'https://page.example' };
    const refused = await call({ port, headers });
    expect(refused.status).toBe(503);
    expect(refused.headers).toMatchObject({
      'retry-after': '1',
      'content-type': 'application/problem+json',
      'x-content-type-options': 'nosniff',
      'access-control-allow-origin': 'https://page.example',
    });
    const id = refused.headers['x-correlation-id'];
    expect(problemOf(refused.body)).toMatchObject({ code: 'overloaded', status: 503, correlation_id: id });
    expect((await call({ port, path: '/health' })).status).toBe(200);
    expect(await railguard.readiness()).toBe(200);
    expect(await metric(adminPort, 'railguard_shed_total{reason="in_flight"}')).toBe(1);
    held.pop()?.();
    await until('there is room again', 2000, async () => (await call({ port })).status === 401);
  });

  it('refuses in less than a millisecond', async () => {
    const { port } = await start({ MAX_IN_FLIGHT: '1' });
    await occupy(port, 1);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const times: number[] = [];
    for (let i = 0; i < 300; i++) {
      const answer = await call({ port, agent });
      expect(answer.status).toBe(503);
      times.push(Number.parseFloat(String(answer.headers['x-response-time'])));
    }
    agent.destroy();
    expect(quantile(times, 0.5)).toBeLessThan(1);
  });
});

describe('MAX_CONNECTIONS', () => {
  const silent: RawClient[] = [];
  const open = async (port: number, count: number): Promise<RawClient[]> => {
    const opened = await Promise.all(Array.from({ length: count }, () => RawClient.connect(port)));
    silent.push(...opened);
    return opened;
  };
  afterEach(() => {
    for (const client of silent.splice(0)) client.close();
  });

  it('gives a connection that is one too many a whole refusal, and health its answer', async () => {
    const { port, adminPort } = await start({ MAX_CONNECTIONS: '5' });
    await open(port, 5);
    const [late, probe] = (await open(port, 2)) as [RawClient, RawClient];
    late.send(get('/a') + get('/b'));
    const refused = await late.response();
    expect(refused.status).toBe(503);
    expect(refused.get('retry-after')).toBe('1');
    expect(refused.get('connection')).toBe('close');
    expect(refused.get('x-content-type-options')).toBe('nosniff');
    expect(problemOf(refused.body)).toMatchObject({
      code: 'overloaded',
      correlation_id: refused.get('x-correlation-id'),
    });
    await late.closed(3000);
    expect(late.received.length).toBe(0);
    probe.send(get('/health'));
    const health = await probe.response();
    expect([health.status, health.get('connection')]).toEqual([200, 'close']);
    expect(await metric(adminPort, 'railguard_shed_total{reason="connections"}')).toBe(1);
  });

  it('lets no number of silent connections stand between a probe and its answer', async () => {
    const { port, child } = await start({ MAX_CONNECTIONS: '5', HEADER_TIMEOUT: '30s' });
    await open(port, 5);
    const before = child.descriptors();
    const crowd = await open(port, 200);
    const started = performance.now();
    expect((await call({ port, path: '/health' })).status).toBe(200);
    expect(performance.now() - started).toBeLessThan(1000);
    expect(child.descriptors() - before).toBeLessThan(80);
    const first = await (crowd[0] as RawClient).response();
    expect([first.status, problemOf(first.body).code]).toEqual([503, 'overloaded']);
    await until('the others are shown out', 4000, () => crowd.every(({ ended }) => ended));
  });

  it('tells an HTTP/2 client too, and sends it away', async () => {
    const { connect } = await import('node:http2');
    const { port } = await start({ MAX_CONNECTIONS: '2' });
    await open(port, 2);
    const session = connect(`http://127.0.0.1:${port}`);
    const goneAway = new Promise((resolve) => session.once('goaway', resolve));
    const stream = session.request({ ':path': '/a' });
    const head = await new Promise<Record<string, unknown>>((resolve, reject) => {
      stream.once('response', resolve).once('error', reject);
    });
    expect([head[':status'], head['retry-after']]).toEqual([503, '1']);
    stream.resume();
    await goneAway;
    session.close();
  });

  it('serves normally again once there is room', async () => {
    const { port } = await start({ MAX_CONNECTIONS: '3' });
    const [first] = await open(port, 3);
    expect((await call({ port })).status).toBe(503);
    first?.close();
    await until('there is room', 2000, async () => (await call({ port })).status === 200);
  });
});

describe('an event loop that runs late', () => {
  it('turns a part of the requests away, never health, and none once it keeps up', async () => {
    const { port, adminPort, child } = await start({ MAX_EVENT_LOOP_DELAY: '40ms' });
    await occupy(port, 20);
    const asked: Promise<number>[] = [];
    const probes: Promise<number>[] = [];
    const ask = async (path: string): Promise<number> => (await call({ port, path })).status;
    for (let turn = 0; turn < 20; turn++) {
      // What a machine does that has no time for the process.
      child.kill('SIGSTOP');
      for (let i = 0; i < 5; i++) asked.push(ask('/'));
      probes.push(ask('/health'));
      await sleep(120);
      child.kill('SIGCONT');
      await sleep(15);
    }
    const statuses = await Promise.all(asked);
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
    expect(new Set(await Promise.all(probes))).toEqual(new Set([200]));
    const shed = 'railguard_shed_total{reason="event_loop"}';
    expect(await metric(adminPort, shed)).toBe(statuses.filter((status) => status === 503).length);
    const share = async (): Promise<number> => metric(adminPort, 'railguard_overload_share');
    await until('nothing is shed any more', 5000, async () => (await share()) === 0);
    expect((await call({ port })).status).toBe(200);
    const said = child.stdout.filter((line) => line.includes('the event loop runs late'));
    expect(said).toHaveLength(1);
  });
});

describe('the app’s connections', () => {
  it('are waited for as long as one may take to open, then the request is refused', async () => {
    const env = { UPSTREAM_MAX_CONNECTIONS: '1', UPSTREAM_CONNECT_TIMEOUT: '300ms' };
    const { port, adminPort } = await start(env);
    await occupy(port, 1);
    const started = performance.now();
    const refused = await call({ port });
    const waited = performance.now() - started;
    expect([refused.status, problemOf(refused.body).code]).toEqual([503, 'overloaded']);
    expect(refused.headers['retry-after']).toBe('1');
    expect(waited).toBeGreaterThan(250);
    expect(waited).toBeLessThan(1500);
    const counted = 'railguard_refusals_total{filter="forward",code="overloaded",mode="enforce"}';
    expect(await metric(adminPort, counted)).toBe(1);
    held.pop()?.();
    await until('the connection is free', 2000, async () => (await call({ port })).status === 200);
  });
});

/** Asks health and admin as a platform does, ten times a second; resolves to the slowest answers when stopped. */
function probing({ port, adminPort }: Railguard) {
  const places = [
    { port, path: '/health' },
    { port: adminPort, path: '/health' },
    { port: adminPort, path: '/health/readiness' },
  ];
  const times: number[] = [];
  const failed: number[] = [];
  let on = true;
  const over = (async () => {
    while (on) {
      for (const place of places) {
        const started = performance.now();
        const { status } = await call(place);
        times.push(performance.now() - started);
        if (status !== 200) failed.push(status);
      }
      await sleep(100);
    }
  })();
  return {
    async stop() {
      on = false;
      await over;
      return { times, failed };
    },
  };
}

interface Tally {
  readonly ok: number[];
  readonly refused: number[];
  readonly other: number;
}

/** Sends `rate` requests a second whatever becomes of them, and waits for the last answer; times in milliseconds. */
async function offer(port: number, rate: number, seconds: number): Promise<Tally> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  const tally = { ok: [] as number[], refused: [] as number[], other: 0 };
  const one = async (): Promise<void> => {
    const started = performance.now();
    const answer = await call({ port, path: '/slow', agent }).catch((): Answer | undefined => undefined);
    const took = performance.now() - started;
    if (answer?.status === 200) tally.ok.push(took);
    else if (answer?.status === 503) tally.refused.push(took);
    else tally.other++;
  };
  const all: Promise<void>[] = [];
  const started = performance.now();
  for (let elapsed = 0; elapsed < seconds * 1000; elapsed = performance.now() - started) {
    while (all.length < (elapsed / 1000) * rate) all.push(one());
    await sleep(5);
  }
  await Promise.all(all);
  agent.destroy();
  return tally;
}

/** What the app can bear, as its connections are always busy: answers a second. */
async function capacity(port: number, seconds: number): Promise<number> {
  const agent = new http.Agent({ keepAlive: true });
  let answered = 0;
  const end = performance.now() + seconds * 1000;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (performance.now() < end) {
        await call({ port, path: '/slow', agent });
        answered++;
      }
    }),
  );
  agent.destroy();
  return answered / seconds;
}

describe('four times what the app can bear', () => {
  it('is served as far as the app can, in bounded time; the rest is refused, and health answers', async () => {
    const railguard = await start({
      UPSTREAM_MAX_CONNECTIONS: String(CONNECTIONS),
      MAX_IN_FLIGHT: String(IN_FLIGHT),
    });
    const { port } = railguard;
    const bearable = await capacity(port, 3);
    const probes = probing(railguard);
    const { ok, refused, other } = await offer(port, bearable * 4, SECONDS);
    const { times, failed } = await probes.stop();
    const figures = {
      capacity: bearable,
      offered: (ok.length + refused.length) / SECONDS,
      goodput: ok.length / SECONDS,
      accepted_p99: quantile(ok, 0.99),
      refused_p50: quantile(refused, 0.5),
      refused_p99: quantile(refused, 0.99),
      probes: times.length,
      probe_p99: quantile(times, 0.99),
      probe_slowest: Math.max(...times),
    };
    console.log(JSON.stringify(figures));
    expect(other).toBe(0);
    expect(figures.goodput).toBeGreaterThan(bearable * 0.9);
    // A place among those in flight is worth its turns with the app.
    expect(figures.accepted_p99).toBeLessThan((IN_FLIGHT / CONNECTIONS) * SERVICE * 2);
    expect(failed).toEqual([]);
    expect(figures.probe_slowest).toBeLessThan(100);
    expect(railguard.child.exit).toBeUndefined();
  });
});
