import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { railpackFaults, railpackPackages } from '../../admin/validate/railpack.ts';
import { Child } from '../harness/child.ts';
import { execForm, type Stage, stagesOf } from '../harness/dockerfile.ts';
import { type Installed, install } from '../harness/install.ts';
import { freePorts, until } from '../harness/ports.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const execute = promisify(execFile);

describe('the package, installed in an empty folder', () => {
  let installed: Installed;
  const inside = (path: string): string => join(installed.folder, 'node_modules/railguard', path);

  beforeAll(async () => {
    installed = await install();
  }, 120_000);
  afterAll(() => installed?.remove());

  it('holds the program, its pages and its licence, and nothing that tests or builds it', () => {
    const { files, size } = installed.packed;
    for (const path of [
      'dist/main.js',
      'dist/index.js',
      'dist/index.d.ts',
      'LICENSE',
      'README.md',
      'docs/validate.md',
    ])
      expect(files).toContain(path);
    expect(files.filter((path) => /(^|\/)test|\.map$|\.test\.|^scripts\//.test(path))).toEqual([]);
    expect(files.filter((path) => path.endsWith('.ts'))).toEqual(['dist/index.d.ts']);
    expect(size).toBeLessThan(1_000_000);
    // Bundled: a file for each module would cost a third of a start, and 12 MB.
    expect(files.filter((path) => /^dist\/.*\.js$/.test(path)).length).toBeLessThan(60);
  });

  it('names in package.json only what is there', () => {
    const manifest = JSON.parse(readFileSync(inside('package.json'), 'utf8')) as {
      bin: { railguard: string };
      types: string;
      exports: { '.': { types: string; default: string } };
    };
    const { bin, types, exports: exported } = manifest;
    for (const path of [bin.railguard, types, exported['.'].types, exported['.'].default])
      expect(existsSync(inside(path)), path).toBe(true);
    expect(readFileSync(inside(bin.railguard), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    expect(statSync(inside(bin.railguard)).mode & 0o111).not.toBe(0);
  });

  it('brings no package that only development needs', () => {
    for (const name of [
      'typescript',
      'rolldown',
      'vitest',
      '@biomejs/biome',
      'playwright-core',
      'fast-check',
    ])
      expect(installed.packages).not.toContain(name);
  });

  it('runs as `npx railguard`', async () => {
    const options = { cwd: installed.folder, env: installed.env };
    const { stdout } = await execute('npx', ['--no-install', 'railguard', '--version'], options);
    expect(stdout.trim()).toBe((JSON.parse(read('package.json')) as { version: string }).version);
    expect((await execute('npx', ['--no-install', 'railguard', 'env', '--markdown'], options)).stdout).toBe(
      read('docs/configuration.md'),
    );
  });

  it('runs its demo, which serves, and ends with 0', async () => {
    const [port, adminPort] = (await freePorts(2)) as [number, number];
    const env = { ...installed.env, PORT: String(port), ADMIN_PORT: String(adminPort) };
    const bin = join(installed.folder, 'node_modules/.bin/railguard');
    const demo = new Child(bin, ['demo'], env, installed.folder);
    try {
      await until('the demo serves', 15_000, () =>
        fetch(`http://127.0.0.1:${port}/`).then(
          ({ ok }) => ok,
          () => false,
        ),
      );
      expect(await demo.stop('SIGTERM', 20_000)).toEqual({ code: 0, signal: null });
    } finally {
      demo.kill('SIGKILL');
    }
  });

  it('is a library too: its types fit, and what they promise is there', async () => {
    const program = join(installed.folder, 'program.mts');
    writeFileSync(
      program,
      `import { ConfigurationError, createRailguard, type Railguard, type RailguardPorts } from 'railguard';
const railguard: Railguard = createRailguard({ UPSTREAM_URL: process.argv[2], PORT: '0', ADMIN_PORT: '0', LOG_LEVEL: 'error', HOST: '127.0.0.1' });
const ports: RailguardPorts = await railguard.start();
const answer = await fetch(\`http://127.0.0.1:\${ports.port}/\`);
console.log(await answer.text(), answer.headers.get('x-content-type-options'));
const health = await fetch(\`http://127.0.0.1:\${ports.adminPort}/health\`);
console.log(health.status);
await railguard.stop();
await railguard.start().catch((error: Error) => console.log(error.message));
console.log(process.listenerCount('SIGTERM'), process.listenerCount('uncaughtException'));
try {
  createRailguard({ PORT: 'x', MAX_HEADERS: 'y' });
} catch (error) {
  if (error instanceof ConfigurationError) console.log(error.errors.length, error.errors[0]?.split(':')[0]);
}
`,
    );
    const compile = [
      ...[join(ROOT, 'node_modules/typescript/bin/tsc'), '--noEmit', '--strict', '--target', 'es2024'],
      ...['--module', 'nodenext', '--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types')],
      program,
    ];
    execFileSync(process.execPath, compile, { cwd: installed.folder });
    const app = http.createServer((_, response) => response.end('from the app'));
    await new Promise<void>((done) => app.listen(0, '127.0.0.1', done));
    const url = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
    const options = { cwd: installed.folder, env: installed.env, timeout: 30_000 };
    const { stdout } = await execute(process.execPath, [program, url], options);
    app.closeAllConnections();
    app.close();
    expect(stdout.trim().split('\n')).toEqual([
      'from the app nosniff',
      '200',
      'railguard starts once; create another',
      '0 0',
      '2 PORT',
    ]);
  });
});

describe('the Dockerfile', () => {
  const stages = stagesOf(read('Dockerfile'));
  const last = stages.at(-1) as Stage;
  const of = (name: string): string[] =>
    last.instructions.filter((one) => one.name === name).map(({ text }) => text);

  it('builds in stages, each from a tag that names Node and Debian', () => {
    expect(stages.length).toBe(3);
    for (const { from } of stages) expect(from).toMatch(/^node:24-trixie-slim$/);
  });

  it('takes nothing from the network but packages, and leaves no list behind', () => {
    const all = stages.flatMap(({ instructions }) => instructions);
    expect(all.filter(({ name }) => name === 'ADD')).toEqual([]);
    for (const { text } of all.filter(({ name, text }) => name === 'RUN' && text.includes('apt-get'))) {
      expect(text).toContain('--no-install-recommends');
      expect(text).toContain('rm -rf /var/lib/apt/lists/*');
      expect(text).toMatch(/^apt-get update && apt-get install -y /);
    }
    for (const { text } of all.filter(({ text }) => text.startsWith('npm ci')))
      expect(text).toContain('--ignore-scripts');
  });

  it('runs as an ordinary user, with tini as process 1 and node below it', () => {
    expect(of('USER')).toEqual(['node']);
    const entry = execForm(of('ENTRYPOINT')[0] as string);
    expect(entry?.slice(0, 3)).toEqual(['tini', '--', 'node']);
    expect(entry?.at(-1)).toBe('/app/dist/main.js');
    expect(execForm(of('CMD')[0] as string)).toEqual(['serve']);
    expect(of('HEALTHCHECK')[0]).toMatch(/--start-period=5s .*CMD \["node"/);
    const order = last.instructions.map(({ name }) => name);
    expect(order.lastIndexOf('RUN')).toBeLessThan(order.indexOf('USER'));
  });

  it('copies into the last stage only what it needs to run', () => {
    const copied = of('COPY').flatMap((text) =>
      text
        .split(' ')
        .filter((word) => !word.startsWith('--'))
        .slice(0, -1),
    );
    expect(copied).toEqual(['/app/node_modules', '/app/dist', 'package.json', 'LICENSE']);
  });

  it('has a context without tests, documents, secrets and history', () => {
    const lines = read('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines[0]).toBe('*');
    const kept = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    for (const path of ['test', 'docs', '.env', '.git', 'node_modules', 'dist'])
      expect(kept).not.toContain(path);
    const { include } = JSON.parse(read('tsconfig.build.json')) as { include: string[] };
    for (const path of [...include, 'package-lock.json', 'tsconfig.build.json', 'scripts'])
      expect(kept).toContain(path);
  });
});

describe("the container's health check", () => {
  const alive = join(ROOT, 'dist/alive.js');
  const ask = async (env: Record<string, string>): Promise<number | null> =>
    new Child(process.execPath, [alive], env, ROOT).exited.then(({ code }) => code);

  it('is well while the admin port answers, on whatever address, and ill otherwise', async () => {
    const server = http.createServer(({ url }, response) =>
      response.writeHead(url === '/health' ? 200 : 404).end(),
    );
    await new Promise<void>((done) => server.listen(0, done));
    const port = String((server.address() as AddressInfo).port);
    for (const host of ['', '127.0.0.1', '::1', '0.0.0.0', '::'])
      expect(await ask({ ADMIN_PORT: port, ADMIN_HOST: host }), host).toBe(0);
    await new Promise((done) => server.close(done));
    expect(await ask({ ADMIN_PORT: port })).toBe(1);
  });
});

describe('the files for Railway', () => {
  it('have a railpack.json without a fault, that installs the pooler and starts node itself', () => {
    const text = read('railpack.json');
    expect(railpackFaults(text)).toEqual([]);
    expect(railpackPackages(text)).toEqual(['pgbouncer']);
    expect(text).toContain('"startCommand": "node dist/main.js serve"');
  });

  it('have an example of both services, in which the app has no domain', () => {
    const text = read('.railway/railway.ts');
    const [, app = '', railguard = ''] = text.split(/= service\(/);
    expect(app).toContain("'app'");
    expect(app).not.toContain('domains');
    expect(railguard).toContain('domains');
    expect(railguard).toContain('drainingSeconds: 30');
    expect(railguard).toContain("healthcheck: '/health'");
  });
});
