import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { Metrics } from '../../../core/metrics.ts';

const build = { version: '1.2.3' };
const promtool = spawnSync('promtool', ['--version']).status === 0;

function busy(): Metrics {
  const metrics = new Metrics(build);
  metrics.watchLogDrops({ debug: 1, info: 2 });
  metrics.request('GET', 'other', 200, 0.02);
  metrics.request('GET', 'other', 200, 0.02);
  metrics.request('PURGE', '/items/{id}', 503, 400);
  metrics.overheadOf(0.0002);
  metrics.refusal('jwt', 'token_invalid', 'report');
  metrics.upstreamFailure('upstream_timeout');
  metrics.inFlight.inc();
  metrics.connections.h2.inc();
  metrics.connections.h1.inc();
  metrics.connections.h1.dec();
  metrics.upstreamConnections.idle.inc();
  return metrics;
}

const text = async (metrics: Metrics, accept?: string) => (await metrics.render(accept)).body;

describe('the metrics', () => {
  it('expose the traffic under the names the dashboards use', async () => {
    const lines = (await text(busy())).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'http_requests_total{method="GET",endpoint="other",status="200"} 2',
        'http_requests_total{method="OTHER",endpoint="/items/{id}",status="503"} 1',
        'http_request_duration_seconds_bucket{le="0.025",method="GET",endpoint="other"} 2',
        'http_request_duration_seconds_bucket{le="300",method="OTHER",endpoint="/items/{id}"} 0',
        'http_request_duration_seconds_count{method="OTHER",endpoint="/items/{id}"} 1',
        'railguard_overhead_seconds_bucket{le="0.00025"} 1',
        'railguard_refusals_total{filter="jwt",code="token_invalid",mode="report"} 1',
        'railguard_upstream_failures_total{code="upstream_timeout"} 1',
        'railguard_in_flight 1',
        'railguard_connections{protocol="h1"} 0',
        'railguard_connections{protocol="h2"} 1',
        'railguard_connections{protocol="websocket"} 0',
        'railguard_upstream_connections{state="idle"} 1',
        'railguard_log_dropped_total 3',
        `railguard_build_info{version="1.2.3",node="${process.version}"} 1`,
      ]),
    );
  });

  it('count scrapes of a collected counter once, not once a scrape', async () => {
    const metrics = busy();
    await text(metrics);
    expect(await text(metrics)).toContain('\nrailguard_log_dropped_total 3\n');
  });

  it('tell of the process from the first scrape on', async () => {
    const lines = (await text(busy())).split('\n');
    const families = lines.flatMap((line) => /^# TYPE ((?:process|nodejs)_\S+)/.exec(line)?.[1] ?? []);
    expect(families.toSorted()).toEqual([
      'nodejs_active_handles',
      'nodejs_active_requests',
      'nodejs_active_resources',
      'nodejs_eventloop_lag_max_seconds',
      'nodejs_eventloop_lag_mean_seconds',
      'nodejs_eventloop_lag_min_seconds',
      'nodejs_eventloop_lag_p50_seconds',
      'nodejs_eventloop_lag_p90_seconds',
      'nodejs_eventloop_lag_p99_seconds',
      'nodejs_eventloop_lag_seconds',
      'nodejs_eventloop_lag_stddev_seconds',
      'nodejs_external_memory_bytes',
      'nodejs_gc_duration_seconds',
      'nodejs_heap_size_total_bytes',
      'nodejs_heap_size_used_bytes',
      'nodejs_heap_space_size_available_bytes',
      'nodejs_heap_space_size_total_bytes',
      'nodejs_heap_space_size_used_bytes',
      'nodejs_version_info',
      'process_cpu_seconds_total',
      'process_cpu_system_seconds_total',
      'process_cpu_user_seconds_total',
      'process_heap_bytes',
      'process_max_fds',
      'process_open_fds',
      'process_resident_memory_bytes',
      'process_start_time_seconds',
      'process_virtual_memory_bytes',
    ]);
    const cpu = lines.find((line) => line.startsWith('process_cpu_seconds_total '));
    expect(Number(cpu?.split(' ')[1])).toBeGreaterThan(0);
  });

  it('stay bounded under ten thousand invented methods', async () => {
    const metrics = busy();
    const before = (await text(metrics)).split('\n').length;
    for (let i = 0; i < 10_000; i++) metrics.request(`FOO${i}`, 'other', 404, 0.001);
    expect((await text(metrics)).split('\n').length - before).toBeLessThan(50);
  });

  it.each([
    [undefined, 'text/plain'],
    ['*/*', 'text/plain'],
    ['text/plain', 'text/plain'],
    ['application/openmetrics-text', 'application/openmetrics-text'],
    [
      'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.1',
      'application/openmetrics-text',
    ],
    ['application/openmetrics-text;q=0.2, text/plain', 'text/plain'],
    ['application/openmetrics-text;q=0', 'text/plain'],
    ['application/openmetrics-text;q=abc', 'text/plain'],
  ])('answer Accept %s with %s', async (accept, type) => {
    expect((await busy().render(accept)).type.split(';')[0]).toBe(type);
  });

  it('speak OpenMetrics without spoiling the plain text that follows', async () => {
    const metrics = busy();
    const open = await text(metrics, 'application/openmetrics-text');
    expect(open).toContain('# TYPE http_requests counter\nhttp_requests_total{');
    expect(open).toMatch(/\n# EOF\n$/);
    expect(open).not.toContain('\n\n');
    expect(open).not.toMatch(/^# TYPE \S+_total counter$/m);
    expect(await text(metrics)).toContain('# TYPE http_requests_total counter\n');
  });

  it('refuse a name that is taken, and a counter that is not named as one', () => {
    const metrics = busy();
    expect(() => metrics.gauge('railguard_in_flight', 'Again.')).toThrow(/already been registered/);
    expect(() => metrics.counter('railguard_things', 'Things.')).toThrow(/_total/);
  });

  it('name nothing against the naming rules of Prometheus', async () => {
    const plain = await text(busy());
    for (const [, name, type] of plain.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
      expect(name?.endsWith('_total'), name).toBe(type === 'counter');
    }
    if (promtool) {
      const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: plain });
      expect(`${stdout}${stderr}`).toBe('');
      expect(status).toBe(0);
    }
  });
});
