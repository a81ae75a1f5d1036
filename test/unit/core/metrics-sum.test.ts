import { describe, expect, it } from 'vitest';
import { Metrics, type MetricsState } from '../../../core/metrics.ts';
import { lasting, render, sum } from '../../../core/metrics-sum.ts';
import { HandClock } from './lines.ts';

const DURATION = 'http_request_duration_seconds';

function instance(): Metrics {
  const metrics = new Metrics({ version: '1' }, new HandClock());
  metrics.counter('test_events_total', 'Events.', ['kind']);
  metrics.gauge('railguard_overload_share', 'Share.');
  metrics.histogram('test_seconds', 'Times.', [1, 2]);
  return metrics;
}

/** As it comes over a line between processes. */
const told = async (metrics: Metrics): Promise<MetricsState> => structuredClone(await metrics.state());
const lines = async (...states: MetricsState[]): Promise<string[]> =>
  (await render(states, undefined)).body.split('\n');

describe('the metrics of several processes', () => {
  it('are what one process would show that had seen it all', async () => {
    const [one, two, both] = [instance(), instance(), instance()];
    for (let i = 0; i < 500; i++) {
      const observed = [
        ['GET', 'POST', 'BREW'][i % 3]!,
        i % 5 === 0 ? '/a' : 'other',
        i % 7 === 0 ? 503 : 200,
        i / 64,
      ] as const;
      for (const metrics of [i % 2 === 0 ? one : two, both]) {
        metrics.request(...observed, `id-of-request-${i}`);
        metrics.overheadOf(i / 4096);
        metrics.refusal('cors', 'forbidden', i % 2 === 0 ? 'enforce' : 'report');
      }
    }
    const own = (line: string): boolean => /^(http_|railguard_overhead|railguard_refusals)/.test(line);
    const merged = (await lines(await told(one), await told(two))).filter(own).sort();
    expect(merged).toEqual((await lines(await told(both))).filter(own).sort());
    expect(merged.length).toBeGreaterThan(200);
  });

  it('are summed, but for shares, delays and names', async () => {
    const [one, two] = [instance(), instance()];
    one.inFlight.value = 3;
    two.inFlight.value = 4;
    const shares = [0.2, 0.6];
    for (const [i, metrics] of [one, two].entries())
      (
        metrics.registry.getSingleMetric('railguard_overload_share') as unknown as { set(v: number): void }
      ).set(shares[i]!);
    const text = await lines(await told(one), await told(two));
    expect(text).toContain('railguard_in_flight 7');
    expect(text).toContain('railguard_overload_share 0.6');
    expect(text.filter((line) => line.startsWith('railguard_build_info{'))).toEqual([
      expect.stringMatching(/^railguard_build_info\{version="1",node=".*"\} 1$/),
    ]);
    expect(text.filter((line) => line.startsWith('# TYPE railguard_in_flight'))).toHaveLength(1);
  });

  it('keep what a dead process had counted, and let go of its levels', async () => {
    const [one, two] = [instance(), instance()];
    for (const metrics of [one, two]) {
      metrics.request('GET', 'other', 200, 0.5);
      metrics.refusal('cors', 'forbidden', 'enforce');
      metrics.inFlight.value = 2;
    }
    const dead = lasting(await sum([lasting(await told(one))]));
    const text = await lines(await told(two), dead);
    expect(text).toContain('http_requests_total{method="GET",endpoint="other",status="200"} 2');
    expect(text).toContain(`${DURATION}_count{method="GET",endpoint="other"} 2`);
    expect(text).toContain(`${DURATION}_sum{method="GET",endpoint="other"} 1`);
    expect(text).toContain('railguard_refusals_total{filter="cors",code="forbidden",mode="enforce"} 2');
    expect(text).toContain('railguard_in_flight 2');
  });

  it('lead to the newest request of a bucket, under OpenMetrics', async () => {
    const clocks = [new HandClock(), new HandClock()];
    const all = clocks.map((clock) => new Metrics({ version: '1' }, clock));
    clocks[1]?.turn(5000);
    all[1]?.request('GET', 'other', 200, 0.003, 'the-newest-of-all');
    all[0]?.request('GET', 'other', 200, 0.003, 'the-older-of-both');
    for (const states of [await Promise.all(all.map(told)), await Promise.all(all.reverse().map(told))]) {
      const { type, body } = await render(states, 'application/openmetrics-text');
      expect(type).toContain('openmetrics');
      expect(body).toContain('2 # {correlation_id="the-newest-of-all"} 0.003');
      expect(body).not.toContain('the-older');
      expect(body.endsWith('# EOF\n')).toBe(true);
    }
  });
});
