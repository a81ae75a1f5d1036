/** The real upstream of the integration tests: the stand-in app under Debian's uvicorn, with either HTTP parser. */
import path from 'node:path';
import { Child } from './child.ts';
import { freePort, listening, until } from './ports.ts';

export type Parser = 'h11' | 'httptools';
export const PARSERS: readonly Parser[] = ['h11', 'httptools'];

const APP_DIR = path.resolve(import.meta.dirname, '../fixtures/app');

export interface UvicornOptions {
  readonly parser?: Parser;
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

export interface AppStats {
  readonly streams_opened: number;
  readonly streams_closed: number;
  readonly waits_started: number;
  readonly waits_aborted: number;
  readonly mirrored: number;
  readonly pid: number;
}

export class Uvicorn {
  readonly port: number;
  readonly url: string;
  readonly child: Child;

  constructor(port: number, child: Child) {
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.child = child;
  }

  /** Asks the app itself, past the proxy. */
  async stats(): Promise<AppStats> {
    const answer = await fetch(`${this.url}/stats`, { headers: { connection: 'close' } });
    return (await answer.json()) as AppStats;
  }

  /** uvicorn waits for open connections on SIGTERM, so that it gets half a second. */
  async stop(): Promise<void> {
    await this.child.stop('SIGTERM', 500);
  }
}

/** Starts the app and resolves once it accepts connections (at most 20 s). */
export async function startUvicorn(options: UvicornOptions = {}): Promise<Uvicorn> {
  const port = options.port ?? (await freePort());
  const args = ['-m', 'uvicorn', 'app:app', '--host', '127.0.0.1', '--port', String(port)];
  args.push('--http', options.parser ?? 'httptools', '--log-level', 'warning', '--no-access-log');
  args.push(...(options.args ?? []));
  const env = { PATH: '/usr/bin:/bin', PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1', ...options.env };
  const child = new Child('/usr/bin/python3', args, env, APP_DIR);
  try {
    await until('uvicorn listens', 20_000, () => {
      if (child.exit !== undefined) throw new Error(`uvicorn ended: ${child.tail()}`);
      return listening(port);
    });
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return new Uvicorn(port, child);
}
