/** railguard beside a database that dies, freezes, restarts and moves, under load: traffic and audit events do not notice. */
import http from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, until } from '../harness/ports.ts';
import { PostgresCluster } from '../harness/postgres-cluster.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { startUvicorn, type Uvicorn } from '../harness/uvicorn.ts';

/** Milliseconds of each of the four troubles; a whole minute of them with RAILGUARD_FULL=1. */
const FULL = process.env.RAILGUARD_FULL === '1';
const EACH = FULL ? 15_000 : 1_500;
/** Requests a second through the proxy, and changes asked of the admin port, each of which is an audit event. */
const RATE = 200;
const CHANGES = 25;

let cluster: PostgresCluster;
let app: Uvicorn;
let railguard: Railguard;
/** Another one, without a database, under the same load at the same time: what differs is the database's doing. */
let control: Railguard;
let url: string;
let second: number;

beforeAll(async () => {
  [cluster, app, second] = await Promise.all([PostgresCluster.start(), startUvicorn(), freePort()]);
  url = cluster.url.replace(`127.0.0.1:${cluster.port}/`, `127.0.0.1:${cluster.port},127.0.0.1:${second}/`);
  railguard = await startRailguard({
    env: {
      DATABASE_URL: `${url}?target_session_attrs=read-write`,
      UPSTREAM_URL: app.url,
      ADMIN_TOKEN,
      LOG_LEVEL: 'info',
    },
  });
  control = await startRailguard({ env: { UPSTREAM_URL: app.url, ADMIN_TOKEN, LOG_LEVEL: 'info' } });
});
afterAll(async () => {
  await Promise.all([railguard.kill(), control.kill()]);
  await app.stop();
  await cluster.stop();
});

const ADMIN_TOKEN = 'a-token-of-at-least-thirty-two-characters';
const AUTHORIZED = { authorization: `Bearer ${ADMIN_TOKEN}` };
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const agent = new http.Agent({ keepAlive: true, maxSockets: 50 });

/** Milliseconds to the whole answer; rejects unless it is a 200. */
function ask(port: number, path: string): Promise<number> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const request = http.get({ port, path, agent, host: '127.0.0.1' }, (answer) => {
      answer.resume();
      answer.once('end', () =>
        answer.statusCode === 200
          ? resolve(performance.now() - began)
          : reject(new Error(`${path}: ${answer.statusCode}`)),
      );
    });
    request.once('error', reject);
  });
}

/** Nobody's tokens are verified here, so there is nothing to revoke; that it was asked for is an event. */
async function change(port: number): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/revocations`, {
    method: 'POST',
    headers: AUTHORIZED,
    body: '{"jti":"x"}',
  });
  await answer.arrayBuffer();
  if (answer.status !== 404) throw new Error(`/revocations: ${answer.status}`);
}

class Load {
  private times: [number[], number[]] = [[], []];
  readonly failures: string[] = [];
  changes = 0;
  private running = true;
  private readonly ended: Promise<unknown>;

  constructor() {
    this.ended = Promise.all([
      ...[railguard, control].map(({ port }, i) =>
        this.drive(RATE, async () => {
          const time = await ask(port, '/api/health');
          this.times[i as 0 | 1].push(time);
        }),
      ),
      this.drive(CHANGES, async () => {
        await Promise.all([change(railguard.adminPort), change(control.adminPort)]);
        this.changes++;
      }),
    ]);
  }

  /** The 99th of a hundred since it was last asked for: ours, the other one's, and how much longer ours is. */
  p99(): { readonly ours: number; readonly control: number; readonly ratio: number } {
    const [ours, control] = this.times.map((times) => {
      const sorted = times.sort((a, b) => a - b);
      return Math.round((sorted[Math.floor(sorted.length * 0.99)] ?? 0) * 100) / 100;
    }) as [number, number];
    this.times = [[], []];
    return { ours, control, ratio: Math.round((ours / control) * 100) / 100 };
  }

  async stop(): Promise<void> {
    this.running = false;
    await this.ended;
  }

  private async drive(rate: number, one: () => Promise<void>): Promise<void> {
    const pending = new Set<Promise<void>>();
    let next = performance.now();
    while (this.running) {
      const done = one()
        .catch((error) => void this.failures.push(String(error)))
        .finally(() => pending.delete(done));
      pending.add(done);
      next += 1000 / rate;
      await pause(Math.max(0, next - performance.now()));
    }
    await Promise.all(pending);
  }
}

async function told<T>(path: string): Promise<T> {
  return (await (await fetch(railguard.adminUrl + path, { headers: AUTHORIZED })).json()) as T;
}
const pool = async () => (await told<{ railguard: Record<string, number> }>('/pool')).railguard;
const health = async () =>
  (await told<{ checks: { database?: { ok: boolean } } }>('/health/readiness')).checks.database;

describe('a database in trouble', () => {
  it('costs no request, no audit event, no connection', { timeout: 300_000 }, async () => {
    const load = new Load();
    await pause(500);
    load.p99();
    await pause(EACH);
    const calm = load.p99();
    const troubled: Record<string, ReturnType<Load['p99']>> = {};
    const trouble = async (name: string, begin: () => unknown, end: () => unknown): Promise<void> => {
      await begin();
      await pause(EACH);
      troubled[name] = load.p99();
      await end();
      await until(
        `railguard found it after it was ${name}`,
        30_000,
        async () => (await health())?.ok === true,
        100,
      );
      load.p99();
    };
    const home = cluster.port;
    await trouble(
      'killed',
      () => cluster.kill(),
      () => cluster.startAgain(),
    );
    await trouble(
      'frozen',
      () => cluster.freeze(),
      () => cluster.thaw(),
    );
    await trouble(
      'restarted',
      () => cluster.shutDown(),
      () => cluster.startAgain(),
    );
    await trouble(
      'moved',
      () => cluster.kill(),
      () => cluster.startAgain(second),
    );
    await pause(EACH);
    const after = load.p99();
    await load.stop();
    expect(cluster.port).not.toBe(home);
    expect(load.failures).toEqual([]);
    expect(load.changes).toBeGreaterThan((EACH / 1000) * CHANGES * 3);
    await until('the pool is back at its floor', 20_000, async () => (await pool()).size === 5);
    expect(await cluster.count('railguard')).toBe(5);
    const written = async () =>
      (
        await cluster.sql<{ rows: number; ids: number }>(
          "SELECT count(*)::int AS rows, count(DISTINCT event->>'correlation_id')::int AS ids FROM railguard.audit WHERE event->>'path' = '/revocations'",
        )
      )[0];
    await until(
      'the last event is written',
      10_000,
      async () => (await written())?.rows === load.changes,
      100,
    );
    expect(await written()).toEqual({ rows: load.changes, ids: load.changes });
    const metrics = await (await fetch(`${railguard.adminUrl}/metrics`)).text();
    expect(metrics).toContain('railguard_audit_dropped_total 0');
    const said = railguard.logs().map(({ message }) => message);
    expect(said).not.toContain('uncaught exception');
    expect(said).not.toContain('unhandled rejection');
    expect(said).toContain('the database can not be reached');
    expect(said).toContain('the database answers again');
    if (FULL) console.log(JSON.stringify({ calm, troubled, after, changes: load.changes }));
    expect((await railguard.stop()).code).toBe(0);
  });
});

describe('events of a process that ends', () => {
  it('are in the database, and the next process shows them', async () => {
    const env = { DATABASE_URL: cluster.url, DB_POOL_MIN_SIZE: '1', ADMIN_TOKEN };
    const first = await startRailguard({ env, wait: 'listening' });
    for (let i = 0; i < 20; i++) await change(first.adminPort);
    expect((await first.stop()).code).toBe(0);
    const next = await startRailguard({ env, wait: 'listening' });
    await until('its schema stands', 5000, async () => {
      const answer = await fetch(`${next.adminUrl}/audit?type=admin_access&limit=25`, {
        headers: AUTHORIZED,
      });
      const { events } = (await answer.json()) as { events: { path: string }[] };
      return events.filter(({ path }) => path === '/revocations').length >= 20;
    });
    await next.kill();
  });

  it("lets the app's own pool be seen under its name, idle and busy", { timeout: 60_000 }, async () => {
    const own = await startUvicorn({ env: { DATABASE_URL: cluster.url } });
    const env = { DATABASE_URL: cluster.url, UPSTREAM_URL: own.url, DB_POOL_MIN_SIZE: '1' };
    const idle = await startRailguard({ env });
    expect(await seen(idle)).toEqual({ idle: 5 });
    const busy = Promise.all(Array.from({ length: 20 }, () => ask(idle.port, '/db?s=4')));
    await until('the app has all twenty', 4000, async () => (await cluster.count(APP)) === 20);
    // Figures are up to ten seconds old, so another one looks.
    const late = await startRailguard({ env });
    expect(await seen(late)).toEqual({ active: 20 });
    await busy;
    const metrics = await (await fetch(`${late.adminUrl}/metrics`)).text();
    expect(metrics).toContain(`railguard_db_server_connections{application="${APP}",state="active"} 20`);
    await Promise.all([idle.kill(), late.kill()]);
    await own.stop();
  });
});

const APP = 'monkey_coder_production';

/** The app's connections on `/pool`, by state. */
async function seen(by: Railguard): Promise<Record<string, number>> {
  const { server } = (await (await fetch(`${by.adminUrl}/pool`)).json()) as {
    server: { by_application: { application: string; count: number; state: string }[] };
  };
  const mine = server.by_application.filter(({ application }) => application === APP);
  return Object.fromEntries(mine.map(({ state, count }) => [state, count]));
}
