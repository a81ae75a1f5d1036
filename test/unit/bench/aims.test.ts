/** The bench's verdicts: an aim is reached by figures alone, and never by a peer whose requests failed. */
import { describe, expect, it } from 'vitest';
import { verdicts } from '../../bench/aims.ts';
import type { PeerReport, Report } from '../../bench/results.ts';
import { chosen, scenarios } from '../../bench/scenarios/index.ts';

const peer = (id: string, cpu: number, failures = 0): PeerReport => ({
  id,
  label: id,
  figures: { cpu: { median: cpu, min: cpu, max: cpu } },
  ratios: {},
  failures,
  foreign: 0,
  noisyRounds: 0,
});

const report = (...peers: PeerReport[]): Report[] => [{ id: 'get-64k', about: '', warnings: [], peers }];

describe('aims of the bench', () => {
  it('are reached up to their limit and missed beyond it', () => {
    const within = verdicts(report(peer('railguard-full', 23), peer('haproxy-full', 20)));
    const beyond = verdicts(report(peer('railguard-full', 23.2), peer('haproxy-full', 20)));
    expect(within.map(({ reached }) => reached)).toEqual([true]);
    expect(beyond.map(({ reached }) => reached)).toEqual([false]);
  });

  it('are missed when requests failed, whatever the figures', () => {
    const [verdict] = verdicts(report(peer('railguard-full', 10, 3), peer('haproxy-full', 20)));
    expect(verdict).toEqual({ reached: false, text: expect.stringContaining('3 requests failed') });
  });

  it('say nothing where a peer was not measured', () => {
    expect(verdicts(report(peer('railguard-full', 10)))).toEqual([]);
  });
});

describe('scenarios of the bench', () => {
  it('are chosen by name, by the beginning of several, or all', () => {
    expect(chosen(['latency', 'idle']).map(({ id }) => id)).toEqual(['latency', 'idle-1k', 'idle-10k']);
    expect(chosen(['all'])).toEqual(scenarios.filter(({ id }) => id !== 'soak'));
    expect(chosen(['all', 'soak'])).toEqual(scenarios);
  });

  it('name what there is to choose from when one is not known', () => {
    expect(() => chosen(['get-2k'])).toThrow(/get-2k: choose from all, get-1k/);
  });
});
