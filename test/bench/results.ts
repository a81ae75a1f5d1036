/** Turns samples into what is reported of a scenario: medians with their spread, ratios, what weakens them. */
import { median } from './median.ts';
import { peers } from './peers.ts';
import { FOREIGN_LIMIT, quiet } from './rounds.ts';
import type { Findings, Sample, Scenario } from './scenario.ts';

/** A figure over the rounds; NaN where it cannot be told. */
export interface Figure {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface PeerReport {
  readonly id: string;
  readonly label: string;
  /** By the key of their columns. */
  readonly figures: Readonly<Record<string, Figure>>;
  /** By their heading; NaN where one of the two peers is missing. */
  readonly ratios: Readonly<Record<string, number>>;
  readonly failures: number;
  /** The highest share of the cores that others used in a round that counts. */
  readonly foreign: number;
  /** Rounds that count although others used more than the limit. */
  readonly noisyRounds: number;
}

export interface Report {
  readonly id: string;
  readonly about: string;
  readonly warnings: readonly string[];
  readonly peers: readonly PeerReport[];
}

export function report(scenario: Scenario, findings: Findings): Report {
  const all = [...findings].map(([id, samples]) => peerReport(scenario, findings, id, samples));
  return { id: scenario.id, about: scenario.about, warnings: warnings(all), peers: all };
}

function peerReport(
  { columns, ratios }: Scenario,
  findings: Findings,
  id: string,
  samples: readonly Sample[],
): PeerReport {
  const middle = (peer: string, key: string) => figure(findings.get(peer) ?? [], key).median;
  return {
    id,
    label: peers.find((peer) => peer.id === id)?.label ?? 'direct, no proxy',
    figures: Object.fromEntries(columns.map(({ key }) => [key, figure(samples, key)])),
    ratios: Object.fromEntries(ratios.map(({ of, to, head }) => [head, middle(id, of) / middle(to, of)])),
    failures: samples.reduce((total, sample) => total + sample.failures, 0),
    foreign: Math.max(0, ...samples.map((sample) => sample.foreign)),
    noisyRounds: samples.filter((sample) => !quiet(sample)).length,
  };
}

function warnings(all: readonly PeerReport[]): string[] {
  const lines: string[] = [];
  const noisy = all.reduce((total, peer) => total + peer.noisyRounds, 0);
  if (noisy > 0) {
    const worst = Math.max(...all.map((peer) => peer.foreign));
    lines.push(
      `The machine was busy: in ${noisy} measurements that count, others used more than ` +
        `${percent(FOREIGN_LIMIT)} of the two cores (at most ${percent(worst)}).`,
    );
  }
  for (const { label, failures } of all) {
    if (failures > 0) lines.push(`${label}: ${failures} requests failed; its figures mean little.`);
  }
  return lines;
}

function figure(samples: readonly Sample[], key: string): Figure {
  const values = samples.map((sample) => sample.values[key] ?? Number.NaN);
  if (values.length === 0) return { median: Number.NaN, min: Number.NaN, max: Number.NaN };
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
