/** The bench's vocabulary: a scenario, those who take part in it, and what is found. */
import type { Options } from './options.ts';
import type { Running } from './processes.ts';
import type { Rig } from './rig.ts';

/** A question the bench can answer, with the peers it is put to. */
export interface Scenario {
  readonly id: string;
  /** What is done to every peer, in one sentence. */
  readonly about: string;
  /** Too long to be one of `all`. */
  readonly alone?: boolean;
  /** Ids of the peers it makes sense for; `direct` is the app itself. */
  readonly peers: readonly string[];
  readonly columns: readonly Column[];
  readonly ratios: readonly Ratio[];
  run(rig: Rig, options: Options): Promise<Findings>;
}

/** A figure of the table; `key` names a value of the samples. */
export interface Column {
  readonly key: string;
  readonly head: string;
  readonly digits: number;
}

/** A figure as a multiple of another peer's. */
export interface Ratio {
  readonly of: string;
  readonly to: string;
  readonly head: string;
}

/** A peer that runs, ready to be measured. */
export interface Contestant extends Running {
  readonly id: string;
  readonly label: string;
}

/** One measurement of one peer. */
export interface Sample {
  /** By the key of their columns; NaN where a figure cannot be told. */
  readonly values: Readonly<Record<string, number>>;
  /** Share of the two cores that others used, 0 to 1; 0 where it cannot be told. */
  readonly foreign: number;
  /** Broken connections and answers other than the right one. */
  readonly failures: number;
}

/** Samples by the id of the peer, in the order of the table. */
export type Findings = ReadonlyMap<string, readonly Sample[]>;
