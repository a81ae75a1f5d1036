/** Puts load on a URL from the load's core: wrk where installed, else the generator of this folder. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installed } from './processes.ts';

const CONNECTIONS = 64;

export interface Load {
  readonly requests: number;
  readonly seconds: number;
  /** Latencies in microseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Broken connections and answers other than a success. */
  readonly failures: number;
}

export interface Generator {
  readonly name: string;
  /** Throws when the generator itself fails. */
  load(port: number, seconds: number, headers: readonly string[]): Promise<Load>;
}

const run = promisify(execFile);

export function generator(own: boolean): Generator {
  const wrk = own ? undefined : installed('wrk');
  const [name, argv] =
    wrk === undefined
      ? ['own generator', [process.execPath, join(import.meta.dirname, 'generator.ts')]]
      : ['wrk', [wrk, '-t', '1', '--script', join(import.meta.dirname, 'report.lua')]];
  return {
    name: `${name}, ${CONNECTIONS} connections`,
    async load(port, seconds, headers) {
      const fields = headers.flatMap((header) => ['-H', header]);
      const args = ['-c', String(CONNECTIONS), '-d', String(seconds), ...fields, `http://127.0.0.1:${port}/`];
      const { stdout } = await run(argv[0]!, [...argv.slice(1), ...args]);
      return JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Load;
    },
  };
}
