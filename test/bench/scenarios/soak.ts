/** Half an hour of everything: does memory grow? */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Request, save, token } from '../load/requests.ts';
import { replay } from '../load/wrk.ts';
import { median } from '../median.ts';
import { resident } from '../memory.ts';
import type { Findings, Scenario } from '../scenario.ts';
import { browsers } from './diverse-headers.ts';
import { CONNECTIONS } from './replaying.ts';

/** Each is a load on connections of its own, in seconds, and a rest, in milliseconds. */
const STINTS = 60;
const LOAD = 25;
const REST = 5000;
/** Stints whose median is taken, late in warming up and at the end. */
const EARLY = [10, 20] as const;
const LATE = [STINTS - 10, STINTS] as const;
const PEERS = ['railguard-full'];

const scenario: Scenario = {
  id: 'soak',
  about: `${(STINTS * (LOAD + REST / 1000)) / 60} minutes of browsers, strangers, POSTs of 10 KB and answers of 64 KB and 1 MB, on new connections every ${LOAD} s`,
  alone: true,
  peers: PEERS,
  columns: [
    { key: 'requests', head: 'requests', digits: 0 },
    { key: 'early', head: 'RSS MB after 5 to 10 min', digits: 1 },
    { key: 'late', head: 'RSS MB in the last 5 min', digits: 1 },
    { key: 'growth', head: 'growth MB', digits: 1 },
    { key: 'most', head: 'most MB', digits: 1 },
  ],
  ratios: [],
  async run(rig, { ownLoad }): Promise<Findings> {
    await rig.startApp('files', ownLoad);
    const file = rig.file('soak.requests');
    save(file, mixed());
    const { play } = replay(ownLoad);
    const found = new Map();
    for (const { id, port, pid } of await rig.contestants(PEERS)) {
      const sizes: number[] = [];
      let played = 0;
      let failures = 0;
      for (let stint = 0; stint < STINTS; stint += 1) {
        const what = { port, file, played, connections: CONNECTIONS, seconds: LOAD };
        const load = await play(what, { start() {}, stop() {} });
        played += load.operations;
        failures += load.failures;
        await sleep(REST);
        sizes.push(resident(pid) / 1e6);
      }
      const [early, late] = [median(sizes.slice(...EARLY)), median(sizes.slice(...LATE))];
      const values = { requests: played, early, late, growth: late - early, most: Math.max(...sizes) };
      found.set(id, [{ values, failures, foreign: 0 }]);
    }
    return found;
  },
};

/** Browsers of known users, and among them users never seen before, uploads and larger answers. */
function mixed(): Request[] {
  const upload = JSON.stringify({ data: 'x'.repeat(10 * 1024) });
  return browsers().map((request, index) => {
    if (index % 50 === 0) return { path: '/1m' };
    if (index % 20 === 0) return { path: '/64k' };
    if (index % 10 === 0) return { ...request, body: upload };
    if (index % 7 !== 0) return request;
    return { headers: [`Authorization: Bearer ${token({ sub: `stranger-${index}` })}`] };
  });
}

export default scenario;
