/** Scenarios that play requests on 64 connections, as fast as they are answered. */
import { type Request, save } from '../load/requests.ts';
import { replay } from '../load/wrk.ts';
import { measure } from '../rounds.ts';
import type { Column, Ratio, Scenario } from '../scenario.ts';

export const CONNECTIONS = 64;

interface Replaying extends Pick<Scenario, 'id' | 'about'> {
  readonly peers?: readonly string[];
  readonly columns?: readonly Column[];
  readonly ratios?: readonly Ratio[];
  /** Made when the scenario runs; played in turn. */
  requests(): readonly Request[];
}

/** Whom most scenarios compare. */
export const USUAL_PEERS = ['direct', 'railguard-full', 'haproxy-full', 'http-proxy', 'nginx'];

/** CPU in microseconds an operation, latencies in milliseconds. */
export const columns = (operation: string): Column[] => [
  { key: 'rate', head: `${operation}s/s`, digits: 0 },
  { key: 'p50', head: 'p50 ms', digits: 2 },
  { key: 'p99', head: 'p99 ms', digits: 2 },
  { key: 'cpu', head: `CPU µs/${operation}`, digits: 1 },
];

/** The CPU as a multiple of what others need. */
export const cpuTo = (...peers: readonly string[]): Ratio[] =>
  peers.map((to) => ({ of: 'cpu', to, head: `× ${to}` }));

export function replaying(scenario: Replaying): Scenario {
  const peers = scenario.peers ?? USUAL_PEERS;
  return {
    columns: columns('request'),
    ratios: cpuTo('haproxy-full', 'http-proxy'),
    ...scenario,
    peers,
    async run(rig, { ownLoad, rounds, seconds }) {
      await rig.startApp('files', ownLoad);
      const file = rig.file(`${scenario.id}.requests`);
      save(file, scenario.requests());
      const { play } = replay(ownLoad);
      const played = new Map<string, number>();
      return measure(
        await rig.contestants(peers),
        async ({ id, port }, seconds, watch) => {
          const before = played.get(id) ?? 0;
          const load = await play({ port, file, played: before, connections: CONNECTIONS, seconds }, watch);
          played.set(id, before + load.operations);
          const megabytes = load.bytes! / load.seconds / 1e6;
          return { ...load, p50: load.p50! / 1000, p99: load.p99! / 1000, megabytes };
        },
        rounds,
        seconds,
      );
    },
  };
}
