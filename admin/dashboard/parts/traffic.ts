/** The last five minutes: how much, how well, how fast. */
import { count, milliseconds, percent } from '../format.ts';
import { type Html, html } from '../html.ts';
import { type Line, plot } from '../plot.ts';
import type { Sources } from '../sources.ts';

const WINDOW = 300;

export function traffic({ metrics, clock }: Pick<Sources, 'metrics' | 'clock'>): Html {
  const now = clock.monotonic();
  const reading = metrics.performance.read(now);
  const series = metrics.performance.series(now);
  const { points } = series.latency;
  const rate = plot({
    label: `Requests a second over five minutes; now ${count(reading.rate_now)}`,
    seconds: WINDOW,
    least: 1,
    lines: [
      { name: 'requests', values: series.rate, tone: 'main', filled: true },
      { name: 'refused', values: some(series.refused), tone: 'warn' },
      { name: 'failed', values: some(series.errors), tone: 'bad' },
    ],
  });
  const latency = plot({
    label: `Latency over five minutes; median ${milliseconds(reading.p50)}, 99th percentile ${milliseconds(reading.p99)}`,
    seconds: WINDOW,
    least: 1,
    scale: 'log',
    format: milliseconds,
    lines: (['p99', 'p95', 'p50'] as const).map((name, i): Line => {
      const tone = (['bad', 'soft', 'main'] as const)[i] as Line['tone'];
      return { name, values: points.map((point) => point[name]), tone };
    }),
  });
  return html`<figure><figcaption><h2>Requests</h2><dl class="figures"><div><dt>now</dt><dd><b data-figure="rate">${count(reading.rate_now)}</b> <small>a second</small></dd></div><div><dt><i class="key main"></i>5 min</dt><dd>${count(reading.requests)}</dd></div><div><dt><i class="key bad"></i>failed</dt><dd>${percent(reading.error_rate)}</dd></div><div><dt><i class="key warn"></i>refused</dt><dd>${count(reading.refused)}</dd></div></dl></figcaption>${rate}</figure>
<figure><figcaption><h2>Latency</h2><dl class="figures"><div><dt><i class="key main"></i>p50</dt><dd>${milliseconds(reading.p50)}</dd></div><div><dt><i class="key soft"></i>p95</dt><dd>${milliseconds(reading.p95)}</dd></div><div><dt><i class="key bad"></i>p99</dt><dd>${milliseconds(reading.p99)}</dd></div></dl></figcaption>${latency}</figure>`;
}

/** A line that would lie on zero all along is not drawn. */
const some = (values: readonly number[]): readonly (number | null)[] =>
  values.map((value, i) =>
    value > 0 || (values[i - 1] ?? 0) > 0 || (values[i + 1] ?? 0) > 0 ? value : null,
  );
