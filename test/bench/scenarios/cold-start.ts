/** How soon a new process takes connections, as a platform waits for it after a deployment or a crash. */
import { setTimeout as sleep } from 'node:timers/promises';
import { listening } from '../../harness/ports.ts';
import { treeTime } from '../cpu.ts';
import { end, launch, PROXY_CORE } from '../processes.ts';
import type { Prepared, Rig } from '../rig.ts';
import type { Sample, Scenario } from '../scenario.ts';

const PEERS = ['railguard', 'railguard-full', 'http-proxy', 'haproxy-full', 'nginx', 'caddy'];
/** Starts for each round asked for: one takes less than half a second. */
const STARTS = 3;
/** Milliseconds between two looks, and of patience. */
const LOOK_EVERY = 2;
const PATIENCE = 20_000;

const scenario: Scenario = {
  id: 'cold-start',
  about: 'from the start of the process to the first connection that it takes',
  peers: PEERS,
  columns: [
    { key: 'listening', head: 'ms to listening', digits: 0 },
    { key: 'cpu', head: 'CPU ms', digits: 0 },
  ],
  ratios: [],
  async run(rig, { rounds, ownLoad }) {
    await rig.startApp('files', ownLoad);
    const found = new Map<string, Sample[]>();
    for (let turn = 0; turn <= rounds * STARTS; turn += 1) {
      for (const prepared of await rig.prepare(PEERS)) {
        const sample = await timed(rig, prepared);
        // The first start of each brings its files into memory.
        if (turn > 0) found.set(prepared.id, [...(found.get(prepared.id) ?? []), sample]);
      }
    }
    return found;
  },
};

async function timed(rig: Rig, { command, port, label }: Prepared): Promise<Sample> {
  const startedAt = performance.now();
  const child = launch(command, PROXY_CORE, rig.scratch);
  child.stderr!.resume();
  try {
    while (!(await listening(port))) {
      if (child.exitCode !== null || performance.now() - startedAt > PATIENCE) {
        throw new Error(`${label} does not listen`);
      }
      await sleep(LOOK_EVERY);
    }
    const values = { listening: performance.now() - startedAt, cpu: treeTime(child.pid!) / 1e6 };
    return { values, failures: 0, foreign: 0 };
  } finally {
    await end(child);
  }
}

export default scenario;
