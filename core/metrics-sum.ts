/** Several processes as one in a scrape: counts and times added up, and what can't be added by a rule of its own. */
import { type Exposition, expose } from './exposition.ts';
import { RequestFigures, Times } from './figures.ts';
import { DURATION_BUCKETS, type MetricsState, OVERHEAD_BUCKETS } from './metrics.ts';
import { aggregate, type Registry } from './prom.ts';

/** What is not a sum. Of shares, ages and delays the worst; of what is up the least. */
const RULES: readonly (readonly [RegExp, string])[] = [
  [/^nodejs_eventloop_lag_/, 'max'],
  [/^railguard_(overload_share|jwks_age_seconds|sessions_active)$/, 'max'],
  [/^railguard_identity_store_up$/, 'min'],
  [/^railguard_build_info$/, 'first'],
  [/^process_start_time_seconds$/, 'min'],
];

type Others = MetricsState['others'];

/** At least one. */
export async function sum(states: readonly MetricsState[]): Promise<MetricsState> {
  const { requests, overhead } = figuresOf(states);
  return {
    requests: requests.state(0),
    overhead: overhead.state(0),
    others: await added(states).getMetricsAsJSON(),
  };
}

/** What is left of a process that has ended: its counts, which must not fall, and not its levels. */
export function lasting(state: MetricsState): MetricsState {
  // prom-client says the kind as a word here, whatever its types say.
  const counts = state.others.filter(({ type }) => ['counter', 'histogram'].includes(String(type)));
  return { ...state, others: counts };
}

/** The exposition of all of them together; at least one. */
export async function render(
  states: readonly MetricsState[],
  accept: string | undefined,
): Promise<Exposition> {
  return expose(figuresOf(states), await added(states).metrics(), accept, 0);
}

function figuresOf(states: readonly MetricsState[]): { requests: RequestFigures; overhead: Times } {
  const requests = new RequestFigures(DURATION_BUCKETS);
  const overhead = new Times(OVERHEAD_BUCKETS);
  for (const state of states) {
    requests.absorb(state.requests);
    overhead.absorb(state.overhead);
  }
  return { requests, overhead };
}

function added(states: readonly MetricsState[]): Registry {
  return aggregate(states.map(({ others }) => ruled(others)));
}

function ruled(others: Others): Others[number][] {
  return others.map((metric) => {
    const rule = RULES.find(([name]) => name.test(metric.name))?.[1];
    return rule === undefined ? metric : ({ ...metric, aggregator: rule } as Others[number]);
  });
}
