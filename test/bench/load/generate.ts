/** Runs a load generator to its end, and says when what it does begins and ceases to count. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { remember } from '../processes.ts';

/** Milliseconds after which a generator is stuck. */
const PATIENCE = 300_000;

/** Told when the clocks are to be read. */
export interface Watch {
  start(): void;
  /** The generator keeps its connections until this is done. */
  stop(): void | Promise<void>;
}

/** What every generator says in the end; more figures may stand beside these. */
export interface Load {
  readonly operations: number;
  readonly seconds: number;
  readonly failures: number;
  readonly [figure: string]: number;
}

/** Command line of a generator of this folder. */
export function own(script: string, ...args: readonly (string | number)[]): string[] {
  return [process.execPath, join(import.meta.dirname, script), ...args.map(String)];
}

/** A generator writes `start` when it has prepared itself, and its figures as one line of JSON. */
export async function generate(argv: readonly string[], watch: Watch): Promise<Load> {
  let found: Load | undefined;
  await runLines(argv, watch, async (line) => {
    if (line === 'start') watch.start();
    if (!line.startsWith('{')) return false;
    await watch.stop();
    found = JSON.parse(line) as Load;
    return true;
  });
  if (found === undefined) throw new Error(`${argv[0]} ended without figures`);
  return found;
}

/** Runs a program; after a line for which `heard` says true, its input ends. Throws when it fails. */
export async function runLines(
  argv: readonly string[],
  watch: Watch,
  heard: (line: string) => boolean | Promise<boolean>,
): Promise<void> {
  watch.start();
  const child = remember(spawn(argv[0]!, argv.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] }));
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-2000);
  });
  child.stdin.on('error', () => {});
  const exited = once(child, 'exit') as Promise<[number | null]>;
  for await (const line of createInterface({ input: child.stdout })) {
    if (await heard(line)) child.stdin.end();
  }
  const [code] = await exited;
  clearTimeout(timer);
  if (code !== 0) throw new Error(`${argv[0]} ended with ${code}\n${complaint}`);
}
