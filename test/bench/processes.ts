/** Starts the bench's programs on the core they belong to, waits until they answer, and ends them. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** One core for the load and the upstream, one for the proxy under test. */
export const LOAD_CORE = 0;
export const PROXY_CORE = 1;

/** Patience with a program that starts or ends, in milliseconds. */
const START_TIMEOUT = 20_000;
const STOP_TIMEOUT = 5_000;

export interface Command {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Running {
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
}

/** Path of a program, looked for in PATH and where daemons are kept; undefined when not installed. */
export function installed(program: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, program)).find(executable);
}

const taskset = installed('taskset');

/** Whether load and proxy each have a core to themselves. */
export const pinned = taskset !== undefined && availableParallelism() > PROXY_CORE;

/** Moves this process, and so the children it starts from now on, to the load's core. */
export function pinSelf(): void {
  if (pinned) execFileSync(taskset!, ['-a', '-p', '-c', String(LOAD_CORE), String(process.pid)]);
}

/** Starts a server with nothing of this shell's environment but PATH, and returns once `url` is answered. */
export async function start(command: Command, port: number, core: number, cwd: string): Promise<Running> {
  const argv = pinned ? [taskset!, '-c', String(core), ...command.argv] : command.argv;
  const child = spawn(argv[0]!, argv.slice(1), {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, ...command.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaint = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-2000);
  });
  const stop = () => end(child);
  try {
    await answering(`http://127.0.0.1:${port}/`, () => child.exitCode !== null);
  } catch (error) {
    await stop();
    throw new Error(`${command.argv.join(' ')}: ${(error as Error).message}\n${complaint}`);
  }
  return { pid: child.pid!, port, stop };
}

/** A port of the loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  return address.port;
}

/** Waits for a 200: a server that refuses what it should forward is not worth measuring. */
async function answering(url: string, gone: () => boolean): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT;
  let answer = 'no answer';
  while (Date.now() < deadline) {
    if (gone()) throw new Error('ended at its start');
    try {
      const response = await fetch(url, { headers: { connection: 'close' } });
      await response.arrayBuffer();
      if (response.status === 200) return;
      answer = `answers ${response.status}`;
    } catch {
      answer = 'no answer';
    }
    await sleep(50);
  }
  throw new Error(answer);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT);
  await exit;
  clearTimeout(timer);
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
