/** Turns samples into medians, ratios and the table people read. */
import { FOREIGN_LIMIT, quiet, type Sample } from './rounds.ts';

/** A figure over the rounds; NaN where it cannot be told. */
export interface Figure {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface Row {
  readonly id: string;
  readonly label: string;
  readonly requestsPerSecond: Figure;
  /** Milliseconds. */
  readonly p50: Figure;
  readonly p99: Figure;
  /** Microseconds a request. */
  readonly cpu: Figure;
  /** CPU a request as a multiple of the named peer's; NaN where one of the two is missing. */
  readonly cpuToHttpProxy: number;
  readonly cpuToHaproxy: number;
  readonly failures: number;
  /** The highest share of the cores that others used in a round that counts. */
  readonly foreign: number;
  /** Rounds that count although others used more than the limit. */
  readonly noisyRounds: number;
}

export function rows(labels: ReadonlyMap<string, string>, samples: ReadonlyMap<string, Sample[]>): Row[] {
  const cpuOf = (id: string) => figure(samples.get(id) ?? [], 'cpu').median;
  const httpProxy = cpuOf('http-proxy');
  const haproxy = cpuOf('haproxy');
  return [...samples].map(([id, taken]) => ({
    id,
    label: labels.get(id) ?? id,
    requestsPerSecond: figure(taken, 'requestsPerSecond'),
    p50: figure(taken, 'p50'),
    p99: figure(taken, 'p99'),
    cpu: figure(taken, 'cpu'),
    cpuToHttpProxy: cpuOf(id) / httpProxy,
    cpuToHaproxy: cpuOf(id) / haproxy,
    failures: taken.reduce((total, sample) => total + sample.failures, 0),
    foreign: Math.max(0, ...taken.map((sample) => sample.foreign)),
    noisyRounds: taken.filter((sample) => !quiet(sample)).length,
  }));
}

/** A Markdown table, and a sentence for each thing that weakens it. */
export function render(table: readonly Row[]): string {
  const head = ['', 'requests/s', 'p50 ms', 'p99 ms', 'CPU µs/request', '× http-proxy', '× HAProxy'];
  const cells = table.map((row) => [
    row.label,
    text(row.requestsPerSecond, 0),
    text(row.p50, 2),
    text(row.p99, 2),
    text(row.cpu, 1),
    number(row.cpuToHttpProxy, 2),
    number(row.cpuToHaproxy, 2),
  ]);
  return [align([head, ...cells]), ...warnings(table)].join('\n');
}

export function warnings(table: readonly Row[]): string[] {
  const lines: string[] = [];
  const noisy = table.reduce((total, row) => total + row.noisyRounds, 0);
  if (noisy > 0) {
    const worst = Math.max(...table.map((row) => row.foreign));
    lines.push(
      `The machine was busy: in ${noisy} measurements that count, others used more than ` +
        `${percent(FOREIGN_LIMIT)} of the two cores (at most ${percent(worst)}).`,
    );
  }
  for (const row of table) {
    if (row.failures > 0)
      lines.push(`${row.label}: ${row.failures} requests failed; its figures mean little.`);
  }
  return lines.length === 0 ? lines : ['', ...lines];
}

function figure(samples: readonly Sample[], field: 'requestsPerSecond' | 'p50' | 'p99' | 'cpu'): Figure {
  const sorted = samples.map((sample) => sample[field]).sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = (at(sorted, Math.floor(middle)) + at(sorted, Math.ceil(middle))) / 2;
  return { median, min: at(sorted, 0), max: at(sorted, sorted.length - 1) };
}

function at(values: readonly number[], index: number): number {
  return values[index] ?? Number.NaN;
}

function text({ median, min, max }: Figure, digits: number): string {
  if (Number.isNaN(median)) return '–';
  return `${number(median, digits)} (${number(min, digits)}–${number(max, digits)})`;
}

function number(value: number, digits: number): string {
  if (Number.isNaN(value)) return '–';
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** Labels to the left, figures to the right. */
function align(cells: readonly (readonly string[])[]): string {
  const widths = cells[0]!.map((_, column) => Math.max(3, ...cells.map((line) => line[column]!.length)));
  const line = (texts: readonly string[]) => `| ${texts.join(' | ')} |`;
  const pad = (value: string, column: number) =>
    column === 0 ? value.padEnd(widths[column]!) : value.padStart(widths[column]!);
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  const [head, ...rest] = cells.map((texts) => line(texts.map(pad)));
  return [head, line(rule), ...rest].join('\n');
}
