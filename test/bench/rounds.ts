/** Measures the peers in alternation, and measures again what other work on the machine has blurred. */
import { setTimeout as sleep } from 'node:timers/promises';
import { benchTime, busyTime, measurable, treeTime } from './cpu.ts';
import type { Load, Watch } from './load/generate.ts';
import { LOAD_CORE, PROXY_CORE, pinned } from './processes.ts';
import type { Contestant, Findings, Sample } from './scenario.ts';

/** Above this share of the two cores, what others used spoils a measurement. */
export const FOREIGN_LIMIT = 0.07;

/** Seconds of load before the first round, and milliseconds of rest before each measurement. */
const WARM_UP = 5;
const REST = 200;

/** Puts load on one peer for so many seconds. */
export type Drive = (contestant: Contestant, seconds: number, watch: Watch) => Promise<Load>;

/**
 * Measures each contestant until it has `rounds` quiet samples, in at most twice as many rounds, and returns
 * its `rounds` quietest. Every other round runs backwards, so that nobody always follows the same neighbour.
 * `warmUp` puts load on them before, where `drive` itself is too gentle to have hot code compiled in so short a time.
 */
export async function measure(
  contestants: readonly Contestant[],
  drive: Drive,
  rounds: number,
  seconds: number,
  warmUp: Drive = drive,
): Promise<Findings> {
  const samples = new Map<string, Sample[]>(contestants.map(({ id }) => [id, []]));
  for (const one of contestants) await warmUp(one, WARM_UP, { start() {}, stop() {} });
  for (let round = 0; round < rounds * 2; round += 1) {
    const order = round % 2 === 0 ? contestants : contestants.toReversed();
    for (const one of order) {
      const taken = samples.get(one.id)!;
      if (taken.filter(quiet).length < rounds) taken.push(await sample(one, drive, seconds));
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

async function sample(one: Contestant, drive: Drive, seconds: number): Promise<Sample> {
  await sleep(REST);
  const pid = one.id === 'direct' ? undefined : one.pid;
  let before = clocks(pid);
  let after: Clocks | undefined;
  const load = await drive(one, seconds, {
    start: () => {
      before = clocks(pid);
    },
    stop: () => {
      after ??= clocks(pid);
    },
  });
  after ??= clocks(pid);
  const others = after.busy - before.busy - (after.bench - before.bench);
  const { operations, failures, ...figures } = load;
  const cpu = (after.proxy - before.proxy) / 1000 / operations;
  return {
    values: { ...figures, rate: operations / load.seconds, cpu },
    foreign: measurable && pinned ? Math.max(0, others / (2 * (after.now - before.now))) : 0,
    failures,
  };
}

/** All in nanoseconds. */
interface Clocks {
  readonly now: number;
  readonly busy: number;
  readonly bench: number;
  readonly proxy: number;
}

function clocks(pid: number | undefined): Clocks {
  return {
    now: performance.now() * 1e6,
    busy: busyTime([LOAD_CORE, PROXY_CORE]),
    bench: benchTime(),
    proxy: measurable && pid !== undefined ? treeTime(pid) : Number.NaN,
  };
}
