/** What is shipped for Prometheus and Grafana, against a real Prometheus that scrapes a real proxy. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../harness/ports.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres-server.ts';
import { DEPLOY, Prometheus } from '../harness/prometheus.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { claims, hs, SECRET } from '../harness/tokens.ts';

const ADMIN_TOKEN = 'a-token-of-at-least-thirty-two-characters';
const OPENMETRICS = { headers: { accept: 'application/openmetrics-text' } };

/** The metrics that dashboards and alerts may rely on. */
const PROMISED = [
  'http_requests_total',
  'http_request_duration_seconds_bucket',
  'railguard_overhead_seconds_bucket',
  'railguard_refusals_total',
  'railguard_in_flight',
  'railguard_connections',
  'railguard_upstream_connections',
  'railguard_upstream_failures_total',
  'railguard_rate_limit_total',
  'railguard_auth_total',
  'railguard_sessions_active',
  'railguard_secret_score',
  'railguard_secret_age_seconds',
  'railguard_secret_rotation_overdue',
  'railguard_db_pool_connections',
  'railguard_db_pool_waiting',
  'railguard_db_pool_timeouts_total',
  'railguard_db_server_connections',
  'railguard_db_server_max_connections',
  'railguard_redactions_total',
  'railguard_log_dropped_total',
  'railguard_audit_dropped_total',
  'railguard_health',
  'railguard_build_info',
  'process_resident_memory_bytes',
  'process_cpu_seconds_total',
];

const agent = new http.Agent({ keepAlive: true, maxSockets: 48 });

function ask(
  port: number,
  target: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { host: '127.0.0.1', port, path: target, method, headers, agent },
      (answer) => {
        answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
      },
    );
    request.once('error', reject).end();
  });
}

/** Answers, except where it breaks the connection. */
function startApp(): Promise<http.Server> {
  const server = http.createServer((request, response) => {
    if (request.url === '/cut') request.socket.destroy();
    else response.end('{}');
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

/** Every expression of the dashboard, with Grafana's variables as Prometheus would get them. */
function expressions(): string[] {
  const { panels } = JSON.parse(readFileSync(path.join(DEPLOY, 'grafana/railguard.json'), 'utf8')) as {
    panels: readonly Panel[];
  };
  return panels
    .flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
    .map((expr) => expr.replaceAll(/\$(job|instance)/g, '.*').replaceAll('$__rate_interval', '1m'));
}

/** Names of metrics in a PromQL text: what stands before a brace or a bracket. */
const metricNames = (expr: string): string[] =>
  [...expr.matchAll(/\b([a-zA-Z_:][\w:]*)\s*[{[]/g)].map((match) => match[1] as string);

describe('a proxy that Prometheus scrapes', () => {
  let app: http.Server;
  let database: PostgresServer;
  let railguard: Railguard;
  let prometheus: Prometheus;
  let text: string;

  beforeAll(async () => {
    [app, database] = await Promise.all([startApp(), startPostgres()]);
    railguard = await startRailguard({
      env: {
        UPSTREAM_URL: `http://127.0.0.1:${(app.address() as AddressInfo).port}`,
        ADMIN_TOKEN,
        DATABASE_URL: database.url,
        JWT_SECRET_KEY: SECRET,
        ENABLE_RATE_LIMITING: 'true',
        RATE_LIMIT_PER_MINUTE: '6000',
        RATE_LIMIT_BURST: '1000',
        RAILWAY_REPLICA_ID: 'replica-1',
        SERVER_TIMING: 'true',
        AUTH_FAILURES_BEFORE_BLOCK: '0',
        LOG_LEVEL: 'info',
      },
    });
    prometheus = await Prometheus.start(`127.0.0.1:${railguard.adminPort}`, ADMIN_TOKEN);
    await load();
    await until('the secrets were looked at', 15_000, async () => {
      text = await metrics();
      return text.includes('railguard_secret_age_seconds{');
    });
  });

  afterAll(async () => {
    agent.destroy();
    await prometheus?.stop();
    await railguard?.kill();
    app?.closeAllConnections();
    app?.close();
    await database?.stop();
  });

  /** Something of everything: answers, refusals, failures of the app, sessions, a secret in a path. */
  async function load(): Promise<void> {
    const { port } = railguard;
    const authorization = `Bearer ${hs(claims())}`;
    for (let i = 0; i < 20; i++) await ask(port, '/', { authorization, 'x-request-id': `correlated-${i}` });
    await ask(port, '/', { authorization: `Bearer ${hs(claims({ exp: 1 }))}` });
    await ask(port, '/a%2f..%2fb/token=0123456789abcdef0123456789abcdef');
    await ask(port, '/cut', { authorization });
  }

  const metrics = async (init?: RequestInit): Promise<string> =>
    (await fetch(`${railguard.adminUrl}/metrics`, init)).text();

  it('shows every metric that is promised, with samples', () => {
    const sampled = new Set([...text.matchAll(/^([a-z_]+)(?:\{| )/gm)].map((match) => match[1]));
    expect(PROMISED.filter((name) => !sampled.has(name))).toEqual([]);
    expect(text).toContain('replica="replica-1"');
  });

  it('tells a browser how long the app took and how long it took itself', async () => {
    const { headers } = await fetch(railguard.url);
    expect(headers.get('server-timing')).toMatch(/^app;dur=\d+\.\d\d, railguard;dur=\d+\.\d\d$/);
  });

  it('passes promtool check metrics', () => {
    const { status, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });

  it('is scraped, with what the recording rules make of it', async () => {
    await until('a scrape is in', 10_000, async () => (await prometheus.value('up{job="railguard"}')) === 1);
    const { activeTargets } = await prometheus.ask<{ activeTargets: { lastError: string }[] }>('targets');
    expect(activeTargets.map(({ lastError }) => lastError)).toEqual(['']);
    await until(
      'the requests are there',
      10_000,
      async () => ((await prometheus.value('sum(http_requests_total{status="200"})')) ?? 0) >= 20,
    );
    const { groups } = await prometheus.ask<{ groups: { rules: { lastError?: string }[] }[] }>('rules');
    const rules = groups.flatMap((group) => group.rules);
    expect(rules.length).toBeGreaterThan(30);
    expect(rules.filter(({ lastError }) => lastError)).toEqual([]);
  });

  it('gives exemplars that lead to a request', async () => {
    expect(await metrics(OPENMETRICS)).toMatch(
      /http_request_duration_seconds_bucket\{.*\} \d+ # \{correlation_id="[\w.-]{8,}"\} [\d.e-]+ \d+\.\d{3}\n/,
    );
    await until('an exemplar is stored', 10_000, async () => {
      const found = await prometheus.ask<{ exemplars: { labels: { correlation_id: string } }[] }[]>(
        'query_exemplars',
        {
          query: 'http_request_duration_seconds_bucket',
          start: String(Date.now() / 1000 - 60),
          end: String(Date.now() / 1000 + 5),
        },
      );
      return found.some(({ exemplars }) =>
        exemplars.some(({ labels }) => /^correlated-/.test(labels.correlation_id)),
      );
    });
  });

  it('has a Grafana dashboard whose every expression Prometheus parses and whose every metric exists', async () => {
    const all = expressions();
    expect(all.length).toBeGreaterThan(35);
    for (const expr of all) await prometheus.ask('query', { query: expr });
    const rules = all.map((expr, i) => ({ record: `panel:${i}`, expr }));
    const file = path.join(mkdtempSync(path.join(os.tmpdir(), 'panels-')), 'rules.json');
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'panels', rules }] }));
    const checked = execFileSync('promtool', ['check', 'rules', file], { encoding: 'utf8' });
    expect(checked).toContain(`SUCCESS: ${all.length} rules found`);
    rmSync(path.dirname(file), { recursive: true });
    const known = new Set([...text.matchAll(/^([a-zA-Z_]\w*)(?:\{| )/gm)].map((match) => match[1]));
    expect(all.flatMap(metricNames).filter((name) => !known.has(name))).toEqual([]);
    const shipped = ['alerts', 'slo'].map((name) =>
      readFileSync(path.join(DEPLOY, `prometheus/${name}.yml`), 'utf8').replaceAll(
        /^.*(record|summary|description):.*$/gm,
        '',
      ),
    );
    const used = shipped.join('\n').match(/(?<![\w:])(http|railguard|process|nodejs)_\w+(?![\w:])/g) ?? [];
    expect(used.length).toBeGreaterThan(30);
    expect(used.filter((name) => !known.has(name))).toEqual([]);
  });

  it('grows by less than 50 series under ten thousand hostile requests', async () => {
    const series = (body: string): number => body.split('\n').filter((line) => /^[a-z]/.test(line)).length;
    const before = series(await metrics());
    const methods = [
      'GET',
      'POST',
      'PUT',
      'PATCH',
      'DELETE',
      'PROPFIND',
      'SEARCH',
      'M-SEARCH',
      'LOCK',
      'REPORT',
    ];
    const worker = async (lane: number): Promise<void> => {
      for (let i = lane; i < 10_000; i += 48) {
        const headers = {
          host: `h${i}.example`,
          'user-agent': `agent-${i}`,
          'x-forwarded-for': `10.${i & 255}.0.1`,
        };
        await ask(
          railguard.port,
          `/p${i}/${'%41'.repeat(i % 7)}?q=${i}`,
          headers,
          methods[i % methods.length],
        );
      }
    };
    await Promise.all(Array.from({ length: 48 }, (_, lane) => worker(lane)));
    await until('they are counted', 5000, async () => !(await metrics()).includes('railguard_in_flight 1'));
    const after = await metrics();
    expect(series(after) - before).toBeLessThan(50);
    expect(after).not.toMatch(/\/p\d|h\d+\.example|agent-|PROPFIND/);
  });

  it('keeps its own traffic out of the figures of the app', async () => {
    const count = (body: string): number =>
      [...body.matchAll(/^http_requests_total\{.*\} (\d+)$/gm)].reduce(
        (sum, match) => sum + Number(match[1]),
        0,
      );
    const before = count(await metrics());
    for (const target of ['/health', '/health/readiness', '/metrics', '/nothing', '/config'])
      await ask(railguard.adminPort, target);
    expect(count(await metrics())).toBe(before);
  });
});

describe('the rules for Prometheus', () => {
  it('hold, fire and keep still as their tests say', () => {
    const folder = path.join(DEPLOY, 'prometheus');
    const options = { cwd: folder, encoding: 'utf8' } as const;
    expect(execFileSync('promtool', ['check', 'rules', 'alerts.yml', 'slo.yml'], options)).not.toContain(
      'FAILED',
    );
    expect(execFileSync('promtool', ['test', 'rules', 'rules.test.yml'], options)).toContain('SUCCESS');
    expect(
      execFileSync('promtool', ['check', 'config', '--syntax-only', 'prometheus.yml'], options),
    ).toContain('SUCCESS');
  });
});
