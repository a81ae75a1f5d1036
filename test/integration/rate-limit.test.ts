/** The rate limit as clients meet it: one budget a client whatever it claims, one budget for all replicas, and none lost with Redis. */
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, call } from '../harness/h1.ts';
import { NodeApp } from '../harness/node-app.ts';
import { until } from '../harness/ports.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { RawClient } from '../harness/raw.ts';
import { RedisServer } from '../harness/redis-server.ts';

/** Seconds of hammering: RAILGUARD_SOAK=1 takes the whole minute. */
const HAMMER_SECONDS = process.env.RAILGUARD_SOAK === '1' ? 60 : 6;
const INTERVAL = 1200;

let app: NodeApp;
let upstream: string;
let served = 0;
const running: Railguard[] = [];

beforeAll(async () => {
  app = await NodeApp.start((request, response) => {
    served++;
    request.resume();
    response.end('ok');
  });
  upstream = app.url;
});
afterAll(() => app.stop());
beforeEach(() => {
  served = 0;
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((railguard) => railguard.kill()));
});

async function start(env: Record<string, string> = {}): Promise<Railguard> {
  const railguard = await startRailguard({
    env: { UPSTREAM_URL: upstream, ENABLE_RATE_LIMITING: 'true', ...env },
  });
  running.push(railguard);
  return railguard;
}

const statuses = (answers: readonly Answer[]) => {
  const seen: Record<number, number> = {};
  for (const { status } of answers) seen[status] = (seen[status] ?? 0) + 1;
  return seen;
};

describe('one client', () => {
  it('passes 10 times, then is told when it may come again, and does', async () => {
    const { port } = await start();
    const answers: Answer[] = [];
    for (let i = 0; i < 15; i++) answers.push(await call({ port }));
    expect(statuses(answers)).toEqual({ 200: 10, 429: 5 });
    expect(served).toBe(10);
    const [first] = answers as [Answer];
    expect(first.headers).toMatchObject({
      'ratelimit-policy': '"default";q=50;w=60',
      ratelimit: '"default";r=9;t=2',
      'x-ratelimit-limit': '50',
      'x-ratelimit-remaining': '9',
    });
    const refused = answers.at(-1) as Answer;
    expect(refused.headers['content-type']).toBe('application/problem+json');
    expect(JSON.parse(refused.body.toString())).toMatchObject({
      type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
      code: 'rate_limited',
      'violated-policies': ['default'],
    });
    await sleep(Number(refused.headers['retry-after']) * 1000);
    expect((await call({ port })).status).toBe(200);
  });

  it('is the socket peer, whatever forwarding fields it forges', async () => {
    const { port } = await start();
    const client = await RawClient.connect(port);
    const seen: number[] = [];
    for (let i = 0; i < 20; i++) {
      const forged = ['X-Forwarded-For', 'X-Real-IP', 'Forwarded', 'CF-Connecting-IP', 'True-Client-IP'];
      const lines = forged.map((name) => `${name}: ${name === 'Forwarded' ? 'for=' : ''}198.51.100.${i}`);
      client.send(`GET / HTTP/1.1\r\nHost: app.test\r\n${lines.join('\r\n')}\r\n\r\n`);
      seen.push((await client.response()).status);
    }
    client.close();
    expect(seen).toEqual([...Array(10).fill(200), ...Array(10).fill(429)]);
    expect(served).toBe(10);
  });

  it.each([
    ['an IPv6 /64', ['2001:db8:1:2::1', '2001:DB8:1:2:0:0:0:2', '2001:db8:1:2:ffff::3'], '2001:db8:1:3::1'],
    ['IPv4 in either spelling', ['::ffff:203.0.113.7', '203.0.113.7'], '203.0.113.8'],
  ])('behind a trusted proxy is %s (D35)', async (_, group, other) => {
    const { port } = await start({
      CLIENT_IP_SOURCE: 'x-forwarded-for',
      TRUSTED_PROXIES: '127.0.0.0/8',
      RATE_LIMIT_PER_MINUTE: '5',
      RATE_LIMIT_BURST: '5',
    });
    const ask = (address: string) => call({ port, headers: { 'x-forwarded-for': address } });
    const answers: Answer[] = [];
    for (let i = 0; i < 20; i++) answers.push(await ask(group[i % group.length] as string));
    expect(answers.map(({ status }) => status)).toEqual([...Array(5).fill(200), ...Array(15).fill(429)]);
    for (const { headers } of answers.slice(5)) expect(headers['retry-after']).toMatch(/^[1-9]\d*$/);
    expect(served).toBe(5);
    expect((await ask(other)).status).toBe(200);
  });

  it('meets the limit of a route however the target is spelled, and none on exempt paths and health', async () => {
    const { port } = await start({
      RATE_LIMIT_ROUTES: 'POST /login=3/m',
      RATE_LIMIT_EXEMPT_PATHS: '/status',
    });
    const spellings = ['/login', '/login?x=1', '/%6cogin', '/./login', '/login;x', '//login'];
    const answers: Answer[] = [];
    for (let i = 0; i < 12; i++)
      answers.push(await call({ port, method: 'POST', path: spellings[i % spellings.length] as string }));
    const passed = answers.filter(({ status }) => status === 200).length;
    expect(passed).toBe(3);
    for (const path of ['/status', '/health']) {
      for (let i = 0; i < 30; i++) {
        const answer = await call({ port, path });
        expect(answer.status).toBe(200);
        expect(answer.headers['ratelimit-policy']).toBeUndefined();
      }
    }
  });
});

describe('three processes on one Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());

  /** On a machine so busy that Redis took 50 ms to answer, processes counted for themselves: no case of this test. */
  async function undisturbed(attempt: (guards: readonly Railguard[]) => Promise<() => void>): Promise<void> {
    for (let i = 0; i < 6; i++) {
      await redis.forget();
      const guards = await Promise.all([1, 2, 3].map(() => start({ REDIS_URL: redis.url })));
      const check = await attempt(guards);
      const texts = await Promise.all(
        guards.map(async ({ adminUrl }) => (await fetch(`${adminUrl}/metrics`)).text()),
      );
      await Promise.all(running.splice(0).map((railguard) => railguard.kill()));
      if (!texts.some((text) => text.includes('store="local"'))) return check();
    }
    expect.fail('Redis was late in every attempt');
  }

  it('are one budget: exactly 10 of 1,000 concurrent requests pass', async () => {
    await undisturbed(async (guards) => {
      served = 0;
      const began = performance.now();
      const answers = await Promise.all(
        Array.from({ length: 1000 }, (_, i) => call({ port: (guards[i % 3] as Railguard).port })),
      );
      const more = Math.floor((performance.now() - began) / INTERVAL);
      return () => {
        const passed = statuses(answers)[200] as number;
        expect(passed).toBeGreaterThanOrEqual(10);
        expect(passed).toBeLessThanOrEqual(10 + more);
        expect(served).toBe(passed);
        for (const { headers, status } of answers)
          if (status === 429) expect(headers['retry-after']).toMatch(/^[12]$/);
      };
    });
  });

  it('let one pass each 1.2 s afterwards, to the very number', async () => {
    await undisturbed(async (guards) => {
      const agents = guards.map(() => new http.Agent({ keepAlive: true, maxSockets: 4 }));
      served = 0;
      // Ends half an interval from any edge.
      const end = performance.now() + HAMMER_SECONDS * 1000 + INTERVAL / 2;
      const others: number[] = [];
      const hammer = async (i: number) => {
        while (performance.now() < end) {
          const at = i % 3;
          const { status } = await call({
            port: (guards[at] as Railguard).port,
            agent: agents[at] as http.Agent,
          });
          if (status !== 200 && status !== 429) others.push(status);
          await sleep(15);
        }
      };
      await Promise.all(Array.from({ length: 3 }, (_, i) => hammer(i)));
      for (const agent of agents) agent.destroy();
      const passed = served;
      return () => {
        expect(others).toEqual([]);
        expect(passed).toBe(10 + Math.floor((HAMMER_SECONDS * 1000 + INTERVAL / 2) / INTERVAL));
      };
    });
  }, 300_000);
});

describe('a Redis that fails under load', () => {
  let redis: RedisServer;
  let railguard: Railguard;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    railguard = await start({ REDIS_URL: redis.url, LOG_LEVEL: 'info', PERFORMANCE_LOGS: 'false' });
  });

  const metric = async (decision: string, store: string) => {
    const text = await (await fetch(`${railguard.adminUrl}/metrics`)).text();
    const line = new RegExp(
      `^railguard_rate_limit_total\\{decision="${decision}",store="${store}"\\} (\\d+)$`,
      'm',
    );
    return Number(line.exec(text)?.[1] ?? 0);
  };
  const said = (text: string) =>
    railguard.logs().filter(({ event_type, message }) => event_type === 'rate_limit' && message === text)
      .length;
  const gone = () => said('the rate limit store does not answer');
  const back = () => said('the rate limit store answers again');

  it('fails and delays no request, keeps limits, says so once, and is used again', async () => {
    const load = new Load(railguard.port);
    await sleep(400);
    expect(load.passed).toBe(10);
    await redis.stop();
    await until('the outage is noticed', 3000, () => gone() === 1);
    await sleep(500);
    // The count went on: what the store had said was that all ten were spent.
    expect(await metric('limited', 'local')).toBeGreaterThan(10);
    expect(load.passed).toBeLessThanOrEqual(11);
    await redis.start();
    await until('the return is noticed', 5000, () => back() === 1);
    redis.pause();
    await until('the pause is noticed', 3000, () => gone() === 2);
    await sleep(1500);
    redis.resume();
    await until('the second return is noticed', 5000, () => back() === 2);
    const before = await metric('limited', 'redis');
    await sleep(300);
    expect(await metric('limited', 'redis')).toBeGreaterThan(before);
    await load.stop();
    expect(load.others).toEqual([]);
    expect(load.longest).toBeLessThan(60 + load.stall);
    expect(railguard.child.stderr).toEqual([]);
  });

  it('refuses with 503 when the operator chose closed, and serves again by itself', async () => {
    await railguard.kill();
    railguard = await start({ REDIS_URL: redis.url, RATE_LIMIT_ON_STORE_FAILURE: 'closed' });
    const { port } = railguard;
    expect((await call({ port })).status).toBe(200);
    await redis.stop();
    const answer = await call({ port });
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.body.toString()).code).toBe('store_unavailable');
    expect(answer.headers['retry-after']).toMatch(/^\d+$/);
    await redis.start();
    await until('it serves again', 5000, async () => (await call({ port })).status === 200);
  });
});

/** A steady client on one connection that notes what is slow or strange. */
class Load {
  passed = 0;
  longest = 0;
  /** Milliseconds this very process was kept from running: its own delay, not railguard's. */
  stall = 0;
  readonly others: unknown[] = [];
  private running = true;
  private readonly done: Promise<void>;

  constructor(port: number) {
    this.done = this.run(port);
  }

  async stop(): Promise<void> {
    this.running = false;
    await this.done;
  }

  private async run(port: number): Promise<void> {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    let tick = performance.now();
    const watch = setInterval(() => {
      this.stall = Math.max(this.stall, performance.now() - tick - 2);
      tick = performance.now();
    }, 2);
    while (this.running) {
      const asked = performance.now();
      try {
        const { status } = await call({ port, agent });
        if (status === 200) this.passed++;
        else if (status !== 429) this.others.push(status);
      } catch (error) {
        this.others.push(error);
      }
      this.longest = Math.max(this.longest, performance.now() - asked);
      await sleep(3);
    }
    clearInterval(watch);
    agent.destroy();
  }
}
