/** The bench's command line: what to measure, for how long, and where the figures go. */
import { parseArgs } from 'node:util';

export interface Options {
  /** Names or beginnings of names. */
  readonly scenarios: readonly string[];
  readonly rounds: number;
  /** Length of one measurement, in seconds. */
  readonly seconds: number;
  /** Ids of the peers to measure; empty means all that are installed. */
  readonly only: readonly string[];
  /** Print JSON instead of tables. */
  readonly json: boolean;
  /** Also write docs/bench.json and the tables of docs/performance.md. */
  readonly save: boolean;
  /** Exit 1 unless every aim that was measured is reached. */
  readonly assert: boolean;
  /** Use the generator of `load/` and the Node app even where wrk and nginx are installed. */
  readonly ownLoad: boolean;
}

export interface Choice {
  readonly id: string;
  readonly about: string;
}

export function usage(scenarios: readonly Choice[], peers: readonly string[]): string {
  const list = scenarios.map(({ id, about }) => `    ${id.padEnd(16)}${about}`).join('\n');
  return `npm run bench -- [options]
  --scenario A,B  what to measure (get-1k); all, names, or what several begin with, such as idle:
${list}
  --only A,B      these peers alone: ${peers.join(', ')}
  --rounds N      measurements of each peer (5)
  --seconds N     length of one measurement (4)
  --json          print JSON instead of tables
  --save          also write docs/bench.json and the tables of docs/performance.md; scenarios that did
                  not run keep their figures
  --assert        exit 1 unless railguard reaches every aim that was measured (test/bench/aims.ts)
  --own-load      use the bench's own load generator and app even where wrk and nginx are installed`;
}

/** Throws a TypeError with a sentence for the terminal when an option, a number or one of `ids` is wrong. */
export function readOptions(argv: readonly string[], ids: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      scenario: { type: 'string', default: 'get-1k' },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '4' },
      only: { type: 'string', default: '' },
      json: { type: 'boolean', default: false },
      save: { type: 'boolean', default: false },
      assert: { type: 'boolean', default: false },
      'own-load': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const only = names(values.only);
  const stranger = only.find((id) => !ids.includes(id));
  if (stranger !== undefined) throw new TypeError(`--only ${stranger}: choose from ${ids.join(', ')}`);
  return {
    scenarios: names(values.scenario),
    rounds: positive('--rounds', values.rounds),
    seconds: positive('--seconds', values.seconds),
    only,
    json: values.json,
    save: values.save,
    assert: values.assert,
    ownLoad: values['own-load'],
  };
}

function names(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new TypeError(`${name} must be a whole number above 0`);
  return value;
}
