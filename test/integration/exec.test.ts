/** `railguard exec` in front of a real uvicorn that talks a lot: what comes out, in which order, and how both end. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { call } from '../harness/h1.ts';
import { freePort, listening, until } from '../harness/ports.ts';
import { type LogLine, type Railguard, startRailguard } from '../harness/railguard.ts';

const APP = path.resolve(import.meta.dirname, '../fixtures/chatty');
const SECRETS = ['Sup3rS3cretPw', `sk-${'proj-'}A1b2C3d4`, 'G7h8A1b2'];
/** The whole load of an acceptance run: CHAT_RATE=20000 CHAT_SECONDS=20. */
const RATE = Number(process.env.CHAT_RATE ?? 4000);
const SECONDS = Number(process.env.CHAT_SECONDS ?? 2);

let railguard: Railguard | undefined;
afterEach(async () => {
  // SIGKILL would leave the app behind.
  if (railguard?.child.exit === undefined) await railguard?.stop();
  railguard = undefined;
});

interface Started {
  readonly railguard: Railguard;
  readonly appPort: number;
}

async function exec(
  command: readonly string[],
  env: Record<string, string> = {},
  wait: 'ready' | 'none' = 'ready',
): Promise<Started> {
  const appPort = await freePort();
  const args = ['exec', '--', ...command.map((word) => (word === 'APP_PORT' ? String(appPort) : word))];
  railguard = await startRailguard({
    args,
    wait,
    env: {
      APP_PORT: String(appPort),
      LOG_LEVEL: 'info',
      PERFORMANCE_LOGS: 'false',
      LOG_MAX_PER_SECOND: '0',
      PYTHONDONTWRITEBYTECODE: '1',
      ...env,
    },
  });
  return { railguard, appPort };
}

const UVICORN = ['/usr/bin/python3', '-m', 'uvicorn', '--app-dir', APP, 'chatty:app'];
const uvicorn = [...UVICORN, '--host', '127.0.0.1', '--port', 'APP_PORT', '--no-access-log'];
const python = (code: string): string[] => ['/usr/bin/python3', '-c', code];

const appLines = (lines: readonly LogLine[]): LogLine[] =>
  lines.filter(({ event_type }) => event_type === 'app_log');

/** The numbers that the lines of one stream bear, in the order they came. */
function numbers(lines: readonly LogLine[], stream: string): number[] {
  return appLines(lines)
    .filter((line) => line.stream === stream)
    .flatMap(({ message }) => /\bn=(\d+)/.exec(String(message))?.[1] ?? [])
    .map(Number);
}

describe('an app that talks', () => {
  it('comes out as one JSON object a line, in order, without a secret, while it is served', async () => {
    const { railguard } = await exec(uvicorn, {
      CHAT_RATE: String(RATE),
      CHAT_SECONDS: String(SECONDS),
      CHAT_LONG_EVERY: String(RATE / 4),
    });
    const lines: LogLine[] = [];
    const collect = (): void => {
      for (const line of railguard.child.stdout.splice(0)) {
        if (line === '') continue;
        for (const secret of SECRETS)
          if (line.includes(secret)) throw new Error(`a secret: ${line.slice(0, 300)}`);
        lines.push(JSON.parse(line) as LogLine);
      }
    };
    let said = { stdout: 0, stderr: 0, done: 0 };
    let slowest = 0;
    await until('the app has said it all', SECONDS * 3000 + 10_000, async () => {
      const before = performance.now();
      const { status, body } = await call({ port: railguard.port, path: '/' });
      slowest = Math.max(slowest, performance.now() - before);
      collect();
      if (status !== 200) throw new Error(`${status}`);
      said = JSON.parse(body.toString()) as typeof said;
      return said.done === 2;
    });
    await sleep(500);
    expect(await railguard.stop()).toEqual({ code: 0, signal: null });
    collect();
    for (const stream of ['stdout', 'stderr'] as const) {
      const seen = numbers(lines, stream);
      expect(seen.every((n, i) => i === 0 || n > (seen[i - 1] as number))).toBe(true);
      expect(seen).toHaveLength(said[stream]);
    }
    const failure = lines.find(({ exception }) => exception !== undefined);
    expect(failure).toMatchObject({ level: 'error', exception: { type: 'ValueError' } });
    const long = lines.filter(({ truncated }) => truncated === true);
    expect(long.length).toBeGreaterThan(0);
    if (process.env.CHAT_RATE !== undefined)
      console.log({ said, lines: lines.length, slowest: `${slowest.toFixed(0)} ms` });
  });

  it('more than the limit is counted, never waited for, and its errors all come out', async () => {
    const { railguard } = await exec(
      python(`
import sys, time
for i in range(20000): print('INFO: n=%d' % i)
sys.stdout.flush()
for i in range(300): print('ERROR: n=%d' % i, file=sys.stderr)
time.sleep(1)
sys.exit(5)`),
      { LOG_MAX_PER_SECOND: '100' },
      'none',
    );
    expect(await railguard.child.exited).toEqual({ code: 5, signal: null });
    const lines = railguard.logs();
    expect(numbers(lines, 'stderr')).toHaveLength(300);
    expect(numbers(lines, 'stdout').length).toBeLessThanOrEqual(300);
    const dropped = lines.reduce((sum, line) => sum + (Number(line.dropped) || 0), 0);
    expect(dropped + numbers(lines, 'stdout').length).toBe(20_000);
  });
});

describe('the end', () => {
  it('on SIGTERM reaches the app once its requests are done, and what it says then is heard', async () => {
    const { railguard, appPort } = await exec(uvicorn);
    expect(await railguard.stop()).toEqual({ code: 0, signal: null });
    const messages = appLines(railguard.logs()).map(({ message }) => String(message));
    expect(messages.some((message) => message.startsWith('INFO: shutdown was asked for'))).toBe(true);
    expect(messages.join()).not.toContain('Sup3rS3cretPw');
    expect(await listening(appPort)).toBe(false);
  });

  it.each([
    ['its exit code', 'import sys; sys.exit(3)', 3],
    ['128 and its signal', 'import os, signal; os.kill(os.getpid(), signal.SIGKILL)', 137],
  ])('of the app ends railguard with %s', async (_what, code, exit) => {
    const { railguard } = await exec(python(code), {}, 'none');
    expect(await railguard.child.exited).toEqual({ code: exit, signal: null });
  });

  it('of the app while it serves ends railguard with its code', async () => {
    const { railguard } = await exec(uvicorn);
    await call({ port: railguard.port, path: '/exit/9' });
    expect(await railguard.child.exited).toEqual({ code: 9, signal: null });
  });

  it.each([
    ['/no/such/program', 127],
    ['/etc/passwd', 126],
  ])('comes at once when the app can not be started: %s', async (command, exit) => {
    const { railguard } = await exec([command], {}, 'none');
    expect(await railguard.child.exited).toEqual({ code: exit, signal: null });
    expect(railguard.logs().map(({ message }) => message)).toContain('the app can not be started');
  });

  it('does not wait for a process that the app left behind with its output', async () => {
    const code = `
import subprocess, sys
subprocess.Popen(['/bin/sleep', '20'])
sys.exit(4)`;
    const { railguard } = await exec(python(code), {}, 'none');
    const before = performance.now();
    expect(await railguard.child.exited).toEqual({ code: 4, signal: null });
    expect(performance.now() - before).toBeLessThan(10_000);
  });

  it('by a second signal leaves no app behind', async () => {
    const appPort = await freePort();
    const code = `
import signal, socket, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
s = socket.create_server(('127.0.0.1', ${appPort}))
time.sleep(60)`;
    const { railguard } = await exec(python(code), { APP_PORT: String(appPort) });
    railguard.child.kill('SIGTERM');
    await until('the signal was seen', 5000, () =>
      railguard.logs().some(({ message }) => message === 'signal received'),
    );
    railguard.child.kill('SIGTERM');
    expect(await railguard.child.exited).toEqual({ code: 143, signal: null });
    await until('the app has ended', 5000, async () => !(await listening(appPort)));
  });
});

describe('the app', () => {
  it('gets the environment without what is railguard its own', async () => {
    const { railguard, appPort } = await exec(uvicorn, {
      ADMIN_TOKEN: 'a-token-of-the-admin-port-0123456789abcdef',
      SECRETS_PEPPER: 'pepper-pepper-pepper-pepper-pepper',
      MAX_BODY_SIZE: '1mb',
      MY_SETTING: 'kept',
      OPENAI_API_KEY: 'kept as well',
    });
    const { body } = await call({ port: railguard.port, path: '/env' });
    const env = JSON.parse(body.toString()) as Record<string, string>;
    expect(env).toMatchObject({ PORT: String(appPort), MY_SETTING: 'kept', OPENAI_API_KEY: 'kept as well' });
    for (const name of [
      'ADMIN_TOKEN',
      'ADMIN_PORT',
      'SECRETS_PEPPER',
      'MAX_BODY_SIZE',
      'UPSTREAM_URL',
      'APP_PORT',
    ])
      expect(env).not.toHaveProperty(name);
  });

  it('that has not begun to listen keeps railguard from being ready', async () => {
    const code = `
import socket, time, os
time.sleep(1.5)
s = socket.create_server(('127.0.0.1', int(os.environ['PORT'])))
time.sleep(60)`;
    const { railguard } = await exec(python(code), {}, 'none');
    await until('the admin port answers', 5000, async () => (await railguard.readiness()) !== 0);
    expect(await railguard.readiness()).toBe(503);
    await until('it is ready', 10_000, async () => (await railguard.readiness()) === 200);
  });
});

describe('railguard redact', () => {
  it('copies stdin to stdout without its secrets, to the last byte, and leaves the rest alone', () => {
    const entry = process.env.RAILGUARD_ENTRY ?? path.resolve(import.meta.dirname, '../../dist/main.js');
    const clean = 'é😀 a line\r\nanother\n\nno end';
    const run = (input: string) =>
      spawnSync(process.execPath, [entry, 'redact'], { input, encoding: 'utf8', env: { PATH: '/usr/bin' } });
    expect(run(clean).stdout).toBe(clean);
    const { stdout, status } = run(`password=${SECRETS[0]}\n${SECRETS[1]}E5f6G7h8A1b2C3d4E5f6G7h8`);
    expect(status).toBe(0);
    for (const secret of SECRETS) expect(stdout).not.toContain(secret);
  });

  it('ends in peace when its reader has had enough', () => {
    const entry = process.env.RAILGUARD_ENTRY ?? path.resolve(import.meta.dirname, '../../dist/main.js');
    const script = 'yes "a line of an app, with nothing in it" 2>/dev/null | "$0" "$1" redact | head -n 1';
    const { stdout, stderr } = spawnSync('/bin/sh', ['-c', script, process.execPath, entry], {
      encoding: 'utf8',
      env: { PATH: '/usr/bin:/bin' },
    });
    expect(stdout).toBe('a line of an app, with nothing in it\n');
    expect(stderr).toBe('');
  });
});
