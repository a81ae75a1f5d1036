/** docs/bench.json and its tables in docs/performance.md: the last saved figures of every scenario. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verdicts } from './aims.ts';
import type { Report } from './results.ts';
import { scenarios } from './scenarios/index.ts';
import { render } from './table.ts';

/** What a reader needs to judge the figures. */
export interface Conditions {
  readonly date: string;
  readonly node: string;
  readonly kernel: string;
  readonly cpu: string;
  /** Name of the generator. */
  readonly load: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly pinned: boolean;
}

type Saved = Report & Conditions;

const FILE = join(import.meta.dirname, '../../docs/bench.json');
const PAGE = join(import.meta.dirname, '../../docs/performance.md');
/** The tables stand between these. */
const MARKS = ['<!-- bench -->', '<!-- /bench -->'] as const;

function saved(): readonly Saved[] {
  if (!existsSync(FILE)) return [];
  return (JSON.parse(readFileSync(FILE, 'utf8')) as { scenarios: readonly Saved[] }).scenarios;
}

/** Puts the report in the place of the one before; the order is that of the scenarios. */
export function save(conditions: Conditions, { id, ...rest }: Report): void {
  const kept = new Map(saved().map((scenario) => [scenario.id, scenario]));
  kept.set(id, { id, ...conditions, ...rest });
  const ordered = scenarios.flatMap((scenario) => kept.get(scenario.id) ?? []);
  writeFileSync(FILE, `${JSON.stringify({ scenarios: ordered }, fiveDigits, 2)}\n`);
}

/** Writes the tables of all that is saved into the page; throws when the page has no place for them. */
export function publish(): void {
  const page = readFileSync(PAGE, 'utf8');
  const [begin, end] = MARKS.map((mark) => page.indexOf(mark)) as [number, number];
  if (begin === -1 || end < begin) throw new Error(`${PAGE} has no ${MARKS.join(' … ')}`);
  const all = saved();
  const aims = verdicts(all).map(({ text }) => `- ${text}`);
  const tables = scenarios.flatMap((scenario) => {
    const found = all.find(({ id }) => id === scenario.id);
    return found === undefined ? [] : [`${render(scenario, found, false)}\n\n${told(found)}`];
  });
  const text = [MARKS[0], aims.join('\n'), ...tables].join('\n\n');
  writeFileSync(PAGE, `${page.slice(0, begin)}${text}\n\n${page.slice(end)}`);
}

function told({ date, node, kernel, cpu, load, rounds, seconds }: Conditions): string {
  return `*${date}, Node ${node}, Linux ${kernel}, ${cpu}, ${load}, ${rounds} rounds of ${seconds} s.*`;
}

/** More digits than that would claim a precision no measurement has. */
function fiveDigits(_name: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(5)) : value;
}
