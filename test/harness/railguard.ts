/** railguard as its users run it: the built program in a process of its own, set up by environment alone. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Child, type Exit } from './child.ts';
import { freePorts, listening, until } from './ports.ts';

/** RAILGUARD_ENTRY runs the same tests against another build. */
const ENTRY = process.env.RAILGUARD_ENTRY ?? path.resolve(import.meta.dirname, '../../dist/main.js');

export interface RailguardOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Flags of Node itself. */
  readonly nodeArgs?: readonly string[];
  /** `ready`: the admin port says so. `listening`: both ports accept. `none`: at once. */
  readonly wait?: 'ready' | 'listening' | 'none';
  readonly port?: number;
  readonly adminPort?: number;
}

export type LogLine = Readonly<Record<string, unknown>>;

export class Railguard {
  readonly port: number;
  readonly adminPort: number;
  readonly url: string;
  readonly adminUrl: string;
  readonly child: Child;

  constructor(port: number, adminPort: number, child: Child) {
    this.port = port;
    this.adminPort = adminPort;
    this.url = `http://127.0.0.1:${port}`;
    this.adminUrl = `http://127.0.0.1:${adminPort}`;
    this.child = child;
  }

  /** Status of the readiness endpoint; 0 when the admin port does not answer. */
  async readiness(): Promise<number> {
    try {
      const answer = await fetch(`${this.adminUrl}/health/readiness`, { headers: { connection: 'close' } });
      await answer.arrayBuffer();
      return answer.status;
    } catch {
      return 0;
    }
  }

  /** Every line of stdout; each has to be one JSON object. */
  logs(): LogLine[] {
    return this.child.stdout.filter((line) => line !== '').map((line) => JSON.parse(line) as LogLine);
  }

  /** Drains: SIGTERM, and the way it ended. Killed after 30 s. */
  stop(): Promise<Exit> {
    return this.child.stop('SIGTERM', 30_000);
  }

  /** For afterAll: no waiting for connections that the test left open. */
  async kill(): Promise<void> {
    await this.child.stop('SIGKILL', 1000);
  }
}

/** Settings of a plain proxy: what a test does not speak about is quiet or off. */
const PLAIN = { ENABLE_RATE_LIMITING: 'false', JSON_LOGS: 'true', LOG_LEVEL: 'warn', OPENAPI: 'off' };

/** The run's RESPONSE_PATH, where its project names one: the same tests hold for both ways to write an answer. */
export const RESPONSE_PATH: Readonly<Record<string, string>> =
  process.env.RESPONSE_PATH === undefined ? {} : { RESPONSE_PATH: process.env.RESPONSE_PATH };

export async function startRailguard(options: RailguardOptions = {}): Promise<Railguard> {
  const [first, second] = (await freePorts(2)) as [number, number];
  const port = options.port ?? first;
  const adminPort = options.adminPort ?? second;
  const env = { PATH: process.env.PATH, PORT: String(port), ADMIN_PORT: String(adminPort) };
  const cwd = mkdtempSync(path.join(os.tmpdir(), 'railguard-test-'));
  const args = [...(options.nodeArgs ?? []), ENTRY, ...(options.args ?? ['serve'])];
  const child = new Child(
    process.execPath,
    args,
    { ...env, ...PLAIN, ...RESPONSE_PATH, ...options.env },
    cwd,
  );
  void child.exited.then(() => rmSync(cwd, { recursive: true, force: true }));
  const railguard = new Railguard(port, adminPort, child);
  const wait = options.wait ?? 'ready';
  if (wait === 'none') return railguard;
  try {
    await until(`railguard is ${wait}`, 15_000, async () => {
      if (child.exit !== undefined) throw new Error('railguard ended');
      if (wait === 'ready') return (await railguard.readiness()) === 200;
      return (await listening(port)) && (await listening(adminPort));
    });
  } catch (error) {
    child.kill('SIGKILL');
    throw new Error(`${(error as Error).message}\n${child.tail()}`);
  }
  return railguard;
}
