/** Measures what the line of a request costs, written and dropped: node test/bench/micro-log.ts */
import { randomBytes } from 'node:crypto';
import { systemClock } from '../../core/clock.ts';
import { LineBudget } from '../../core/log-budget.ts';
import type { Sink } from '../../core/log-sink.ts';
import { createLog } from '../../core/logger.ts';
import { Redactor } from '../../core/redact.ts';
import { accessLog } from '../../proxy/filters/access-log.ts';
import { exchange } from '../unit/proxy/filters/exchanges.ts';

const CALLS = 20_000;
const ROUNDS = 15;
const NEEDLES = 150;

const outcome = { end: 'complete', status: 200, bytesOut: 1024 } as const;
const nowhere: Sink = {
  dropped: { debug: 0, info: 0, warn: 0, error: 0 },
  write: () => undefined,
  flush: () => Promise.resolve(),
};

/** Microseconds of CPU for one finished request: the lowest round, and the median. */
function measure(
  name: string,
  options: { redact: boolean; perSecond?: number; lines?: boolean; memory?: boolean },
): void {
  const secrets = Array.from({ length: NEEDLES }, (_, i) => ({
    name: `SECRET_${i}`,
    value: randomBytes(32).toString('base64'),
  }));
  const redactor = new Redactor({ secrets });
  const budget =
    options.perSecond === undefined ? undefined : new LineBudget(options.perSecond, () => performance.now());
  const redact = options.redact ? (line: string) => redactor.text(line, 'log') : (line: string) => line;
  const log = createLog({ level: 'info', json: true, redact, sink: nowhere, budget });
  const metrics = { request: () => undefined, overheadOf: () => undefined };
  const performanceLogs = options.lines ?? true;
  const filter = accessLog({
    log,
    spotless: (text) => options.redact && options.memory !== false && redactor.spotless(text),
    metrics,
    clock: systemClock,
    performanceLogs,
    healthPath: '/health',
  });
  const x = exchange([], {}, performance.now());
  x.requestId = '0199c1de-7f0a-7000-8000-1234567890ab';
  x.ownId = true;
  x.upstreamMs = 1.25;
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    for (let i = 0; i < CALLS; i++) filter.finish?.(x, outcome);
    times.push(process.cpuUsage(before).user / CALLS);
  }
  times.sort((a, b) => a - b);
  const median = times[ROUNDS >> 1] as number;
  console.log(`${name.padEnd(28)} ${(times[0] as number).toFixed(2)} µs, median ${median.toFixed(2)} µs`);
}

measure('no line', { redact: true, lines: false });
measure('a line over the limit', { redact: true, perSecond: 1 });
measure('a line, not redacted', { redact: false });
measure('a line never seen', { redact: true, memory: false });
measure('a line', { redact: true });
process.exit();
