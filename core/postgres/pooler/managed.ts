/** Runs PgBouncer as an unprivileged child: its files, its log, its restarts, its end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Log } from '../../logger.ts';
import { addressedTo, type Hidden } from '../address.ts';
import { BackOff } from '../back-off.ts';
import { CONSOLE_USER, type PoolerSettings, poolerFiles } from './files.ts';
import { findProgram, type Program, unfit, unprivileged } from './program.ts';

/** Why the pooler can't be run here, and the mend; stops the start. */
export class PoolerUnfit extends Error {}

/** Milliseconds after which a child counts as up for good. */
const STEADY = 10_000;
/** Ends the child with its parent, however that dies. */
const SETPRIV = '/usr/bin/setpriv';
const LINE = /^\S+ \S+ \S+ \[\d+\] (\w+) (.*)$/;

export class ManagedPooler {
  /** How often it had to be started again. */
  restarts = 0;
  private readonly settings: PoolerSettings;
  private readonly log: Log;
  private readonly program: Program;
  private readonly user = unprivileged();
  private readonly home: string;
  private readonly consolePassword = randomBytes(24).toString('base64url');
  private readonly backOff: BackOff;
  private child: ChildProcess | undefined;
  private steady: NodeJS.Timeout | undefined;
  private stopping = false;

  /** Starts it. Throws PoolerUnfit when it can't be run, a TypeError when the URL can't be put into its files. */
  constructor(settings: PoolerSettings, log: Log) {
    this.settings = settings;
    this.log = log;
    const program = findProgram();
    const reason = unfit(program, settings.mode);
    if (program === undefined || reason !== undefined) throw new PoolerUnfit(reason);
    this.program = program;
    removeAbandoned();
    this.home = mkdtempSync(join(tmpdir(), `railguard-pooler-${process.pid}-`));
    this.backOff = new BackOff(() => this.again());
    try {
      this.writeFiles();
    } catch (error) {
      this.remove();
      throw error;
    }
    this.start();
  }

  get running(): boolean {
    return this.child !== undefined;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** The database's URL by way of the pooler, for a program on this machine. */
  get url(): Hidden {
    const { url, port } = this.settings;
    return { reveal: () => addressedTo(url, '127.0.0.1', port) };
  }

  /** URL of the console, for a user that may only look. */
  get consoleUrl(): Hidden {
    const { port } = this.settings;
    const who = `${CONSOLE_USER}:${this.consolePassword}`;
    return { reveal: () => `postgresql://${who}@127.0.0.1:${port}/pgbouncer?sslmode=disable` };
  }

  /** Lets queries in flight finish for at most `grace` ms, then ends it and removes its files. */
  async stop(grace: number): Promise<void> {
    this.stopping = true;
    this.backOff.stop();
    clearTimeout(this.steady);
    const { child } = this;
    if (child !== undefined) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      // Its "safe shutdown": no new query, those that run may end.
      child.kill('SIGINT');
      const timer = setTimeout(() => child.kill('SIGKILL'), grace);
      await gone;
      clearTimeout(timer);
    }
    this.remove();
  }

  private remove(): void {
    rmSync(this.home, { recursive: true, force: true });
  }

  private writeFiles(): void {
    const usersPath = join(this.home, 'users');
    const { config, users } = poolerFiles(this.settings, usersPath, this.consolePassword);
    const write = (path: string, text: string): void => {
      writeFileSync(path, text, { mode: 0o600 });
      this.own(path);
    };
    write(usersPath, users);
    write(join(this.home, 'pgbouncer.ini'), config);
    chmodSync(this.home, 0o700);
    this.own(this.home);
  }

  private own(path: string): void {
    if (this.user !== undefined) chownSync(path, this.user.uid, this.user.gid);
  }

  private start(): void {
    const command = [this.program.path, join(this.home, 'pgbouncer.ini')];
    if (existsSync(SETPRIV)) command.unshift(SETPRIV, '--pdeathsig', 'KILL', '--');
    const [path, ...args] = command as [string, ...string[]];
    const child = spawn(path, args, { ...this.user, env: {}, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (text) => this.say(text));
    }
    child.on('error', (error) => this.log.error('lifecycle', 'the pooler can not be started', { error }));
    child.once('close', (code, signal) => this.ended(code, signal));
    this.steady = setTimeout(() => this.backOff.succeeded(), STEADY);
    this.steady.unref();
  }

  private ended(code: number | null, signal: NodeJS.Signals | null): void {
    this.child = undefined;
    clearTimeout(this.steady);
    if (this.stopping) return;
    this.log.error('lifecycle', 'the pooler ended and is started again', { exit_code: code, signal });
    this.backOff.failed();
  }

  private again(): void {
    this.restarts++;
    this.start();
  }

  private say(text: string): void {
    const [, word = '', message = text] = LINE.exec(text) ?? [];
    const level = word === 'FATAL' || word === 'ERROR' ? 'error' : word === 'WARNING' ? 'warn' : 'debug';
    this.log[level]('lifecycle', `pooler: ${message}`);
  }
}

/** Files of one that was killed before it could remove them: they hold a password. */
function removeAbandoned(): void {
  for (const name of readdirSync(tmpdir())) {
    const [, pid] = /^railguard-pooler-(\d+)-/.exec(name) ?? [];
    if (pid === undefined || runs(Number(pid))) continue;
    try {
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
    } catch {
      // Somebody else's.
    }
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
