/** What a worker tells of itself every second, and how the primary reads it of all of them. */
import type { Component } from '../core/components.ts';
import type { ProbeResult } from '../core/lifecycle.ts';
import { Level, type Metrics } from '../core/metrics.ts';
import { Performance, type SlotReport } from '../core/performance.ts';
import type { RefusalNews } from '../core/refusals.ts';

/** Names of the levels, in the order in which they are told. */
const LEVELS = ['in_flight', 'h1', 'h2', 'websocket', 'idle', 'active'] as const;

export interface Report {
  readonly levels: readonly number[];
  readonly performance: readonly SlotReport[];
  readonly refusals: RefusalNews | undefined;
  readonly components: readonly Component[];
  readonly probes: Readonly<Record<string, ProbeResult>>;
}

type Shown = Pick<Metrics, 'performance' | 'inFlight' | 'connections' | 'upstreamConnections'>;

export function levelsOf({ inFlight, connections, upstreamConnections }: Shown): number[] {
  const { h1, h2, websocket } = connections;
  const { idle, active } = upstreamConnections;
  return [inFlight, h1, h2, websocket, idle, active].map(({ value }) => value);
}

/** The traffic of all workers, as far as it is told. */
export class Traffic implements Shown {
  readonly performance: Performance;
  private readonly levels = LEVELS.map(() => new Level());

  /** `now` on the monotonic clock. */
  constructor(now: number) {
    this.performance = new Performance(now);
  }

  get inFlight(): Level {
    return this.levels[0]!;
  }

  get connections() {
    const [, h1, h2, websocket] = this.levels as [Level, Level, Level, Level];
    return { h1, h2, websocket };
  }

  get upstreamConnections() {
    const [, , , , idle, active] = this.levels as [Level, Level, Level, Level, Level, Level];
    return { idle, active };
  }

  /** The last report of each worker that lives. */
  show(reports: readonly Report[]): void {
    for (const [i, level] of this.levels.entries())
      level.value = reports.reduce((sum, { levels }) => sum + (levels[i] ?? 0), 0);
  }
}

/** A part of which one worker's is not well is not well. */
export function mergedComponents(reports: readonly Report[]): Component[] {
  const merged = new Map<string, Component>();
  for (const { components } of reports) {
    for (const component of components) {
      const known = merged.get(component.name);
      if (known === undefined || component.state === 'degraded') merged.set(component.name, component);
    }
  }
  return [...merged.values()];
}

/** Well when it is with one of them. */
export function mergedProbe(reports: readonly Report[], name: string): ProbeResult {
  const results = reports.flatMap(({ probes }) => probes[name] ?? []);
  return results.find(({ ok }) => ok) ?? results[0] ?? { ok: false, message: 'No worker has answered yet.' };
}
