/** Plays requests on kept-alive connections, as fast as they are answered: with wrk where it is installed. */
import { join } from 'node:path';
import { installed } from '../processes.ts';
import { generate, type Load, own, type Watch } from './generate.ts';

/** What is played, where, and how. */
export interface Play {
  readonly port: number;
  /** Requests that `save` wrote. */
  readonly file: string;
  /** How many of them were played before: this goes on behind them. */
  readonly played: number;
  readonly connections: number;
  readonly seconds: number;
}

export interface Replay {
  readonly name: string;
  /** Throws when the generator itself fails. */
  play(what: Play, watch: Watch): Promise<Load>;
}

/** `ownLoad`: the generator of this folder, even where wrk is installed. */
export function replay(ownLoad: boolean): Replay {
  const wrk = ownLoad ? undefined : installed('wrk');
  if (wrk === undefined) {
    return {
      name: 'own generator',
      play: ({ port, file, played, connections, seconds }, watch) =>
        generate(own('replay.ts', port, file, played, connections, seconds), watch),
    };
  }
  const script = join(import.meta.dirname, 'replay.lua');
  return {
    name: 'wrk',
    play({ port, file, played, connections, seconds }, watch) {
      const size = ['-t', '1', '-c', String(connections), '-d', String(seconds)];
      const requests = ['--script', script, `http://127.0.0.1:${port}/`, '--', file, String(played)];
      return generate([wrk, ...size, ...requests], watch);
    },
  };
}
