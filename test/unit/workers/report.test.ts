import { describe, expect, it } from 'vitest';
import type { Component } from '../../../core/components.ts';
import type { ProbeResult } from '../../../core/lifecycle.ts';
import { Metrics } from '../../../core/metrics.ts';
import { levelsOf, mergedComponents, mergedProbe, type Report, Traffic } from '../../../workers/report.ts';

const report = (more: Partial<Report> = {}): Report => ({
  levels: [],
  performance: [],
  refusals: undefined,
  components: [],
  probes: {},
  ...more,
});

describe('the reports of workers', () => {
  it('add up the levels of those that live', () => {
    const metrics = new Metrics({ version: '1' });
    metrics.inFlight.value = 3;
    metrics.connections.h2.value = 2;
    metrics.upstreamConnections.active.value = 5;
    const levels = levelsOf(metrics);
    const traffic = new Traffic(0);
    traffic.show([report({ levels }), report({ levels })]);
    expect(traffic.inFlight.value).toBe(6);
    expect(traffic.connections.h2.value).toBe(4);
    expect(traffic.connections.h1.value).toBe(0);
    expect(traffic.upstreamConnections).toMatchObject({ idle: { value: 0 }, active: { value: 10 } });
    traffic.show([]);
    expect(traffic.inFlight.value).toBe(0);
  });

  it('show a part as degraded that one of them has degraded', () => {
    const on: Component = { name: 'store', kind: 'store', state: 'on' };
    const off: Component = { ...on, state: 'degraded', message: 'away' };
    const filter: Component = { name: 'cors', kind: 'filter', state: 'on' };
    const all = [
      [on, filter],
      [off, filter],
      [on, filter],
    ].map((components) => report({ components }));
    expect(mergedComponents(all)).toEqual([off, filter]);
  });

  it('take a probe for well that is well with one of them', () => {
    const bad: ProbeResult = { ok: false, message: 'no keys' };
    const probes = (keys: ProbeResult) => report({ probes: { keys } });
    expect(mergedProbe([probes(bad), probes({ ok: true })], 'keys').ok).toBe(true);
    expect(mergedProbe([probes(bad)], 'keys')).toEqual(bad);
    expect(mergedProbe([], 'keys').ok).toBe(false);
  });
});
