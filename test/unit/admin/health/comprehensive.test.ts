import { describe, expect, it } from 'vitest';
import type { CheckResult, HealthCheck } from '../../../../admin/health/check.ts';
import { componentsCheck } from '../../../../admin/health/checks/components.ts';
import { performanceCheck } from '../../../../admin/health/checks/performance.ts';
import { systemCheck } from '../../../../admin/health/checks/system.ts';
import { ComprehensiveHealth, healthGauge } from '../../../../admin/health/comprehensive.ts';
import { Metrics } from '../../../../core/metrics.ts';
import { Performance } from '../../../../core/performance.ts';
import type { SystemReading } from '../../../../core/system.ts';
import { HandClock, keptLog } from '../../core/lines.ts';

function build(checks: HealthCheck[], timeout = 30) {
  const clock = new HandClock();
  const { log, kept } = keptLog();
  const health = new ComprehensiveHealth({ checks, clock, log, version: '1', environment: 'test', timeout });
  return { health, clock, kept };
}

const check = (name: string, run: () => CheckResult | Promise<CheckResult>): HealthCheck => ({ name, run });
const well = check('well', () => ({ status: 'healthy' }));

describe('comprehensive health', () => {
  it('is as bad as its worst check', async () => {
    const warning = check('warning', () => ({ status: 'warning', message: 'Hm.' }));
    expect((await build([well]).health.read()).status).toBe('healthy');
    expect((await build([well, warning]).health.read()).status).toBe('warning');
    const critical = check('critical', () => ({ status: 'critical', message: 'No.' }));
    expect((await build([critical, warning, well]).health.read()).status).toBe('critical');
  });

  it('does not wait for a check that hangs, and does not start it again', async () => {
    let started = 0;
    const hangs = check('hangs', () => {
      started++;
      return new Promise(() => {});
    });
    const { health, clock } = build([well, hangs]);
    for (let i = 0; i < 3; i++) {
      const { checks } = await health.read();
      expect(checks).toEqual({
        well: { status: 'healthy' },
        hangs: { status: 'critical', message: 'The check timed out.' },
      });
      clock.turn(5001);
    }
    expect(started).toBe(1);
  });

  it('says that a check failed, not why; the log has that', async () => {
    const fails = check('fails', () => {
      throw new Error('connect ECONNREFUSED 10.1.2.3');
    });
    const { health, kept } = build([fails]);
    expect((await health.read()).checks.fails).toEqual({ status: 'critical', message: 'The check failed.' });
    expect(kept.lines.join()).toContain('ECONNREFUSED');
  });

  it('asks at most every five seconds, and once for all who ask at the same time', async () => {
    let asked = 0;
    const counts = check('counts', () => {
      asked++;
      return { status: 'healthy' };
    });
    const { health, clock } = build([counts]);
    await Promise.all([health.read(), health.read()]);
    clock.turn(4999);
    await health.read();
    expect(asked).toBe(1);
    clock.turn(1);
    await health.read();
    expect(asked).toBe(2);
  });

  it('is told to Prometheus as one, a half or none', async () => {
    const metrics = new Metrics({ version: '1' });
    const half = check('half', () => ({ status: 'warning' }));
    healthGauge(build([well, half]).health, metrics);
    const { body } = await metrics.render(undefined);
    expect(body).toContain('railguard_health{check="well"} 1\nrailguard_health{check="half"} 0.5\n');
  });
});

const READING: SystemReading = {
  memory: { percent: 40, used_bytes: 4, limit_bytes: 10, source: 'cgroup' },
  cpu: { percent: 20, cores: 2, source: 'cgroup' },
  disks: [{ path: '/data', percent: 50, free_bytes: 5, total_bytes: 10 }],
  event_loop: { p99_ms: 1, max_ms: 4 },
  process: { rss_bytes: 1, heap_bytes: 1 },
};

describe('the check of the system', () => {
  it.each([
    [{}, 'healthy', undefined],
    [{ memory: { ...READING.memory, percent: 85 } }, 'warning', '85 % of the memory is in use.'],
    [{ memory: { ...READING.memory, percent: 95.5 } }, 'critical', '95.5 % of the memory is in use.'],
    [{ cpu: { ...READING.cpu, percent: 100 } }, 'warning', '100 % of the CPU is in use.'],
    [{ disks: [{ ...READING.disks[0], percent: 90 }] }, 'warning', 'The disk of /data is 90 % full.'],
    [
      { event_loop: { p99_ms: 3, max_ms: 1200.4 } },
      'critical',
      'The event loop was blocked for 1200 ms in the last half minute.',
    ],
    [{ memory: null, cpu: null, disks: [] }, 'healthy', undefined],
  ])('judges %o', async (change, status, message) => {
    const reading = { ...READING, ...change } as SystemReading;
    const result = await systemCheck({ read: () => Promise.resolve(reading) }).run();
    expect([result.status, result.message]).toEqual([status, message]);
  });
});

describe('the check of performance', () => {
  function judged(requests: readonly (readonly [status: number, seconds: number, times: number])[]) {
    const clock = new HandClock();
    const performance = new Performance(clock.monotonic());
    for (const [status, seconds, times] of requests)
      for (let i = 0; i < times; i++) performance.request(status, seconds, clock.monotonic());
    return performanceCheck(performance, clock).run() as CheckResult;
  }

  it('judges the share of errors and the 95th percentile', () => {
    expect(judged([[200, 0.01, 100]]).status).toBe('healthy');
    expect(
      judged([
        [200, 0.01, 90],
        [500, 0.01, 10],
      ]),
    ).toMatchObject({
      status: 'warning',
      message: '10 % of the requests failed.',
    });
    expect(
      judged([
        [200, 0.01, 80],
        [502, 6, 20],
      ]),
    ).toMatchObject({ status: 'critical', server_errors: 20 });
    expect(judged([[404, 0.01, 100]]).status).toBe('healthy');
  });

  it('makes nothing of a handful of requests', () => {
    expect(judged([[500, 9, 19]]).status).toBe('healthy');
  });
});

describe('the check of components', () => {
  it('warns of a store that is degraded and names what only reports', () => {
    const result = componentsCheck(() => [
      { name: 'jwt', kind: 'filter', state: 'on', mode: 'report' },
      { name: 'cors', kind: 'filter', state: 'off' },
      { name: 'rate_limit_redis', kind: 'store', state: 'degraded', message: 'Redis is away.' },
    ]).run();
    expect(result).toEqual({
      status: 'warning',
      message: 'Redis is away.',
      report_only: ['jwt'],
      filters: { jwt: { state: 'on', mode: 'report' }, cors: { state: 'off' } },
      stores: { rate_limit_redis: { state: 'degraded', message: 'Redis is away.' } },
    });
  });
});
