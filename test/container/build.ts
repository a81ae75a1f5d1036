/**
 * `npm run test:container`: carries out the Dockerfile's steps in a Debian root without a Docker engine, starts the
 * result as the Dockerfile says (unprivileged, the root read-only), and asks it. Needs root, debootstrap, some minutes.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { execForm, type Stage, stagesOf } from '../harness/dockerfile.ts';
import { freePorts, until } from '../harness/ports.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const MIRROR = process.env.DEBIAN_MIRROR ?? 'http://deb.debian.org/debian';
const work = mkdtempSync(join(tmpdir(), 'railguard-container-'));
const base = process.env.TRIXIE_ROOT ?? join(work, 'trixie');
const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 28 });

const started = performance.now();
const say = (text: string): void =>
  console.log(`${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s  ${text}`);

/** Debian, and in it what the official image of Node adds: node, npm, the user `node`. */
function prepareBase(): void {
  if (existsSync(join(base, 'etc/debian_version'))) return;
  say('debootstrap trixie');
  run('debootstrap', '--variant=minbase', '--include=ca-certificates', 'trixie', base, MIRROR);
}

function copyOfBase(name: string): string {
  const root = join(work, name);
  run('cp', '-a', base, root);
  // What reaches the registries on this machine.
  for (const file of ['/etc/hosts', '/etc/resolv.conf', '/etc/ssl/certs/ca-certificates.crt'])
    if (existsSync(file)) cpSync(file, join(root, file), { dereference: true });
  cpSync(process.execPath, join(root, 'usr/local/bin/node'));
  const npm = dirname(dirname(run('readlink', '-f', run('which', 'npm').trim()).trim()));
  cpSync(npm, join(root, 'usr/local/lib/node_modules/npm'), { recursive: true, dereference: true });
  writeFileSync(
    join(root, 'usr/local/bin/npm'),
    '#!/bin/sh\nexec node /usr/local/lib/node_modules/npm/bin/npm-cli.js "$@"\n',
    { mode: 0o755 },
  );
  writeFileSync(join(root, 'usr/local/bin/npx'), '#!/bin/sh\nexec npm exec -- "$@"\n', { mode: 0o755 });
  run('chroot', root, 'useradd', '--uid', '1000', '--user-group', '--create-home', 'node');
  return root;
}

const ENV = [
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'HOME=/root',
  'DEBIAN_FRONTEND=noninteractive',
  'NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt',
];

function inside(root: string, workdir: string, command: string): void {
  const script = `mount -t proc proc '${root}/proc' && mount --rbind /dev '${root}/dev' && exec chroot '${root}' env -i ${ENV.join(' ')} sh -ec 'cd ${workdir}; ${command.replaceAll("'", "'\\''")}'`;
  run('unshare', '--mount', '--pid', '--fork', 'sh', '-ec', script);
}

/** What .dockerignore lets through, as it reads: all is left out but what is named. */
function context(): string[] {
  const lines = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line));
  if (lines[0] !== '*') throw new Error('.dockerignore no longer begins with *');
  const tracked = run('git', '-C', ROOT, 'ls-files', '--cached', '--others', '--exclude-standard')
    .trim()
    .split('\n');
  const matches = (pattern: string, path: string): boolean =>
    pattern.startsWith('*.')
      ? !path.includes('/') && path.endsWith(pattern.slice(1))
      : path === pattern || path.startsWith(`${pattern}/`);
  return tracked.filter((path) => {
    let kept = false;
    for (const line of lines.slice(1)) {
      const pattern = line.replace(/^!/, '');
      if (matches(pattern, path)) kept = line.startsWith('!');
    }
    return kept && existsSync(join(ROOT, path));
  });
}

interface Built {
  readonly root: string;
  workdir: string;
  user: string;
  readonly env: string[];
  entrypoint: string[];
  cmd: string[];
  health: string[];
}

const roots = new Map<string, Built>();

function build(stage: Stage): Built {
  say(`stage ${stage.name} from ${stage.from}`);
  const built: Built = {
    root: copyOfBase(stage.name),
    workdir: '/',
    user: 'root',
    env: [],
    entrypoint: [],
    cmd: [],
    health: [],
  };
  for (const { name, text } of stage.instructions) {
    if (name === 'WORKDIR') {
      built.workdir = text;
      mkdirSync(join(built.root, text), { recursive: true });
    } else if (name === 'RUN') {
      say(`  RUN ${text.slice(0, 100)}`);
      inside(built.root, built.workdir, text);
    } else if (name === 'COPY') copy(built, text);
    else if (name === 'ENV') built.env.push(text);
    else if (name === 'USER') built.user = text;
    else if (name === 'ENTRYPOINT') built.entrypoint = execForm(text) ?? [];
    else if (name === 'CMD') built.cmd = execForm(text) ?? [];
    else if (name === 'HEALTHCHECK') built.health = execForm(text.slice(text.indexOf('['))) ?? [];
    else if (name !== 'LABEL' && name !== 'EXPOSE') throw new Error(`no way to carry out ${name}`);
  }
  roots.set(stage.name, built);
  return built;
}

function copy(built: Built, text: string): void {
  const words = text.split(/\s+/);
  const from = words[0]?.startsWith('--from=') ? (words.shift() as string).slice(7) : undefined;
  const target = words.pop() as string;
  const to = join(built.root, built.workdir, target);
  if (from === undefined) {
    const files = context();
    for (const word of words)
      for (const file of word === '.'
        ? files
        : files.filter((one) => one === word || one.startsWith(`${word}/`))) {
        const place = join(to, file);
        mkdirSync(dirname(place), { recursive: true });
        cpSync(join(ROOT, file), place);
      }
    return;
  }
  for (const word of words)
    run(
      'cp',
      '-a',
      join((roots.get(from) as Built).root, word),
      target === '.' ? join(to, basename(word)) : to,
    );
}

/** Read-only, with a /tmp in memory and no more rights than an ordinary user has. */
function start(built: Built, env: readonly string[], command: readonly string[]): ChildProcess {
  const { root, workdir } = built;
  const [uid, gid] = run('chroot', root, 'sh', '-c', `id -u ${built.user}; id -g ${built.user}`)
    .trim()
    .split('\n');
  const quoted = command.map((word) => `'${word}'`).join(' ');
  const script = [
    `mount --bind '${root}' '${root}'`,
    `mount -t proc proc '${root}/proc'`,
    `mount --rbind /dev '${root}/dev'`,
    `mount -t tmpfs tmpfs '${root}/tmp'`,
    `mount -o remount,bind,ro '${root}'`,
    `exec chroot '${root}' setpriv --reuid ${uid} --regid ${gid} --clear-groups --no-new-privs --bounding-set=-all env -i --chdir=${workdir} ${ENV[0]} ${[...built.env, ...env].join(' ')} ${quoted}`,
  ].join(' && ');
  return spawn('unshare', ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-ec', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function demand(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not so: ${what}`);
  say(`ok: ${what}`);
}

async function main(): Promise<void> {
  prepareBase();
  const stages = stagesOf(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'));
  let built: Built | undefined;
  for (const stage of stages) built = build(stage);
  const image = built as Built;
  const size = (path: string): string => run('du', '-sh', join(image.root, path)).split('\t')[0] as string;
  say(
    `content: /app ${size('app')}, node_modules ${size('app/node_modules')}, dist ${size('app/dist')}, whole root ${size('.')}`,
  );
  for (const line of run('ls', join(image.root, 'app')).trim().split('\n')) say(`  /app/${line}`);
  const app = http.createServer((_, response) => response.end('from the app')).listen(0, '127.0.0.1');
  await new Promise((done) => app.once('listening', done));
  const [port, adminPort] = (await freePorts(2)) as [number, number];
  const upstream = (app.address() as { port: number }).port;
  const env = [
    `PORT=${port}`,
    `ADMIN_PORT=${adminPort}`,
    'ENVIRONMENT=production',
    `UPSTREAM_URL=http://127.0.0.1:${upstream}`,
  ];
  const process_ = start(image, env, [...image.entrypoint, ...image.cmd]);
  let output = '';
  process_.stdout?.on('data', (text) => (output += text));
  process_.stderr?.on('data', (text) => (output += text));
  const ended = new Promise<number | null>((done) => process_.once('exit', done));
  try {
    const asked = performance.now();
    await until('the container serves', 20_000, () =>
      fetch(`http://127.0.0.1:${port}/`).then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
    say(`serves after ${(performance.now() - asked).toFixed(0)} ms`);
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    demand((await answer.text()) === 'from the app', 'traffic reaches the app and comes back');
    const node = run('pgrep', '-f', '/app/dist/main.js serve').trim().split('\n').map(Number);
    const pid = node.find((one) => basename(readlinkSync(`/proc/${one}/exe`)) === 'node') ?? 0;
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    demand(/^Uid:\s+1000\s+1000/m.test(status), 'it runs as user 1000');
    demand(/^CapEff:\s+0+$/m.test(status), 'it has no capability');
    say(`  ${/VmRSS.*/.exec(status)?.[0]}`);
    const alive = start(image, env, image.health);
    demand((await new Promise((done) => alive.once('exit', done))) === 0, 'the health check says it is well');
    const write = start(
      image,
      [],
      [
        'sh',
        '-c',
        'touch /app/x /etc/x /home/node/x 2>/dev/null; test ! -e /app/x -a ! -e /etc/x -a ! -e /home/node/x && touch /tmp/x',
      ],
    );
    demand((await new Promise((done) => write.once('exit', done))) === 0, 'nothing but /tmp can be written');
    const pooler = start(image, [], ['pgbouncer', '--version']);
    demand((await new Promise((done) => pooler.once('exit', done))) === 0, 'pgbouncer is there');
    const builder = start(image, [], ['sh', '-c', '! command -v npm && ! command -v tsc']);
    demand((await new Promise((done) => builder.once('exit', done))) === 0, 'npm and the compiler are not');
    demand(
      !existsSync(join(image.root, 'app/node_modules/typescript')),
      'no development dependency is there',
    );
    demand(statSync(join(image.root, 'app/dist/main.js')).uid === 0, 'its user does not own the program');
    const init = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
    demand(readFileSync(`/proc/${init}/comm`, 'latin1').trim() === 'tini', 'tini is above it');
    process.kill(init, 'SIGTERM');
    demand((await ended) === 0, 'SIGTERM to tini drains it, and it ends with 0');
  } catch (error) {
    console.error(output);
    throw error;
  } finally {
    process_.kill('SIGKILL');
    app.closeAllConnections();
    app.close();
  }
}

try {
  await main();
} finally {
  if (process.env.KEEP === undefined) rmSync(work, { recursive: true, force: true });
}
