/** WebSocket messages there and back, small ones and large ones. */
import { generate, own } from '../load/generate.ts';
import { measure } from '../rounds.ts';
import type { Scenario } from '../scenario.ts';
import { CONNECTIONS, columns, cpuTo } from './replaying.ts';

const PEERS = ['direct', 'railguard-full', 'haproxy', 'http-proxy', 'nginx'];

const echo = (id: string, bytes: number, size: string): Scenario => ({
  id,
  about: `messages of ${size} echoed over ${CONNECTIONS} WebSockets, one at a time on each`,
  peers: PEERS,
  columns: columns('echo'),
  ratios: cpuTo('haproxy', 'http-proxy'),
  async run(rig, { rounds, seconds }) {
    await rig.startApp('streams', false);
    const drive = (port: number, duration: number) => own('websocket.ts', port, CONNECTIONS, bytes, duration);
    const contestants = await rig.contestants(PEERS);
    return measure(
      contestants,
      ({ port }, duration, watch) => generate(drive(port, duration), watch),
      rounds,
      seconds,
    );
  },
});

export const small = echo('websocket-64', 64, '64 bytes');
export const large = echo('websocket-16k', 16 * 1024, '16 KB');
