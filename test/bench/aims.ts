/** What railguard is meant to reach, and whether the figures of a run do. */
import type { PeerReport, Report } from './results.ts';

export interface Aim {
  readonly scenario: string;
  readonly peer: string;
  /** Key of the figure, as in the scenario's columns. */
  readonly figure: string;
  /** The peer whose figure is the measure; undefined for an absolute limit. */
  readonly to?: string;
  readonly most?: number;
  readonly least?: number;
  /** The figure and its unit, for people. */
  readonly what: string;
}

const full = 'railguard-full';

const cpu = (scenario: string, to: string, most: number, what = 'CPU a request', peer = full): Aim => ({
  scenario,
  peer,
  figure: 'cpu',
  to,
  most,
  what,
});

export const aims: readonly Aim[] = [
  cpu('get-1k', 'haproxy-full', 1.05),
  cpu('get-1k', 'http-proxy', 0.45),
  cpu('get-1k', 'haproxy-full', 1.25, 'CPU a request', 'railguard-full-standard'),
  cpu('get-1k', 'haproxy', 1.4, 'CPU a request', 'railguard-bare'),
  cpu('token-uncached', 'haproxy-full', 1.25),
  cpu('get-64k', 'haproxy-full', 1.15),
  {
    scenario: 'get-1m',
    peer: full,
    figure: 'megabytes',
    to: 'haproxy-full',
    least: 0.9,
    what: 'MB a second',
  },
  cpu('post-10k', 'haproxy-full', 1.2),
  cpu('websocket-64', 'haproxy', 1.2, 'CPU an echo'),
  cpu('websocket-16k', 'haproxy', 1.2, 'CPU an echo'),
  { scenario: 'h2c', peer: full, figure: 'rate', to: 'caddy', least: 1.5, what: 'requests a second' },
  { scenario: 'latency', peer: full, figure: 'p50', to: 'haproxy-full', most: 1.1, what: 'median latency' },
  { scenario: 'idle-10k', peer: full, figure: 'each', most: 8, what: 'KiB a connection' },
  { scenario: 'memory', peer: full, figure: 'idle', most: 70, what: 'MB resident, idle' },
  { scenario: 'memory', peer: full, figure: 'loaded', most: 130, what: 'MB resident after load' },
  { scenario: 'soak', peer: full, figure: 'growth', most: 5, what: 'MB of growth in half an hour' },
  { scenario: 'cold-start', peer: full, figure: 'listening', most: 350, what: 'ms to listening' },
];

export interface Verdict {
  readonly reached: boolean;
  readonly text: string;
}

/** One verdict for each aim whose figures are there. */
export function verdicts(reports: readonly Report[]): Verdict[] {
  return aims.flatMap((aim) => {
    const peers = reports.find(({ id }) => id === aim.scenario)?.peers ?? [];
    const [own, other] = [aim.peer, aim.to].map((wanted) => peers.find(({ id }) => id === wanted));
    const median = (peer: PeerReport | undefined) => peer?.figures[aim.figure]?.median ?? Number.NaN;
    const value = median(own) / (aim.to === undefined ? 1 : median(other));
    const failures = (own?.failures ?? 0) + (other?.failures ?? 0);
    return Number.isNaN(value) ? [] : [verdict(aim, value, failures)];
  });
}

function verdict({ scenario, peer, to, what, most, least }: Aim, value: number, failures: number): Verdict {
  const within = value <= (most ?? Number.POSITIVE_INFINITY) && value >= (least ?? 0);
  const reached = within && failures === 0;
  const limit = most === undefined ? `at least ${least}` : `at most ${most}`;
  const digits = to === undefined && value >= 20 ? 0 : 2;
  const told = `${value.toFixed(digits)}${to === undefined ? '' : ` × ${to}`}`;
  const but = failures === 0 ? '' : `, but ${failures} requests failed`;
  return { reached, text: `${reached ? '✓' : '✗'} ${scenario}, ${peer}: ${what} ${told} (${limit})${but}` };
}
