/** Memory of a process that has nothing to do, has just worked hard, and has rested since. */
import { setTimeout as sleep } from 'node:timers/promises';
import { save } from '../load/requests.ts';
import { replay } from '../load/wrk.ts';
import { anonymous, MOST_ROUNDS, PEERS, resident } from '../memory.ts';
import type { Sample, Scenario } from '../scenario.ts';
import { CONNECTIONS } from './replaying.ts';

/** Seconds of load; milliseconds of rest after the start and after the load. */
const LEAST_LOAD = 8;
const SETTLE = 3000;
const REST = 30_000;

const scenario: Scenario = {
  id: 'memory',
  about: `resident memory idle, after ${LEAST_LOAD} s of load on ${CONNECTIONS} connections, and after 30 s of rest`,
  peers: PEERS,
  columns: [
    { key: 'idle', head: 'RSS MB idle', digits: 1 },
    { key: 'own', head: 'of it from no file', digits: 1 },
    { key: 'loaded', head: 'RSS MB after load', digits: 1 },
    { key: 'rested', head: 'RSS MB rested', digits: 1 },
  ],
  ratios: [],
  async run(rig, { rounds, seconds, ownLoad }) {
    await rig.startApp('files', ownLoad);
    const file = rig.file('memory.requests');
    save(file, [{}]);
    const { play } = replay(ownLoad);
    const found = new Map<string, Sample[]>();
    for (let round = 0; round < Math.min(rounds, MOST_ROUNDS); round += 1) {
      const peers = await rig.contestants(PEERS);
      await sleep(SETTLE);
      const looks = peers.map(({ pid }) => ({
        idle: resident(pid) / 1e6,
        own: anonymous(pid) / 1e6,
        loaded: 0,
        failures: 0,
      }));
      for (const [index, { port, pid }] of peers.entries()) {
        const look = looks[index]!;
        const load = {
          port,
          file,
          played: 0,
          connections: CONNECTIONS,
          seconds: Math.max(LEAST_LOAD, seconds),
        };
        look.failures = (await play(load, { start() {}, stop() {} })).failures;
        look.loaded = resident(pid) / 1e6;
      }
      await sleep(REST);
      for (const [index, { id, pid, stop }] of peers.entries()) {
        const { failures, ...values } = looks[index]!;
        const sample = { values: { ...values, rested: resident(pid) / 1e6 }, failures, foreign: 0 };
        found.set(id, [...(found.get(id) ?? []), sample]);
        await stop();
      }
    }
    return found;
  },
};

export default scenario;
