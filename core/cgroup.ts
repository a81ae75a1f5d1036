/** What this process may use and what is used of it: the limits of its cgroup (v2 or v1) before those of the machine. */
import { readFileSync } from 'node:fs';
import os from 'node:os';

export type Source = 'cgroup' | 'host';

export interface MemoryUse {
  /** Bytes that can't be had by dropping cache. */
  readonly used: number;
  readonly limit: number;
  readonly source: Source;
}

export interface CpuUse {
  /** Seconds of CPU used since some beginning. */
  readonly seconds: number;
  /** How many CPUs that may be used in parallel; a quota may give a fraction. */
  readonly cores: number;
  readonly source: Source;
}

/** A v1 limit of "none" is a number near 2^63. */
const UNLIMITED = 2 ** 60;

export class Cgroup {
  private readonly root: string;
  private readonly unified: readonly string[];
  private readonly memoryV1: readonly string[];
  private readonly cpuV1: readonly string[];

  /** `root` stands before every path read; tests put a directory there. */
  constructor(root = '') {
    this.root = root;
    const own = paths(this.read('/proc/self/cgroup') ?? '');
    this.unified = ancestors('/sys/fs/cgroup', own.get('') ?? '/');
    this.memoryV1 = ancestors('/sys/fs/cgroup/memory', own.get('memory') ?? '/');
    this.cpuV1 = ['cpu', 'cpu,cpuacct', 'cpuacct'].flatMap((name) =>
      ancestors(`/sys/fs/cgroup/${name}`, own.get('cpu') ?? own.get('cpuacct') ?? '/'),
    );
  }

  /** The tightest limit of the process's groups, else the machine's memory. */
  memory(): MemoryUse | undefined {
    let tightest: MemoryUse | undefined;
    const consider = (limit: number | undefined, used: number | undefined): void => {
      if (limit === undefined || used === undefined || limit >= UNLIMITED) return;
      if (tightest === undefined || limit < tightest.limit) tightest = { used, limit, source: 'cgroup' };
    };
    for (const path of this.unified) {
      const cache = this.field(`${path}/memory.stat`, 'inactive_file') ?? 0;
      consider(this.number(`${path}/memory.max`), less(this.number(`${path}/memory.current`), cache));
    }
    for (const path of this.memoryV1) {
      const cache = this.field(`${path}/memory.stat`, 'total_inactive_file') ?? 0;
      const used = less(this.number(`${path}/memory.usage_in_bytes`), cache);
      consider(this.number(`${path}/memory.limit_in_bytes`), used);
    }
    const host = this.host();
    return tightest !== undefined && (host === undefined || tightest.limit <= host.limit) ? tightest : host;
  }

  cpu(): CpuUse | undefined {
    const cores = os.availableParallelism();
    for (const path of this.unified) {
      const used = this.field(`${path}/cpu.stat`, 'usage_usec');
      if (used === undefined) continue;
      const [quota, period] = (this.read(`${path}/cpu.max`) ?? 'max').split(/\s+/).map(Number);
      return { seconds: used / 1e6, cores: quotaOf(quota, period, cores), source: 'cgroup' };
    }
    for (const path of this.cpuV1) {
      const used =
        this.number(`${path}/cpuacct.usage`) ??
        this.number(`${path.replace(/\/cgroup\/cpu(?=\/|$)/, '/cgroup/cpuacct')}/cpuacct.usage`);
      if (used === undefined) continue;
      const quota = quotaOf(
        this.number(`${path}/cpu.cfs_quota_us`),
        this.number(`${path}/cpu.cfs_period_us`),
        cores,
      );
      return { seconds: used / 1e9, cores: quota, source: 'cgroup' };
    }
    return this.hostCpu(cores);
  }

  private host(): MemoryUse | undefined {
    const text = this.read('/proc/meminfo');
    const total = kilobytes(text, 'MemTotal');
    const free = kilobytes(text, 'MemAvailable');
    return total === undefined || free === undefined
      ? undefined
      : { used: total - free, limit: total, source: 'host' };
  }

  private hostCpu(cores: number): CpuUse | undefined {
    const line = /^cpu +(.*)$/m.exec(this.read('/proc/stat') ?? '')?.[1];
    if (line === undefined) return undefined;
    const [user = 0, nice = 0, system = 0, , , irq = 0, soft = 0] = line.split(' ').map(Number);
    return { seconds: (user + nice + system + irq + soft) / 100, cores, source: 'host' };
  }

  private number(path: string): number | undefined {
    const text = this.read(path)?.trim();
    return text === undefined || !/^-?\d+$/.test(text) ? undefined : Number(text);
  }

  private field(path: string, name: string): number | undefined {
    const found = new RegExp(`^${name} (\\d+)$`, 'm').exec(this.read(path) ?? '')?.[1];
    return found === undefined ? undefined : Number(found);
  }

  private read(path: string): string | undefined {
    try {
      return readFileSync(this.root + path, 'latin1');
    } catch {
      return undefined;
    }
  }
}

/** Controller → path; the unified hierarchy's controller is ''. */
function paths(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    for (const one of controllers.split(',')) found.set(one, path);
  }
  return found;
}

/** The group and those above it, the innermost first. */
function ancestors(mount: string, path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '..');
  return [...parts.keys(), parts.length]
    .reverse()
    .map((count) => [mount, ...parts.slice(0, count)].join('/'));
}

const less = (from: number | undefined, part: number) =>
  from === undefined ? undefined : Math.max(0, from - part);

/** `max` and -1 are no quota. */
const quotaOf = (quota: number | undefined, period: number | undefined, cores: number): number =>
  quota !== undefined && quota > 0 && period !== undefined && period > 0
    ? Math.min(quota / period, cores)
    : cores;

function kilobytes(text: string | undefined, name: string): number | undefined {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text ?? '')?.[1];
  return found === undefined ? undefined : Number(found) * 1024;
}
