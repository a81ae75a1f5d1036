/** The app as a child process: started, listened to line by line, signalled, and its exit code handed on. */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import type { Core } from '../core/core.ts';
import type { Probe, ProbeResult } from '../core/lifecycle.ts';
import type { AppEvent, StreamName } from './app-line.ts';
import { LineSplitter } from './lines.ts';
import { Tracebacks } from './tracebacks.ts';

/** Signals that the app gets at once; SIGTERM and SIGINT come when its requests are done. */
const PASSED_ON: readonly NodeJS.Signals[] = ['SIGHUP', 'SIGUSR2', 'SIGWINCH', 'SIGCONT', 'SIGQUIT'];
/** Milliseconds the app has to end after its signal. */
const STOP_GRACE = 10_000;
/** Milliseconds in which the output of an app that has ended must end, too. */
const LAST_WORDS = 1000;
/** Characters of a message in the log. */
const KEPT = 32 * 1024;
/** Shell convention for a command that can't be found, or can't be run. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

export class Child implements Probe {
  readonly name = 'app_process';
  readonly critical = true;
  /** Resolves to the exit code once the app has ended and all it said is logged. */
  readonly ended: Promise<number>;
  private readonly core: Core;
  private readonly process: ChildProcess;
  private running = true;

  /** Starts `command` at once. */
  constructor(command: readonly string[], env: NodeJS.ProcessEnv, core: Core) {
    this.core = core;
    const [file = '', ...args] = command;
    this.process = spawn(file, args, { env, stdio: ['inherit', 'pipe', 'pipe'] });
    for (const signal of PASSED_ON) process.on(signal, this.passOn);
    process.once('exit', this.leaveNone);
    this.read(this.process.stdout, 'stdout');
    this.read(this.process.stderr, 'stderr');
    this.ended = this.watch();
  }

  check(): ProbeResult {
    return this.running ? { ok: true } : { ok: false, message: 'the app has ended' };
  }

  /** Asks the app to end, insists after a while, and resolves to its exit code. */
  async stop(signal: NodeJS.Signals): Promise<number> {
    if (this.running) this.process.kill(signal);
    const insist = setTimeout(() => this.process.kill('SIGKILL'), STOP_GRACE);
    const code = await this.ended;
    clearTimeout(insist);
    return code;
  }

  private watch(): Promise<number> {
    return new Promise((resolve) => {
      let ended = false;
      const end = (code: number): void => {
        if (ended) return;
        ended = true;
        this.running = false;
        process.off('exit', this.leaveNone);
        for (const signal of PASSED_ON) process.off(signal, this.passOn);
        this.core.log.info('lifecycle', 'the app has ended', { exit_code: code });
        resolve(code);
      };
      this.process.once('error', (error: NodeJS.ErrnoException) => {
        if (this.process.pid !== undefined) return;
        this.core.log.error('lifecycle', 'the app can not be started', { error });
        end(error.code === 'EACCES' ? NOT_EXECUTABLE : NOT_FOUND);
      });
      const exited = (code: number | null, signal: NodeJS.Signals | null): void =>
        end(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
      this.process.once('close', exited);
      this.process.once('exit', (code, signal) => {
        this.running = false;
        // A process the app left behind may hold its output open for ever.
        setTimeout(() => exited(code, signal), LAST_WORDS).unref();
      });
    });
  }

  private read(stream: Readable | null, name: StreamName): void {
    if (stream === null) return;
    const tracebacks = new Tracebacks(name, (event, cut) => this.write(event, cut));
    const lines = new LineSplitter((line) => tracebacks.take(line));
    // Before it is cut into lines: a private key is known by lines that are far apart.
    const clean = this.core.redactor.stream('app_log');
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => lines.push(clean.push(text)));
    stream.on('error', () => undefined);
    stream.once('close', () => {
      lines.push(clean.end());
      lines.end();
      tracebacks.flush();
    });
  }

  /** The log drops rather than waits: the app never stands still because nobody reads. */
  private write({ level, message, facts }: AppEvent, cut: boolean): void {
    const truncated = cut || message.length > KEPT;
    this.core.log[level]('app_log', message.slice(0, KEPT), truncated ? { ...facts, truncated } : facts);
  }

  /** Whatever ends us ends the app. */
  private readonly leaveNone = (): void => {
    if (this.running) this.process.kill('SIGKILL');
  };

  private readonly passOn = (signal: NodeJS.Signals): void => {
    if (this.running) this.process.kill(signal);
  };
}
