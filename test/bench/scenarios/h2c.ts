/** HTTP/2 without TLS, as the platform's edge may speak it: many streams on few connections. */
import { h2load, loadHttp2 } from '../load/h2load.ts';
import { measure } from '../rounds.ts';
import type { Scenario } from '../scenario.ts';
import { cpuTo } from './replaying.ts';

const CONNECTIONS = 8;
const STREAMS = 8;
const PEERS = ['railguard', 'railguard-full', 'haproxy-full', 'haproxy', 'caddy'];

const scenario: Scenario = {
  id: 'h2c',
  about: `GET of 1 KB over HTTP/2 without TLS, ${CONNECTIONS} connections of ${STREAMS} streams`,
  peers: PEERS,
  columns: [
    { key: 'rate', head: 'requests/s', digits: 0 },
    { key: 'mean', head: 'mean ms', digits: 2 },
    { key: 'cpu', head: 'CPU µs/request', digits: 1 },
  ],
  ratios: [{ of: 'rate', to: 'caddy', head: 'requests/s × caddy' }, ...cpuTo('haproxy-full', 'caddy')],
  async run(rig, { ownLoad, rounds, seconds }) {
    if (h2load === undefined) {
      console.error('h2load is not installed (package nghttp2-client): h2c is left out');
      return new Map();
    }
    await rig.startApp('files', ownLoad);
    return measure(
      await rig.contestants(PEERS),
      ({ port }, duration, watch) => loadHttp2(port, CONNECTIONS, STREAMS, duration, watch),
      rounds,
      seconds,
    );
  },
};

export default scenario;
