/** A scenario's report as the Markdown table people read. */
import type { Figure, Report } from './results.ts';
import type { Scenario } from './scenario.ts';

const UNKNOWN = '–';

/** The table, and a sentence for each thing that weakens it; `spread` puts the lowest and the highest beside the median. */
export function render(
  { columns, ratios }: Scenario,
  { id, about, peers, warnings }: Report,
  spread: boolean,
): string {
  const head = ['', ...columns.map((column) => column.head), ...ratios.map((ratio) => ratio.head)];
  const cells = peers.map((peer) => [
    peer.label,
    ...columns.map(({ key, digits }) => text(peer.figures[key], digits, spread)),
    ...ratios.map((ratio) => number(peer.ratios[ratio.head], 2)),
  ]);
  return [`**${id}**: ${about}`, '', align([head, ...cells]), '', ...warnings].join('\n').trimEnd();
}

function text(figure: Figure | undefined, digits: number, spread: boolean): string {
  const [median, min, max] = [figure?.median, figure?.min, figure?.max].map((value) => number(value, digits));
  return spread && median !== UNKNOWN ? `${median} (${min}–${max})` : median!;
}

/** What cannot be told is NaN, and null once it was saved. */
function number(value: number | null | undefined, digits: number): string {
  if (value === null || value === undefined || Number.isNaN(value)) return UNKNOWN;
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
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
