/** Starts the bench's programs on the core they belong to, waits until they answer, and ends them. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answers } from './load/probe.ts';

/** One core for the load and the app, one for the proxy under test. */
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
const alive = new Set<ChildProcess>();
let over = false;

/** Whether load and proxy each have a core to themselves. */
export const pinned = taskset !== undefined && availableParallelism() > PROXY_CORE;

/** Moves this process, and so the children it starts from now on, to the load's core. */
export function pinSelf(): void {
  if (pinned) execFileSync(taskset!, ['-a', '-p', '-c', String(LOAD_CORE), String(process.pid)]);
}

/** Starts a program with nothing of this shell's environment but PATH, and does not wait for it. */
export function launch(command: Command, core: number, cwd: string): ChildProcess {
  const argv = pinned ? [taskset!, '-c', String(core), ...command.argv] : command.argv;
  const env = { PATH: process.env.PATH, HOME: cwd, ...command.env };
  return remember(spawn(argv[0]!, argv.slice(1), { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] }));
}

/** Starts a server and returns once it answers as it should; throws with what it wrote when it does not. */
export async function start(command: Command, port: number, core: number, cwd: string): Promise<Running> {
  const child = launch(command, core, cwd);
  let complaint = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-2000);
  });
  try {
    await answering(port, child);
  } catch (error) {
    await end(child);
    throw new Error(`${command.argv.join(' ')}: ${(error as Error).message}\n${complaint}`);
  }
  return { pid: child.pid!, port, stop: () => end(child) };
}

/** A child that the end of the bench takes along. */
export function remember<Child extends ChildProcess>(child: Child): Child {
  alive.add(child);
  child.once('exit', () => alive.delete(child));
  if (over) child.kill('SIGKILL');
  return child;
}

/** Ends whatever the bench has started and is still there; what starts from now on ends at once. */
export async function endAll(): Promise<void> {
  over = true;
  await Promise.all([...alive].map(end));
}

export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT);
  await exit;
  clearTimeout(timer);
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

/** A server that refuses what it should forward is not worth measuring. */
async function answering(port: number, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT;
  let answer = '';
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error('ended at its start');
    answer = await answers(port);
    if (answer === '') return;
    await sleep(50);
  }
  throw new Error(answer);
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
