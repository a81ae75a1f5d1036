/** What a client costs that keeps its connection and says nothing, as browsers and edges do. */
import { setTimeout as sleep } from 'node:timers/promises';
import { generate, own } from '../load/generate.ts';
import { anonymous, MOST_ROUNDS, PEERS } from '../memory.ts';
import type { Prepared, Rig } from '../rig.ts';
import type { Sample, Scenario } from '../scenario.ts';

/** Milliseconds of rest before each look at the memory. */
const REST = 3000;

const idle = (id: string, connections: number): Scenario => ({
  id,
  about: `${connections.toLocaleString('en')} kept-alive connections that were served once`,
  peers: PEERS,
  columns: [
    { key: 'before', head: 'MB before', digits: 1 },
    { key: 'during', head: 'MB with them', digits: 1 },
    { key: 'each', head: 'KiB/connection', digits: 1 },
  ],
  ratios: [],
  async run(rig, { rounds, ownLoad }) {
    await rig.startApp('files', ownLoad);
    const settings = { MAX_CONNECTIONS: String(connections + 1000) };
    const found = new Map<string, Sample[]>();
    for (let round = 0; round < Math.min(rounds, MOST_ROUNDS); round += 1) {
      for (const prepared of await rig.prepare(PEERS, settings)) {
        const taken = found.get(prepared.id) ?? [];
        found.set(prepared.id, [...taken, await look(rig, prepared, connections)]);
      }
    }
    return found;
  },
});

/** Each look at a process of its own: memory once taken is seldom given back. */
async function look(rig: Rig, prepared: Prepared, connections: number): Promise<Sample> {
  const peer = await rig.start(prepared);
  await sleep(REST);
  const before = anonymous(peer.pid);
  let during = 0;
  const { operations, failures } = await generate(own('idle.ts', peer.port, connections), {
    start() {},
    async stop() {
      await sleep(REST);
      during = anonymous(peer.pid);
    },
  });
  await peer.stop();
  const values = { before: before / 1e6, during: during / 1e6, each: (during - before) / 1024 / operations };
  return { values, failures, foreign: 0 };
}

export const thousand = idle('idle-1k', 1000);
export const tenThousand = idle('idle-10k', 10_000);
