/** One worker as the primary knows it: its process, its line, what it last said. */
import type { Worker } from 'node:cluster';
import type { MetricsState } from '../core/metrics.ts';
import { Line } from './line.ts';
import type { Report } from './report.ts';

export class Member {
  readonly line: Line;
  readonly startedAt = performance.now();
  /** Its port is open. */
  ready = false;
  report: Report | undefined = undefined;
  /** As it last told them. */
  metrics: MetricsState | undefined = undefined;
  /** How many looks ago it was last heard. */
  silence = 0;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  private readonly worker: Worker;

  constructor(worker: Worker) {
    this.worker = worker;
    this.line = new Line({
      send: (message) => void worker.send(message as object, () => undefined),
      onMessage: (take) => void worker.on('message', take),
    });
    worker.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      worker.once('exit', (code, signal) => {
        this.ready = false;
        this.line.close();
        resolve({ code, signal });
      });
    });
  }

  get id(): number {
    return this.worker.id;
  }

  get pid(): number | undefined {
    return this.worker.process.pid;
  }

  get stdout() {
    return this.worker.process.stdout;
  }

  kill(): void {
    this.worker.process.kill('SIGKILL');
  }

  /** Its metrics now, or as they last were when it is too busy to tell. */
  async read(patience: number): Promise<MetricsState | undefined> {
    try {
      this.metrics = await this.line.ask<MetricsState>('metrics', undefined, patience);
    } catch {
      // What it told before does not fall behind what was shown.
    }
    return this.metrics;
  }
}
