/** The bench's command line: what to measure, for how long, and where the figures go. */
import { parseArgs } from 'node:util';

export interface Options {
  readonly rounds: number;
  /** Length of one measurement, in seconds. */
  readonly seconds: number;
  /** Ids of the peers to measure; empty means all that are installed. */
  readonly only: readonly string[];
  /** Print JSON instead of the table. */
  readonly json: boolean;
  /** Also write docs/bench.json. */
  readonly save: boolean;
  /** Exit 1 unless railguard costs less CPU a request than bare http-proxy. */
  readonly assert: boolean;
  /** Use the generator of this folder even where wrk is installed. */
  readonly ownLoad: boolean;
}

export const usage = `npm run bench -- [options]
  --rounds N    measurements of each peer (5)
  --seconds N   length of one measurement (4)
  --only A,B    these peers alone: direct, railguard, railguard-unlimited, railguard-unlogged,
                railguard-bearer, railguard-jwt,
                http-proxy, nginx, haproxy, caddy
  --json        print JSON instead of the table
  --save        also write docs/bench.json
  --assert      exit 1 unless railguard costs less CPU a request than bare http-proxy
  --own-load    use the bench's own load generator and upstream even where wrk and nginx are installed`;

/** Throws a TypeError with a sentence for the terminal when an option, a number or one of `ids` is wrong. */
export function readOptions(argv: readonly string[], ids: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
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
  const only = values.only.split(',').filter((id) => id !== '');
  const stranger = only.find((id) => !ids.includes(id));
  if (stranger !== undefined) throw new TypeError(`--only ${stranger}: choose from ${ids.join(', ')}`);
  return {
    rounds: positive('--rounds', values.rounds),
    seconds: positive('--seconds', values.seconds),
    only,
    json: values.json,
    save: values.save,
    assert: values.assert,
    ownLoad: values['own-load'],
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new TypeError(`${name} must be a whole number above 0`);
  return value;
}
