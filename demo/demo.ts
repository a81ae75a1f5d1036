/** `railguard demo`: the proxy in front of a sample app of its own, so that anyone can try it with nothing installed. */
import { randomBytes } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';
import { type Config, load } from '../config/load.ts';
import type { Env } from '../config/var.ts';
import { serve } from '../serve.ts';
import { startSampleApp } from './sample-app.ts';

const HOST = '127.0.0.1';

/**
 * Runs until SIGTERM or SIGINT and resolves with the exit code of `serve`. `env` may set any variable but those
 * the demo decides: the upstream, the hosts and, when they are taken, the ports.
 */
export async function demo(env: Env = {}): Promise<number> {
  const app = await startSampleApp();
  try {
    const chosen = await settings(env, app.port);
    // The sample's folder holds no .env: the operator's own must not change the demo.
    const loaded = load(chosen, { cwd: import.meta.dirname, tty: process.stdout.isTTY === true });
    if ('errors' in loaded) {
      process.stderr.write(`${loaded.errors.join('\n')}\n`);
      return 64;
    }
    const { config, warnings } = loaded;
    return await serve(config, {
      env: chosen,
      cwd: import.meta.dirname,
      warnings,
      onReady: () => process.stdout.write(welcome(config, chosen.ADMIN_TOKEN as string)),
    });
  } finally {
    await app.close();
  }
}

async function settings(env: Env, appPort: number): Promise<Env> {
  return {
    ...env,
    HOST,
    ADMIN_HOST: HOST,
    PORT: await portFor(env.PORT, 8080),
    ADMIN_PORT: await portFor(env.ADMIN_PORT, 9090),
    ADMIN_TOKEN: env.ADMIN_TOKEN ?? randomBytes(24).toString('base64url'),
    JWT_SECRET_KEY: env.JWT_SECRET_KEY ?? randomBytes(48).toString('base64url'),
    CSRF_SECRET_KEY: env.CSRF_SECRET_KEY ?? randomBytes(48).toString('base64url'),
    COOKIE_SECRET_KEY: env.COOKIE_SECRET_KEY ?? randomBytes(48).toString('base64url'),
    SESSION_SECRET_KEY: env.SESSION_SECRET_KEY ?? randomBytes(48).toString('base64url'),
    UPSTREAM_URL: `http://${HOST}:${appPort}`,
    SANITIZE_ERRORS: env.SANITIZE_ERRORS ?? 'true',
  };
}

/** What was asked for is kept, so that a port in use is reported; else the usual port, or any that is free. */
async function portFor(asked: string | undefined, usual: number): Promise<string> {
  if (asked !== undefined && asked !== '') return asked;
  return String((await tryPort(usual)) ?? (await tryPort(0)));
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, HOST, () => {
      const { port: free } = server.address() as AddressInfo;
      server.close(() => resolve(free));
    });
  });
}

/** The block that is printed once both ports answer. Every line opening with `curl` works as it stands. */
export function welcome({ listeners }: Config, token: string): string {
  const open = `http://${HOST}:${listeners.port}`;
  const admin = `http://${HOST}:${listeners.adminPort}`;
  return `
  railguard demo
    public  ${open}
    admin   ${admin}   (token ${token})

  A request passes, under the id you give it:
    curl -i -H 'X-Correlation-ID: demo-0001' ${open}/
  A head that is too large is refused, and the app never sees it:
    curl -i -H "X-Large: $(head -c 40000 /dev/zero | tr '\\0' x)" ${open}/
  The app fails and says too much: you get its id, the log below gets the text, redacted:
    curl -i ${open}/crash
  Events stream as they happen:
    curl -iN --max-time 3 ${open}/events
  Is this instance ready?
    curl -i -H 'Authorization: Bearer ${token}' ${admin}/health/readiness

  Ctrl-C stops it.

`;
}
