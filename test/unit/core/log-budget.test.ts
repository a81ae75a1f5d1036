import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LineBudget } from '../../../core/log-budget.ts';
import { HandClock, keptLog } from './lines.ts';

function limited(perSecond: number) {
  const clock = new HandClock();
  const budget = new LineBudget(perSecond, () => clock.monotonic());
  return { clock, budget, ...keptLog({ budget, clock }) };
}

describe('the budget of log lines', () => {
  it('lets exactly the limit through in any second, wherever it begins', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 50, maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), steps, (perSecond, waits) => {
        const { clock, budget, log } = limited(perSecond);
        const written: number[] = [];
        for (const wait of waits) {
          clock.turn(wait);
          const before = budget.dropped.next;
          log.info('app_log', 'line');
          if (budget.dropped.next === before) written.push(clock.monotonic());
        }
        for (const [i, from] of written.entries()) {
          const within = written.slice(i).filter((at) => at < from + 1000);
          expect(within.length).toBeLessThanOrEqual(perSecond);
        }
        expect(written.length + budget.dropped.next).toBe(waits.length);
      }),
    );
  });

  it('drops debug and successful requests first, and keeps room for other info lines', () => {
    const { budget, log, kept } = limited(100);
    for (let i = 0; i < 200; i++) {
      if (log.budget?.admits('first')) log.info('request_performance', 'GET / 200');
      log.debug('app_log', 'chatter');
    }
    expect(kept.lines).toHaveLength(90);
    for (let i = 0; i < 200; i++) log.info('refusal', 'refused');
    expect(kept.lines).toHaveLength(100);
    expect(budget.dropped).toEqual({ first: 310, next: 190 });
  });

  it('never drops a warning, an error, an audit event or what railguard says of itself', () => {
    const { budget, log, kept } = limited(5);
    for (let i = 0; i < 20; i++) {
      log.warn('csp_violation', 'w');
      log.error('upstream_error', 'e');
      log.info('authentication', 'a');
      log.info('session', 's');
      log.info('lifecycle', 'l');
    }
    expect(kept.lines).toHaveLength(100);
    log.info('app_log', 'no room');
    expect(kept.lines).toHaveLength(100);
    expect(budget.dropped).toEqual({ first: 0, next: 1 });
  });

  it('does not look at the facts of a line that has no room', () => {
    const { log } = limited(1);
    log.info('app_log', 'one');
    let looked = 0;
    log.info('app_log', 'two', {
      get fact() {
        looked++;
        return 1;
      },
    });
    expect(looked).toBe(0);
  });

  it('has room again when a second is over', () => {
    const { clock, log, kept } = limited(2);
    for (let i = 0; i < 5; i++) log.info('app_log', 'line');
    clock.turn(999);
    log.info('app_log', 'too early');
    clock.turn(1);
    log.info('app_log', 'in time');
    expect(kept.parsed.map((line) => line.message)).toEqual(['line', 'line', 'in time']);
  });
});

describe('the report of dropped lines', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('says how many in one warning, every ten seconds that had any', () => {
    vi.useFakeTimers();
    const { log, kept } = limited(1);
    for (let i = 0; i < 8; i++) log.info('app_log', 'line');
    vi.advanceTimersByTime(30_000);
    expect(kept.parsed.slice(1)).toEqual([
      expect.objectContaining({
        level: 'warn',
        event_type: 'lifecycle',
        message: '7 log lines dropped in the last 10 s',
        dropped: 7,
      }),
    ]);
  });

  it('counts what the output could not take as well', () => {
    vi.useFakeTimers();
    const { log, kept } = limited(1);
    kept.dropped.info = 3;
    kept.dropped.error = 1;
    vi.advanceTimersByTime(10_000);
    expect(kept.parsed.map((line) => line.dropped)).toEqual([4]);
    log.warn('app_log', 'line');
    vi.advanceTimersByTime(10_000);
    expect(kept.lines).toHaveLength(2);
  });

  it('leaves nothing unsaid at the end', async () => {
    const { log, kept } = limited(1);
    log.info('app_log', 'line');
    log.info('app_log', 'line');
    await log.flush();
    await log.flush();
    expect(kept.parsed.map((line) => line.message)).toEqual([
      'line',
      '1 log lines dropped since the last report',
    ]);
  });

  it('does not keep a process alive', () => {
    const core = resolve(import.meta.dirname, '../../../core');
    const script = `
      import { FdSink } from ${JSON.stringify(`${core}/log-sink.ts`)};
      import { createLog } from ${JSON.stringify(`${core}/logger.ts`)};
      createLog({ level: 'info', json: true, redact: (line) => line, sink: new FdSink() }).info('lifecycle', 'over');`;
    const args = ['--input-type=module', '--eval', script];
    expect(execFileSync(process.execPath, args, { timeout: 9_000, encoding: 'utf8' })).toContain('over');
  });
});
