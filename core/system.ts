/** How the machine under railguard fares: memory, CPU, disks and the event loop, sampled in the background. */
import { statfs } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Cgroup, type Source } from './cgroup.ts';
import type { Clock } from './clock.ts';

/** Milliseconds. */
const SAMPLE = 5000;
const RESOLUTION = 20;
/** CPU and event loop are judged over half a minute: a moment's load is no state. */
const SAMPLES = 6;

export interface DiskReading {
  readonly path: string;
  readonly percent: number;
  readonly free_bytes: number;
  readonly total_bytes: number;
}

export interface SystemReading {
  readonly memory: {
    readonly percent: number;
    readonly used_bytes: number;
    readonly limit_bytes: number;
    readonly source: Source;
  } | null;
  readonly cpu: { readonly percent: number; readonly cores: number; readonly source: Source } | null;
  readonly disks: readonly DiskReading[];
  /** Milliseconds that the event loop was late, over the last half minute. */
  readonly event_loop: { readonly p99_ms: number; readonly max_ms: number };
  readonly process: { readonly rss_bytes: number; readonly heap_bytes: number };
}

interface CpuSample {
  readonly at: number;
  readonly seconds: number;
}

interface Delay {
  readonly p99: number;
  readonly max: number;
}

export interface SystemOptions {
  readonly clock: Clock;
  /** Directories whose file systems are watched; several on one file system count once. */
  readonly disks: readonly string[];
  readonly cgroup?: Cgroup;
}

export class SystemMonitor {
  private readonly options: SystemOptions;
  private readonly cgroup: Cgroup;
  private readonly loop = monitorEventLoopDelay({ resolution: RESOLUTION });
  private readonly timer: NodeJS.Timeout;
  private cpus: CpuSample[] = [];
  private delays: Delay[] = [];

  /** Samples until `stop`; keeps no process alive. */
  constructor(options: SystemOptions) {
    this.options = options;
    this.cgroup = options.cgroup ?? new Cgroup();
    this.loop.enable();
    this.sampleCpu();
    this.timer = setInterval(() => this.sample(), SAMPLE);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
    this.loop.disable();
  }

  /** Waits for the disks alone; a file system that can't be asked is left out. */
  async read(): Promise<SystemReading> {
    const disks = await this.disks();
    const memory = this.cgroup.memory();
    const { rss, heapUsed } = process.memoryUsage();
    return {
      memory: memory === undefined ? null : memoryReading(memory),
      cpu: this.cpu(),
      disks,
      event_loop: this.eventLoop(),
      process: { rss_bytes: rss, heap_bytes: heapUsed },
    };
  }

  private cpu(): SystemReading['cpu'] {
    const use = this.cgroup.cpu();
    const [first] = this.cpus;
    if (use === undefined || first === undefined) return null;
    const elapsed = (this.options.clock.monotonic() - first.at) / 1000;
    // Less than half a second of it says nothing yet.
    const busy = elapsed < 0.5 ? 0 : (use.seconds - first.seconds) / elapsed / use.cores;
    const percent = Math.min(100, Math.max(0, tenth(busy * 100)));
    return { percent, cores: use.cores, source: use.source };
  }

  private eventLoop(): SystemReading['event_loop'] {
    const all = [...this.delays, this.delay()];
    return {
      p99_ms: tenth(Math.max(...all.map(({ p99 }) => p99))),
      max_ms: tenth(Math.max(...all.map(({ max }) => max))),
    };
  }

  private async disks(): Promise<DiskReading[]> {
    const readings = await Promise.all(this.options.disks.map(disk));
    const seen = new Set<string>();
    return readings.filter((reading) => {
      if (reading === undefined) return false;
      const key = `${reading.total_bytes} ${reading.free_bytes}`;
      return seen.size !== seen.add(key).size;
    }) as DiskReading[];
  }

  private sample(): void {
    this.delays = [...this.delays, this.delay()].slice(-SAMPLES);
    this.loop.reset();
    this.sampleCpu();
  }

  private sampleCpu(): void {
    const use = this.cgroup.cpu();
    if (use === undefined) return;
    const sample = { at: this.options.clock.monotonic(), seconds: use.seconds };
    this.cpus = [...this.cpus, sample].slice(-SAMPLES);
  }

  /** The histogram holds whole intervals: the time it was due is no delay. */
  private delay(): Delay {
    if (this.loop.count === 0) return { p99: 0, max: 0 };
    const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION);
    return { p99: late(this.loop.percentile(99)), max: late(this.loop.max) };
  }
}

function memoryReading({ used, limit, source }: { used: number; limit: number; source: Source }) {
  return { percent: tenth((used / limit) * 100), used_bytes: used, limit_bytes: limit, source };
}

/** As `df` reckons: what is kept back for root is neither used nor free. */
async function disk(path: string): Promise<DiskReading | undefined> {
  try {
    const { bsize, blocks, bfree, bavail } = await statfs(path);
    const used = blocks - bfree;
    const percent = used + bavail === 0 ? 0 : tenth((used / (used + bavail)) * 100);
    return { path, percent, free_bytes: bavail * bsize, total_bytes: blocks * bsize };
  } catch {
    return undefined;
  }
}

const tenth = (value: number): number => Math.round(value * 10) / 10;
