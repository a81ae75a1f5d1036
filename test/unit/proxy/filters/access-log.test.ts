import { describe, expect, it } from 'vitest';
import { LineBudget } from '../../../../core/log-budget.ts';
import { Metrics } from '../../../../core/metrics.ts';
import { type Outcome, Reply, type RequestHead } from '../../../../proxy/exchange.ts';
import { accessLog } from '../../../../proxy/filters/access-log.ts';
import { HeaderBlock } from '../../../../proxy/header-block.ts';
import { Problem } from '../../../../proxy/problem.ts';
import { HandClock, keptLog } from '../../core/lines.ts';
import { exchange } from './exchanges.ts';

const complete: Outcome = { end: 'complete', status: 200, bytesOut: 42 };

function setUp(
  options: { performanceLogs?: boolean; level?: 'debug' | 'info'; spotless?: (text: string) => boolean } = {},
) {
  const clock = new HandClock();
  const metrics = new Metrics({ version: '0' });
  const { log, kept } = keptLog({ level: options.level ?? 'debug' });
  const filter = accessLog({
    log,
    spotless: options.spotless ?? (() => true),
    metrics,
    clock,
    performanceLogs: options.performanceLogs ?? true,
    healthPath: '/health',
  });
  const open = (head: Partial<RequestHead> = {}) => exchange([], head, clock.monotonic());
  return { clock, metrics, kept, filter, open };
}

describe('the access log', () => {
  it('writes one line with the facts of the contract, without the query', () => {
    const { clock, kept, filter, open } = setUp();
    const x = open();
    x.requestId = 'client.id-0001';
    x.identity = { subject: 'user-1', claims: {} };
    x.endpoint = '/items';
    x.upstreamMs = 10.004;
    x.bytesIn = 7;
    clock.turn(12.3456);
    filter.finish?.(x, complete);
    expect(kept.parsed).toEqual([
      {
        level: 'info',
        time: expect.any(String),
        message: 'GET /items 200',
        event_type: 'request_performance',
        correlation_id: 'client.id-0001',
        method: 'GET',
        endpoint: '/items',
        path: '/items',
        status_code: 200,
        execution_time_ms: 12.35,
        upstream_ms: 10,
        bytes_in: 7,
        bytes_out: 42,
        client_ip: '203.0.113.7',
        user_id: 'user-1',
        protocol: 'http/1.1',
        outcome: 'complete',
      },
    ]);
    expect(kept.lines[0]).not.toContain('in-the-query');
  });

  it.each([
    [200, 'info'],
    [101, 'info'],
    [304, 'info'],
    [404, 'info'],
    [499, 'info'],
    [500, 'error'],
    [503, 'error'],
  ])('gives status %d the level %s', (status, level) => {
    const { kept, filter, open } = setUp();
    filter.finish?.(open(), { ...complete, status });
    expect(kept.levels).toEqual([level]);
  });

  it('says how it ended, with the code of the problem', () => {
    const { kept, filter, open } = setUp();
    const x = open();
    x.problem = new Problem('upstream_timeout');
    filter.finish?.(x, { end: 'timeout', status: 504, bytesOut: 0 });
    expect(kept.parsed[0]).toMatchObject({ outcome: 'timeout', code: 'upstream_timeout', status_code: 504 });
    expect(kept.parsed[0]).not.toHaveProperty('upstream_ms');
  });

  it.each([
    ['1.0', 'http', 'http/1.0'],
    ['2', 'http', 'h2'],
    ['1.1', 'upgrade', 'websocket'],
  ] as const)('names version %s of kind %s %s', (version, kind, protocol) => {
    const { kept, filter, open } = setUp();
    filter.finish?.(open({ version, kind }), complete);
    expect(kept.parsed[0]?.protocol).toBe(protocol);
  });

  it('keeps health checks to debug, and nothing that only looks like one', () => {
    const { kept, filter, open } = setUp({ level: 'info' });
    filter.finish?.(open({ path: '/health' }), complete);
    filter.finish?.(open({ path: '/health', method: 'HEAD' }), { ...complete, status: 503 });
    expect(kept.lines).toEqual([]);
    filter.finish?.(open({ path: '/health', method: 'POST' }), complete);
    filter.finish?.(open({ path: '/healthz' }), complete);
    expect(kept.lines).toHaveLength(2);
  });

  it('asks for room before it builds its facts: successes go first, then other info lines, errors never', () => {
    const clock = new HandClock();
    const budget = new LineBudget(10, () => clock.monotonic());
    const { log, kept } = keptLog({ budget, clock });
    const metrics = new Metrics({ version: '0' });
    const filter = accessLog({
      log,
      spotless: () => true,
      metrics,
      clock,
      performanceLogs: true,
      healthPath: '/health',
    });
    const end = (times: number, outcome: Outcome): void => {
      for (let i = 0; i < times; i++) filter.finish?.(exchange([], {}, clock.monotonic()), outcome);
    };
    end(20, complete);
    expect(kept.lines).toHaveLength(9);
    const untouchable = exchange([], {}, clock.monotonic());
    Object.defineProperty(untouchable.client, 'address', {
      get() {
        throw new Error('facts were built');
      },
    });
    expect(() => filter.finish?.(untouchable, complete)).not.toThrow();
    end(5, { ...complete, status: 404 });
    expect(kept.lines).toHaveLength(10);
    end(5, { ...complete, status: 502 });
    expect(kept.lines).toHaveLength(15);
    expect(budget.dropped).toEqual({ first: 12, next: 4 });
  });

  it('can not be forged by the path', () => {
    const { kept, filter, open } = setUp();
    const path = '/a\n{"level":"error"}\x1b[2J\x7f';
    filter.finish?.(open({ path }), complete);
    expect(kept.lines[0]?.slice(0, -1)).not.toMatch(/[\x00-\x1f\x7f]/);
    expect(kept.parsed[0]?.path).toBe(path);
  });

  it('cuts a long path in the message alone', () => {
    const { kept, filter, open } = setUp();
    filter.finish?.(open({ path: `/${'a'.repeat(5000)}` }), complete);
    expect(String(kept.parsed[0]?.message).length).toBeLessThan(220);
    expect(String(kept.parsed[0]?.path).length).toBe(5001);
  });

  it('counts and times every request, with or without lines', async () => {
    const { clock, metrics, kept, filter, open } = setUp({ performanceLogs: false });
    const x = open({ method: 'BREW' });
    x.upstreamMs = 100;
    clock.turn(104);
    filter.response?.(x, new Reply(200, new HeaderBlock(), undefined, 'upstream'));
    clock.turn(60_000);
    filter.finish?.(x, complete);
    const { body } = await metrics.render(undefined);
    expect(kept.lines).toEqual([]);
    expect(body).toContain('http_requests_total{method="OTHER",endpoint="other",status="200"} 1');
    expect(body).toContain('http_request_duration_seconds_sum{method="OTHER",endpoint="other"} 60.104');
    expect(body).toMatch(/railguard_overhead_seconds_sum 0\.00[34]/);
  });
});
