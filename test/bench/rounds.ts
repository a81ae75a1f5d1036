/** Measures the peers in alternation, and measures again what other work on the machine has blurred. */
import { busyTime, measurable, ownTime, treeTime } from './cpu.ts';
import type { Generator } from './load.ts';
import { LOAD_CORE, PROXY_CORE, pinned, type Running } from './processes.ts';

/** Above this share of the two cores, what others used spoils a measurement. */
export const FOREIGN_LIMIT = 0.07;

export interface Contestant {
  readonly id: string;
  readonly label: string;
  readonly port: number;
  /** Fields of its requests, as `Name: value`. */
  readonly headers: readonly string[];
  /** The process whose CPU is counted; undefined for the upstream itself. */
  readonly pid: number | undefined;
}

export interface Sample {
  readonly requestsPerSecond: number;
  /** Latencies in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** CPU of the proxy in microseconds a request; NaN where it cannot be told. */
  readonly cpu: number;
  /** Share of the two cores that others used, 0 to 1; 0 where it cannot be told. */
  readonly foreign: number;
  readonly failures: number;
}

export interface Bench {
  readonly contestants: readonly Contestant[];
  /** Every process of the bench that runs throughout: its CPU is not foreign. */
  readonly servers: readonly Running[];
  readonly generator: Generator;
  readonly seconds: number;
}

/**
 * Measures each contestant until it has `rounds` quiet samples, in at most twice as many rounds, and returns
 * its `rounds` quietest. Every other round runs backwards, so that nobody always follows the same neighbour.
 */
export async function measure(bench: Bench, rounds: number): Promise<Map<string, Sample[]>> {
  const samples = new Map<string, Sample[]>(bench.contestants.map(({ id }) => [id, []]));
  for (const one of bench.contestants) await bench.generator.load(one.port, 2, one.headers);
  for (let round = 0; round < rounds * 2; round += 1) {
    const order = round % 2 === 0 ? bench.contestants : bench.contestants.toReversed();
    for (const one of order) {
      const taken = samples.get(one.id)!;
      if (taken.filter(quiet).length < rounds) taken.push(await sample(bench, one));
    }
  }
  for (const [id, taken] of samples) {
    samples.set(id, taken.toSorted((a, b) => a.foreign - b.foreign).slice(0, rounds));
  }
  return samples;
}

export function quiet(sample: Sample): boolean {
  return sample.foreign <= FOREIGN_LIMIT;
}

async function sample(bench: Bench, one: Contestant): Promise<Sample> {
  const before = clocks(bench, one);
  const load = await bench.generator.load(one.port, bench.seconds, one.headers);
  const after = clocks(bench, one);
  const others = after.busy - before.busy - (after.bench - before.bench);
  return {
    requestsPerSecond: load.requests / load.seconds,
    p50: load.p50 / 1000,
    p99: load.p99 / 1000,
    cpu: (after.proxy - before.proxy) / 1000 / load.requests,
    foreign: measurable && pinned ? Math.max(0, others / (2 * (after.now - before.now))) : 0,
    failures: load.failures,
  };
}

/** All in nanoseconds. */
function clocks(bench: Bench, one: Contestant): { now: number; busy: number; bench: number; proxy: number } {
  return {
    now: performance.now() * 1e6,
    busy: busyTime([LOAD_CORE, PROXY_CORE]),
    bench: bench.servers.reduce((total, server) => total + treeTime(server.pid), ownTime()),
    proxy: measurable && one.pid !== undefined ? treeTime(one.pid) : Number.NaN,
  };
}
