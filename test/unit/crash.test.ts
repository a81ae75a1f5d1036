import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const SECRET = 'correct-horse-battery-staple-0123456789';
const APP_SECRET = 'another-horse-in-another-stable';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'crash-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the real program with `code` injected, which acts once `handlers` of railguard stand. */
function run(code: string, args: string[], env: NodeJS.ProcessEnv = {}) {
  const preload = join(folder, 'preload.mjs');
  writeFileSync(preload, code);
  return spawnSync(process.execPath, ['--import', preload, join(ROOT, 'main.ts'), ...args], {
    env: { PATH: process.env.PATH, ADMIN_TOKEN: SECRET, MY_API_KEY: APP_SECRET, ...env },
    cwd: folder,
    encoding: 'utf8',
    timeout: 15_000,
  });
}

/** Code that reads the secrets, so that a stack which quotes it holds none. */
const thrown = "new Error('no: ' + [process.env.ADMIN_TOKEN, process.env.MY_API_KEY].join())";
const atStart = (action: string): string => `
  const boom = () => { throw ${thrown}; };
  process.on('newListener', (name) => {
    if (name === 'uncaughtException') process.nextTick(() => ${action});
  });`;

function holdsNoSecret(output: string): void {
  for (const secret of [SECRET, APP_SECRET]) expect(output).not.toContain(secret);
}

describe('a fault before there is a log', () => {
  it.each([
    ['thrown', 'boom()'],
    ['rejected', `Promise.reject(${thrown})`],
  ])('%s, is one redacted text on stderr and exit code 70', (_how, action) => {
    const { stdout, stderr, status } = run(atStart(action), ['redact']);
    expect(status).toBe(70);
    expect(stderr).toMatch(/^railguard: fatal: Error: no: /);
    holdsNoSecret(stdout + stderr);
  });

  it('that is a warning is redacted and no more than said', () => {
    const action = `process.emitWarning(${thrown})`;
    const { stderr, status } = run(atStart(action), ['redact']);
    expect(status).toBe(0);
    expect(stderr).toMatch(/railguard: Error: no: /);
    holdsNoSecret(stderr);
  });

  it("leaves the environment out of Node's own report", () => {
    const { stdout } = run(
      atStart('process.stdout.write(JSON.stringify(process.report.getReport()), () => process.exit(3))'),
      ['env', '--example'],
    );
    expect(stdout).toContain('"nodejsVersion"');
    expect(stdout.split('# Written by')[0]).not.toContain(SECRET);
  });
});

describe('a complaint about the configuration', () => {
  it('does not quote a secret that stands in the wrong place', () => {
    const key = `sk-${'proj-'}abcdefabcdef0123456789abcdef0123456789`;
    const { stderr, status } = run('', ['serve'], { PORT: key });
    expect(status).toBe(64);
    expect(stderr).toMatch(/^railguard: PORT: .* is not a port/);
    expect(stderr + run('', [key]).stderr).not.toContain('abcdef0123456789');
  });
});

describe('a fault while it serves', () => {
  const ports = { PORT: '0', ADMIN_PORT: '0', ADMIN_HOST: '127.0.0.1', JSON_LOGS: 'true', HOST: '127.0.0.1' };
  /** Faults once the log stands, then an orderly end. */
  const code = `
    const served = () => process.listenerCount('SIGTERM') > 0;
    const wait = () => served() ? act() : setTimeout(wait, 20);
    const act = () => {
      setImmediate(() => { throw ${thrown}; });
      Promise.reject(${thrown});
      process.emitWarning(${thrown});
      setTimeout(() => process.kill(process.pid, 'SIGTERM'), 500);
    };
    setTimeout(wait, 20);`;

  it('is a redacted log line, and it goes on serving until it is told to stop', () => {
    const { stdout, stderr, status } = run(code, ['serve'], ports);
    const lines = stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const messages = lines.map(({ message }) => message);
    for (const message of ['uncaught exception', 'unhandled rejection', 'warning', 'stopped'])
      expect(messages).toContain(message);
    expect(status).toBe(0);
    expect(stdout + stderr).not.toContain(SECRET);
  });
});
