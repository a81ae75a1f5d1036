/** Fan-out: many browsers that listen to server-sent events. */
import { generate, own } from '../load/generate.ts';
import { measure } from '../rounds.ts';
import type { Scenario } from '../scenario.ts';
import { cpuTo } from './replaying.ts';

const STREAMS = 1000;
const PEERS = ['railguard-full', 'haproxy-full', 'http-proxy', 'nginx', 'caddy'];

/** Each stream is a request under way, and holds a connection to the app. */
const ROOM = { MAX_IN_FLIGHT: String(STREAMS * 2), UPSTREAM_MAX_CONNECTIONS: String(STREAMS * 2) };

const scenario: Scenario = {
  id: 'sse',
  about: `${STREAMS} streams of server-sent events, ten events of 130 bytes a second on each`,
  peers: PEERS,
  columns: [
    { key: 'rate', head: 'events/s', digits: 0 },
    { key: 'cpu', head: 'CPU µs/event', digits: 2 },
  ],
  ratios: cpuTo('haproxy-full', 'http-proxy'),
  async run(rig, { rounds, seconds }) {
    await rig.startApp('streams', false);
    const drive = (port: number, duration: number) => own('sse.ts', port, STREAMS, duration);
    const contestants = await rig.contestants(PEERS, ROOM);
    return measure(
      contestants,
      ({ port }, duration, watch) => generate(drive(port, duration), watch),
      rounds,
      seconds,
    );
  },
};

export default scenario;
