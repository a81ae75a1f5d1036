import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http, { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KeyServer } from '../harness/key-server.ts';
import { freePort } from '../harness/ports.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres-server.ts';
import { RedisServer } from '../harness/redis-server.ts';
import { SentryReceiver } from '../harness/sentry-receiver.ts';
import { startUvicorn, type Uvicorn } from '../harness/uvicorn.ts';
import { healthy, type Settings } from '../unit/admin/validate/healthy.ts';
import { violations } from '../unit/admin/validate/json-schema.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const ENTRY = process.env.RAILGUARD_ENTRY ?? join(ROOT, 'dist/main.js');
const schema = JSON.parse(readFileSync(join(ROOT, 'docs/validate.schema.json'), 'utf8')) as object;

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Report {
  readonly overall_status: string;
  readonly ready_for_deployment: boolean;
  readonly checks: Readonly<
    Record<
      string,
      {
        readonly details: Readonly<Record<string, unknown>>;
        readonly issues: readonly { readonly id: string; readonly message: string; readonly mend: string }[];
      }
    >
  >;
}

let cwd: string;

function run(env: Settings, ...flags: string[]): Promise<Ended> {
  return new Promise((done) => {
    const options = { env, cwd, timeout: 60_000 };
    execFile(process.execPath, [ENTRY, 'validate', ...flags], options, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

async function report(env: Settings, ...flags: string[]): Promise<Report & { readonly code: number }> {
  const { code, stdout } = await run(env, '--json', ...flags);
  const document = JSON.parse(stdout) as Report;
  expect(violations(document, schema)).toEqual([]);
  return { ...document, code };
}

const spoken = ({ checks }: Report): string[] =>
  Object.values(checks).flatMap(({ issues }) => issues.map(({ id }) => id));
const live = (outcome: Report): string[] => spoken(outcome).filter((id) => id.startsWith('live-'));

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'railguard-validate-'));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

describe('the command', () => {
  it('ends with 0 for an environment that is ready, and prints plain text off a terminal', async () => {
    const { code, stdout, stderr } = await run(healthy());
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Ready for deployment: healthy, 0 critical, 0 warnings, score 100/100.');
    expect(stdout).not.toContain('\u001b');
  });

  it('ends with 1 when something is critical, and says so in a document of the published shape', async () => {
    const { code, ready_for_deployment, ...rest } = await report({ ...healthy(), PORT: '0' });
    expect({ code, ready_for_deployment }).toEqual({ code: 1, ready_for_deployment: false });
    expect(spoken(rest as Report)).toEqual(['port-random']);
  });

  it('ends with 0 on warnings alone', async () => {
    const { code, overall_status } = await report({ ...healthy(), LOG_LEVEL: 'debug' });
    expect({ code, overall_status }).toEqual({ code: 0, overall_status: 'warning' });
  });

  it('ends with 64 on a flag it does not have', async () => {
    const { code, stderr } = await run(healthy(), '--jsn');
    expect({ code, stderr }).toMatchObject({ code: 64, stderr: expect.stringContaining('--json') });
  });

  it('shows colours and its progress on a terminal', async () => {
    const env = { ...healthy(), UPSTREAM_URL: `http://127.0.0.1:${await freePort()}` };
    const script = join(cwd, 'typescript');
    const line = `'${process.execPath}' '${ENTRY}' validate --live`;
    await new Promise<void>((done) => {
      execFile('script', ['-qec', line, script], { env: { ...env, TERM: 'xterm' }, cwd }, () => done());
    });
    const shown = readFileSync(script, 'utf8');
    expect(shown).toContain('\u001b[32m✓');
    expect(shown).toMatch(/0 of \d+ answers …/);
  });
});

describe('--live, with everything there', () => {
  let app: Uvicorn;
  let postgres: PostgresServer;
  let redis: RedisServer;
  let sentry: SentryReceiver;
  let keys: KeyServer;
  let env: Settings;
  let outcome: Report & { readonly code: number };

  beforeAll(async () => {
    [app, postgres, redis, sentry, keys] = await Promise.all([
      startUvicorn(),
      startPostgres(),
      RedisServer.start(),
      SentryReceiver.start(),
      KeyServer.start([{ kty: 'OKP', crv: 'Ed25519', x: 'AAAA', kid: 'a' }]),
    ]);
    env = {
      ...healthy(),
      UPSTREAM_URL: app.url,
      DATABASE_URL: postgres.url,
      REDIS_URL: redis.url,
      SENTRY_DSN: sentry.dsn,
      JWT_JWKS_URL: keys.url,
      JWT_ALGORITHM: 'HS256,EdDSA',
    };
    outcome = await report(env, '--live');
  });

  afterAll(async () => {
    await Promise.all([app?.stop(), postgres?.stop(), redis?.stop(), sentry?.stop(), keys?.stop()]);
  });

  it('finds nothing wrong with any of it', () => {
    expect(live(outcome)).toEqual([]);
  });

  it('says which addresses the app listens on, and where it answers for its health', () => {
    expect(outcome.checks.railway?.details).toMatchObject({
      upstream_ipv4: 'listens',
      upstream_ipv6: 'no address',
      upstream_health: { path: '/health', status: 200 },
    });
  });

  it("sees the app's own CORS and headers", () => {
    expect(outcome.checks.security?.details).toMatchObject({
      upstream_cors: expect.stringMatching(/^(none|any origin|some origins)$/),
      upstream_headers: {
        disclosing: ['server'],
        missing: expect.arrayContaining(['content-security-policy']),
      },
      jwks_keys: 1,
    });
  });

  it('says what the database is: version, room, rights, no pooler in between', () => {
    const server = outcome.checks.database?.details.server as Record<string, unknown>;
    expect(server).toMatchObject({ max_connections: 100, tls: false, pooler: false, superuser: true });
    expect(server.version).toBeGreaterThan(13);
    expect(outcome.checks.database?.details.redis_server).toMatchObject({ role: 'master' });
  });

  it('tells Sentry nothing: it only looks whether it is there', () => {
    expect(outcome.checks.monitoring?.details.sentry_server).toMatchObject({ host: '127.0.0.1' });
    expect(sentry.events).toEqual([]);
  });

  it('counts the pools against what the server has to give', async () => {
    const wide = await report({ ...env, DB_POOL_MAX_OVERFLOW: '80', DB_MAX_CONNECTIONS: '1000' }, '--live');
    expect(live(wide)).toEqual(['live-database']);
    expect(wide.code).toBe(1);
  });

  it("says when the app's headers reach browsers as they are", async () => {
    const bare = await report({ ...env, ENABLE_SECURITY_HEADERS: 'false' }, '--live');
    expect(live(bare)).toEqual(['live-upstream-headers']);
  });

  it('says that a password is wrong, and never which', async () => {
    const password = 'quite-another-password-4711';
    const url = postgres.url.replace(':password@', `:${password}@`);
    const { code, stdout } = await run({ ...env, DATABASE_URL: url }, '--live', '--json');
    expect(code).toBe(1);
    expect(stdout).toContain('28P01');
    expect(stdout).not.toContain('another-password');
  });
});

describe('--live, with nothing there', () => {
  it('says each thing that is away, within seconds', async () => {
    const [app, sql, cache, dsn, keys] = await Promise.all(Array.from({ length: 5 }, () => freePort()));
    const away = await report(
      {
        ...healthy(),
        UPSTREAM_URL: `http://127.0.0.1:${app}`,
        DATABASE_URL: `postgresql://railguard:x@127.0.0.1:${sql}/x`,
        REDIS_URL: `redis://127.0.0.1:${cache}`,
        SENTRY_DSN: `http://0123456789abcdef0123456789abcdef@127.0.0.1:${dsn}/1`,
        JWT_JWKS_URL: `http://127.0.0.1:${keys}/`,
        JWT_ALGORITHM: 'HS256,EdDSA',
      },
      '--live',
    );
    expect(away.code).toBe(1);
    const redisIssue = away.checks.database?.issues.find(({ id }) => id === 'live-redis');
    expect(redisIssue?.message).toContain('ECONNREFUSED');
    for (const id of ['live-upstream-reachable', 'live-database', 'live-redis', 'live-sentry', 'live-jwks'])
      expect(live(away)).toContain(id);
  });

  it('says that a name does not resolve, and why that may be', async () => {
    const { checks } = await report({ ...healthy(), UPSTREAM_URL: 'http://app.invalid:8000' }, '--live');
    const issue = checks.railway?.issues.find(({ id }) => id === 'live-upstream-reachable');
    expect(issue?.message).toContain('app.invalid');
    expect(issue?.mend).toContain('private name');
  });
});

describe('--live, with an app that is odd', () => {
  let server: Server;
  let answer: http.RequestListener;
  const listen = async (host: string): Promise<string> => {
    server = createServer((request, response) => answer(request, response));
    await new Promise<void>((done) => server.listen(0, host, done));
    return `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;
  };
  const only = async (url: string, more: Settings = {}): Promise<Report> => {
    const env = healthy();
    for (const name of ['DATABASE_URL', 'REDIS_URL', 'SENTRY_DSN']) delete env[name];
    const outcome = await report({ ...env, UPSTREAM_URL: url, ...more }, '--live');
    server.closeAllConnections();
    server.close();
    return outcome;
  };

  it('tells an app on IPv6 alone', async () => {
    answer = (_, response) => response.end('ok');
    const { checks } = await only(await listen('::1'));
    expect(checks.railway?.details).toMatchObject({ upstream_ipv4: 'no address', upstream_ipv6: 'listens' });
  });

  it('tells an app that fails at everything', async () => {
    answer = (_, response) => response.writeHead(500).end('no');
    expect(live(await only(await listen('127.0.0.1')))).toEqual(['live-upstream-health']);
  });

  it('is content with an app that has no health path', async () => {
    answer = (_, response) => response.writeHead(404).end('no');
    expect(live(await only(await listen('127.0.0.1')))).toEqual([]);
  });

  it('tells an app that takes any origin while CORS is left to it', async () => {
    answer = (request, response) => {
      response.setHeader('access-control-allow-origin', request.headers.origin ?? '*');
      response.setHeader('access-control-allow-credentials', 'true');
      response.end('ok');
    };
    const { checks } = await only(await listen('127.0.0.1'), { ENABLE_CORS: 'false' });
    const issue = checks.security?.issues.find(({ id }) => id === 'live-upstream-cors');
    expect(issue?.message).toContain('with credentials');
  });

  it('gives up on an app that never answers', async () => {
    answer = () => {};
    expect(live(await only(await listen('127.0.0.1')))).toEqual(
      expect.arrayContaining(['live-upstream-health', 'live-upstream-headers']),
    );
  });
});
