/** The command line from outside: what it prints, where, and with which exit code. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { commands } from '../../commands.ts';
import { example, markdown } from '../../config/docs.ts';

const main = resolve(import.meta.dirname, '../../main.ts');
const cwd = mkdtempSync(join(tmpdir(), 'railguard-main-'));
afterAll(() => rmSync(cwd, { recursive: true }));

function railguard(args: readonly string[], env: Record<string, string> = {}, node: readonly string[] = []) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...node, main, ...args], {
    cwd,
    env,
    encoding: 'utf8',
    timeout: 15_000,
  });
  return { status, stdout, stderr };
}

/** Runs under a Node that says it is another one. */
const pretend = (version: string): string[] => [
  '--import',
  `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'${version}'}})`,
];

describe('help and version', () => {
  it('lists every command', () => {
    const { status, stdout, stderr } = railguard(['--help']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const { name, summary } of commands)
      expect(stdout).toMatch(new RegExp(`${name} +${summary.slice(0, 9)}`));
  });

  it('lists the flags of one command', () => {
    const { status, stdout } = railguard(['env', '--help']);
    expect(status).toBe(0);
    for (const flag of ['--markdown', '--example', '--effective']) expect(stdout).toContain(flag);
  });

  it('prints the version alone', () => {
    expect(railguard(['--version'])).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\S*\n$/),
    });
  });
});

describe('misuse', () => {
  it.each([
    [['sevre'], 'unknown command `sevre`; the nearest is `serve`'],
    [['evn', '--effective'], 'unknown command `evn`; the nearest is `env`'],
    [['env', '--efective'], 'unknown flag `--efective`; the nearest is `--effective`'],
    [['--hlep'], 'unknown flag `--hlep`; the nearest is `--help`'],
    [['--verson'], 'unknown flag `--verson`; the nearest is `--version`'],
    [['serve', '--json'], /^railguard: unknown flag `--json`; the nearest is `--\w+`\n$/],
    [['env', 'example'], 'unknown argument `example`; the nearest is `--example`'],
    [['se\u001b[31mrve'], 'unknown command `se?[31mrve`; the nearest is `serve`'],
    [
      ['env', '--example', '--markdown'],
      '--example and --markdown exclude each other; usage: railguard env [--markdown] [--example] [--effective]',
    ],
    [['serve', '--', 'x'], 'serve takes nothing after `--`; usage: railguard serve'],
  ])('%j is answered in one line on stderr, exit 64', (args, line) => {
    const { status, stdout, stderr } = railguard(args);
    expect({ status, stdout }).toEqual({ status: 64, stdout: '' });
    if (typeof line === 'string') expect(stderr).toBe(`railguard: ${line}\n`);
    else expect(stderr).toMatch(line);
  });
});

describe('bad configuration', () => {
  const bad = { PORT: 'x', UPSTREAM_CONNECT_TIMEOUT: '5 apples', ADMIN_TOKEN: 'hunter2', UPSTREAM_URI: 'a' };
  const said = [
    'railguard: warning: `UPSTREAM_URI` is not a variable of railguard; did you mean UPSTREAM_URL?',
    'railguard: PORT: `x` is not a port; use 1 to 65535, or 0 for any free one',
    'railguard: ADMIN_TOKEN: is shorter than 32 characters; make one with `openssl rand -base64 48`',
    'railguard: UPSTREAM_CONNECT_TIMEOUT: `5 apples` is not a duration; use 30, 500ms, 30s or 5m',
    '',
  ].join('\n');

  it.each([[[]], [['serve']], [['env', '--effective']]])('stops %j with every error, exit 64', (args) => {
    expect(railguard(args, bad)).toEqual({ status: 64, stdout: '', stderr: said });
  });
});

describe('env', () => {
  it('prints what the docs are made of', () => {
    expect(railguard(['env', '--markdown']).stdout).toBe(markdown());
    expect(railguard(['env', '--example']).stdout).toBe(example());
  });

  it('prints every variable for people when no form is named', () => {
    const { status, stdout } = railguard(['env']);
    expect(status).toBe(0);
    expect(stdout).toContain('UPSTREAM_URL\n');
  });

  it('does not need a good configuration to explain it', () => {
    expect(railguard(['env'], { PORT: 'x' }).status).toBe(0);
  });

  it('shows what is in force and masks secrets', () => {
    const token = 'Zq'.repeat(20);
    const { status, stdout } = railguard(['env', '--effective'], { ADMIN_TOKEN: token, PORT: '8081' });
    expect(status).toBe(0);
    expect(stdout).toContain('PORT=8081\n');
    expect(stdout).toContain('ADMIN_TOKEN=[set]\n');
    expect(stdout).not.toContain(token);
  });
});

describe('the Node it runs on', () => {
  it.each(['20.20.2', '22.18.9', '18.0.0', '4.2.0'])('refuses %s in one line, exit 64', (version) => {
    expect(railguard(['--version'], {}, pretend(version))).toEqual({
      status: 64,
      stdout: '',
      stderr: `railguard: Node ${version} is too old; use 24.18.1 or later (22.19 at the least)\n`,
    });
  });

  it.each(['22.19.0', '22.23.1', '23.11.0', '24.18.0', '25.9.0', '26.5.0'])(
    'warns loudly about %s',
    (version) => {
      const { status, stderr } = railguard(['--version'], {}, pretend(version));
      expect(status).toBe(0);
      expect(stderr).toMatch(new RegExp(`^railguard: WARNING: the HTTP parser of Node ${version} .*\n$`));
    },
  );

  it.each(['22.23.2', '22.24.0', '24.18.1', '24.21.0', '26.5.1', '27.0.0', '28.1.0'])(
    'is silent on %s',
    (version) => {
      expect(railguard(['--version'], {}, pretend(version))).toMatchObject({ status: 0, stderr: '' });
    },
  );
});
