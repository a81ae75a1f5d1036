/** Plays requests on kept-alive connections, as fast as they are answered: with wrk where it is installed. */
import { join } from 'node:path';
import { installed } from '../processes.ts';
import { generate, type Load, own, type Watch } from './generate.ts';

export interface Replay {
  readonly name: string;
  /** Plays the requests that `save` wrote to `file`; throws when the generator itself fails. */
  play(port: number, file: string, connections: number, seconds: number, watch: Watch): Promise<Load>;
}

/** `ownLoad`: the generator of this folder, even where wrk is installed. */
export function replay(ownLoad: boolean): Replay {
  const wrk = ownLoad ? undefined : installed('wrk');
  if (wrk === undefined) {
    return {
      name: 'own generator',
      play: (port, file, connections, seconds, watch) =>
        generate(own('replay.ts', port, file, connections, seconds), watch),
    };
  }
  const script = join(import.meta.dirname, 'replay.lua');
  return {
    name: 'wrk',
    play(port, file, connections, seconds, watch) {
      const size = ['-t', '1', '-c', String(connections), '-d', String(seconds)];
      return generate([wrk, ...size, '--script', script, `http://127.0.0.1:${port}/`, '--', file], watch);
    },
  };
}
