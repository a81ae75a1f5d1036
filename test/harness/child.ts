/** A child process whose output is kept, that never outlives the test run. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const LINES_KEPT = 20_000;
const alive = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

export class Child {
  readonly pid: number;
  /** Lines of stdout and of stderr; the oldest are dropped beyond 20,000. */
  readonly stdout: string[] = [];
  readonly stderr: string[] = [];
  readonly exited: Promise<Exit>;
  exit: Exit | undefined = undefined;
  private readonly process: ChildProcess;

  constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv, cwd: string) {
    this.process = spawn(command, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    if (this.process.pid === undefined) throw new Error(`can not start ${command}`);
    this.pid = this.process.pid;
    alive.add(this.process);
    collect(this.process.stdout, this.stdout);
    collect(this.process.stderr, this.stderr);
    this.exited = new Promise((resolve) => {
      this.process.once('close', (code, signal) => {
        alive.delete(this.process);
        this.exit = { code, signal };
        resolve(this.exit);
      });
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  /** Ends it with `signal`, and with SIGKILL when that took longer than `graceMs`. */
  async stop(signal: NodeJS.Signals, graceMs: number): Promise<Exit> {
    this.kill(signal);
    const timer = setTimeout(() => this.kill('SIGKILL'), graceMs);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }

  /** Resident memory in bytes. */
  rss(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'latin1');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) * 1024;
  }

  /** Open file descriptors, sockets among them. */
  descriptors(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  /** The last words, for an error message. */
  tail(): string {
    return [...this.stdout.slice(-15), ...this.stderr.slice(-15)].join('\n');
  }
}

function collect(stream: NodeJS.ReadableStream | null, lines: string[]): void {
  let rest = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() as string;
    lines.push(...parts);
    if (lines.length > LINES_KEPT) lines.splice(0, lines.length - LINES_KEPT);
  });
  stream?.on('end', () => {
    if (rest !== '') lines.push(rest);
  });
}
