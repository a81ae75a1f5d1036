/** What waiting behind a proxy feels like while there is little to do: latency at an even thousand a second. */
import { generate, own } from '../load/generate.ts';
import { save } from '../load/requests.ts';
import { replay } from '../load/wrk.ts';
import { measure } from '../rounds.ts';
import type { Scenario } from '../scenario.ts';
import { CONNECTIONS } from './replaying.ts';

const PER_SECOND = 1000;
/** Below this, one answer in a thousand is too few. */
const LEAST_SECONDS = 8;
const PEERS = ['direct', 'railguard-full', 'haproxy-full', 'http-proxy'];

const scenario: Scenario = {
  id: 'latency',
  about: `GET of 1 KB, ${PER_SECOND} a second at even distances, latency from the moment each was due`,
  peers: PEERS,
  columns: [
    { key: 'p50', head: 'p50 µs', digits: 0 },
    { key: 'p99', head: 'p99 µs', digits: 0 },
    { key: 'p999', head: 'p99.9 µs', digits: 0 },
    { key: 'late', head: 'sent late', digits: 0 },
    { key: 'cpu', head: 'CPU µs/request', digits: 1 },
  ],
  ratios: [{ of: 'p50', to: 'haproxy-full', head: 'p50 × haproxy-full' }],
  async run(rig, { ownLoad, rounds, seconds }) {
    await rig.startApp('files', ownLoad);
    const file = rig.file('latency.requests');
    save(file, [{}]);
    const { play } = replay(ownLoad);
    return measure(
      await rig.contestants(PEERS),
      ({ port }, duration, watch) => generate(own('paced.ts', port, file, PER_SECOND, duration), watch),
      rounds,
      Math.max(LEAST_SECONDS, seconds),
      ({ port }, seconds, watch) => play({ port, file, played: 0, connections: CONNECTIONS, seconds }, watch),
    );
  },
};

export default scenario;
