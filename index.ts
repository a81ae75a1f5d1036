/** railguard inside of another program: the same proxy as the command runs, set up by the same variables. */
import { load } from './config/load.ts';
import { type Addresses, serve } from './serve.ts';

export interface RailguardPorts {
  /** The port for the app's traffic. */
  readonly port: number;
  /** The port of health, metrics and the dashboard. */
  readonly adminPort: number;
}

export interface Railguard {
  /** Opens both ports; once. Rejects when one can not be opened. */
  start(): Promise<RailguardPorts>;
  /** Lets what is in flight finish for SHUTDOWN_TIMEOUT at most, then closes everything. Rejects never. */
  stop(): Promise<void>;
}

/** The environment holds values that can not be used; each of `errors` opens with the variable's name. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly errors: readonly string[];

  constructor(errors: readonly string[]) {
    super(errors.join('\n'));
    this.errors = errors;
  }
}

/**
 * Reads `env` (no more than that, and outside production a `.env` file in the working directory); opens nothing yet.
 * Throws a ConfigurationError. Handlers of the process, such as those of signals, stay as they are.
 */
export function createRailguard(env: Readonly<Record<string, string | undefined>>): Railguard {
  const loaded = load(env, { tty: process.stdout.isTTY });
  if ('errors' in loaded) throw new ConfigurationError(loaded.errors);
  const { config, warnings } = loaded;
  const stopping = new AbortController();
  let running: Promise<number> | undefined;
  return {
    start() {
      if (running !== undefined || stopping.signal.aborted)
        return Promise.reject(new Error('railguard starts once; create another'));
      return new Promise((resolve, reject) => {
        const onReady = ({ public: { port }, admin }: Addresses): void =>
          resolve({ port, adminPort: admin.port });
        running = serve(config, { env: { ...env }, warnings, onReady, stop: stopping.signal });
        running.then((code) => reject(new Error(`railguard did not start (${code})`)), reject);
      });
    },
    async stop() {
      stopping.abort();
      await running?.catch(() => undefined);
    },
  };
}
