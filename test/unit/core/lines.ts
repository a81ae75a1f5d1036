/** A sink that keeps what it is given, and a clock that is turned by hand. */
import type { Clock } from '../../../core/clock.ts';
import type { Level, Sink } from '../../../core/log-sink.ts';
import { createLog, type Log, type LogOptions } from '../../../core/logger.ts';

export class KeptLines implements Sink {
  readonly lines: string[] = [];
  readonly levels: Level[] = [];
  readonly dropped = { debug: 0, info: 0, warn: 0, error: 0 };

  write(level: Level, line: string): void {
    this.levels.push(level);
    this.lines.push(line);
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  get parsed(): Record<string, unknown>[] {
    return this.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}

export class HandClock implements Clock {
  wall = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
  steady = 1000;

  now(): number {
    return this.wall;
  }

  monotonic(): number {
    return this.steady;
  }

  turn(ms: number): void {
    this.wall += ms;
    this.steady += ms;
  }
}

export function keptLog(options: Partial<LogOptions> = {}): { log: Log; kept: KeptLines } {
  const kept = new KeptLines();
  const log = createLog({
    level: 'debug',
    json: true,
    redact: (line) => line,
    sink: kept,
    clock: new HandClock(),
    ...options,
  });
  return { log, kept };
}
