/** Every command of the documents is carried out, in a network of its own where the documents' ports are free. */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child } from '../harness/child.ts';
import { until } from '../harness/ports.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** Carries out `npm ci`, and all of `npm run bench`, too: minutes. */
const ALL = process.env.RAILGUARD_DOCS === 'all';

interface Block {
  readonly place: string;
  readonly lines: readonly string[];
}

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`),
].filter((name) => name.endsWith('.md'));

function blocksOf(page: string, language: string): Block[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const fence = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm');
  return [...text.matchAll(fence)].map(({ 1: body = '', index }) => ({
    place: `${page}:${text.slice(0, index).split('\n').length}`,
    lines: body.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#')),
  }));
}

/** `sh -c` of a line; those that serve are still there after a while, and that is their success. */
interface Ran {
  readonly code: number | undefined;
  readonly output: string;
  stop(): Promise<void>;
}

/** Longest a line may take, in milliseconds; what is still running then was meant to run on. */
const PATIENCE: readonly (readonly [pattern: RegExp, milliseconds: number])[] = [
  [/npm run demo/, 30_000],
  [/npm test/, 90_000],
  [/npm run bench.*--(json|save|assert)/, 6000],
  [/npm run bench/, 20_000],
  [/node dist\/main\.js$|exec -- /, 2500],
];
const patienceFor = (line: string): number => PATIENCE.find(([pattern]) => pattern.test(line))?.[1] ?? 60_000;
/** What tells, of those that run on, that they do what they are for. */
const RUNS: readonly (readonly [pattern: RegExp, output: RegExp])[] = [
  [/npm run demo/, /railguard demo[\s\S]*Ctrl-C/],
  [/npm test/, /RUN +v\d/],
  [/npm run bench/, /^date: \d{4}|test\/bench\/run\.ts .*--(json|save|assert)/m],
  [/node dist\/main\.js$|exec -- /, /railguard is serving/],
];

let sandbox: string;
let checkout: string;
let network: Child;
const running: Child[] = [];
const token = 'a-token-of-the-documents-0123456789abcdef';

async function carryOut(line: string): Promise<Ran> {
  const command = ALL ? line : line.replace(/\bnpm ci\b/g, 'npm ci --dry-run --ignore-scripts');
  const env = {
    ...process.env,
    PATH: `${join(sandbox, 'bin')}:${dirname(process.execPath)}:${process.env.PATH}`,
    ADMIN_TOKEN: token,
    NO_COLOR: '1',
    FORCE_COLOR: '0',
    LOG_LEVEL: 'info',
    JSON_LOGS: 'true',
  };
  const child = inside(command, env, directoryFor(line));
  const runs = RUNS.find(([pattern]) => pattern.test(line))?.[1];
  const output = (): string => stripVTControlCharacters([...child.stdout, ...child.stderr].join('\n'));
  const deadline = Date.now() + patienceFor(line);
  while (child.exit === undefined && Date.now() < deadline) {
    if (runs?.test(output()) && !/--(json|save|assert)/.test(line)) break;
    await new Promise((done) => setTimeout(done, 50));
  }
  return {
    code: child.exit?.code ?? undefined,
    output: output(),
    stop: () => end(child),
  };
}

/** Alert rules are tested where they lie; an app is where it is; all else from the checkout. */
const directoryFor = (line: string): string =>
  /promtool/.test(line)
    ? join(checkout, 'deploy/prometheus')
    : /uvicorn/.test(line)
      ? join(checkout, 'test/fixtures/app')
      : checkout;

/** In the network of the documents, with processes of its own: whatever it starts ends with it. */
function inside(script: string, env: NodeJS.ProcessEnv, cwd: string): Child {
  const own = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-ec', script];
  const child = new Child('nsenter', ['-t', String(network.pid), '-n', ...own], env, cwd);
  running.push(child);
  return child;
}

async function end(child: Child): Promise<void> {
  child.kill('SIGKILL');
  await child.exited;
}

/** Programs of platforms that are not here: they check what they are asked, and do the part that can be done. */
const STANDS_IN: Readonly<Record<string, string>> = {
  railguard: `exec node "$CHECKOUT/dist/main.js" "$@"`,
  some_program: 'echo "password=hunter2-hunter2-hunter2 starts"',
  railway: `[ "$1" = run ] || { echo "no stand-in for railway $1"; exit 1; }
while [ "$1" != -- ]; do shift; done; shift
export RAILWAY_ENVIRONMENT_ID=e ENVIRONMENT=production
"$@" | tail -1 | grep -q "deployment"`,
  docker: `[ "$1" = build ] && [ -f Dockerfile ] && [ -f .dockerignore ]`,
  uvicorn: `exec /usr/bin/python3 -m uvicorn "$@"`,
};

/** A name that resolves to the railguard of the documents. */
const PUBLIC_NAME = 'https://railguard-production.up.railway.app';

beforeAll(async () => {
  sandbox = mkdtempSync(join(tmpdir(), 'railguard-docs-'));
  checkout = join(sandbox, 'checkout');
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  for (const file of files.trim().split('\n')) {
    if (!existsSync(join(ROOT, file))) continue;
    mkdirSync(dirname(join(checkout, file)), { recursive: true });
    cpSync(join(ROOT, file), join(checkout, file));
  }
  cpSync(join(ROOT, 'dist'), join(checkout, 'dist'), { recursive: true });
  // Formatters and benchmarks ask git where they are.
  execFileSync('git', ['init', '--quiet'], { cwd: checkout });
  if (!ALL) symlinkSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
  mkdirSync(join(sandbox, 'bin'));
  for (const [name, script] of Object.entries(STANDS_IN))
    writeFileSync(
      join(sandbox, 'bin', name.replace('_', '-')),
      `#!/bin/sh\nCHECKOUT='${checkout}'\n${script}\n`,
      { mode: 0o755 },
    );
  const holder = ALL ? ['-c', 'exec sleep 3600'] : ['-c', 'ip link set lo up && exec sleep 3600'];
  network = new Child(
    ALL ? 'sh' : 'unshare',
    ALL ? holder : ['-n', 'sh', ...holder],
    { PATH: `${process.env.PATH}:/usr/sbin` },
    sandbox,
  );
  await new Promise((done) => setTimeout(done, 300));
});

afterAll(async () => {
  for (const child of running) if (child.exit === undefined) await end(child);
  await network?.stop('SIGKILL', 1000);
  rmSync(sandbox, { recursive: true, force: true });
});

/** Something for the documents' `http://127.0.0.1:8000`, and a railguard where they say one is. */
async function serving(which: 'app' | 'railguard'): Promise<Child> {
  const script =
    which === 'app'
      ? 'exec /usr/bin/python3 -m http.server --bind 127.0.0.1 8000'
      : `ADMIN_TOKEN='${token}' PORT=8080 ADMIN_PORT=9090 exec node '${checkout}/dist/main.js' serve`;
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` };
  const child = inside(script, env, sandbox);
  const port = which === 'app' ? 8000 : 9090;
  await until(`${which} listens`, 10_000, () => {
    try {
      const probe = `exec 3<>/dev/tcp/127.0.0.1/${port}`;
      const ask = ['-t', String(network.pid), '-n', 'bash', '-c', probe];
      execFileSync('nsenter', ask, { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
  return child;
}

const needs = (block: Block): ('app' | 'railguard')[] => {
  const text = block.lines.join('\n');
  if (/:9090/.test(text)) return ['app', 'railguard'];
  if (text.includes(PUBLIC_NAME)) return ['app', 'railguard'];
  return /validate|UPSTREAM_URL/.test(text) ? ['app'] : [];
};

/** Long ones that stand on two pages are carried out once. */
const done = new Set<string>();
const blocks = pages.flatMap((page) => blocksOf(page, 'sh'));

/** `validate` tells by its code what it found, in an environment that is not ready. */
const expected = (line: string): readonly number[] =>
  /\bvalidate\b/.test(line) && !/railway run/.test(line) ? [0, 1] : [0];

describe('the commands of the documents', () => {
  it('are found on the pages', () => {
    expect(blocks.length).toBeGreaterThan(12);
    expect(pages).toEqual(
      expect.arrayContaining(['README.md', 'docs/operations.md', 'docs/deploy-on-railway.md']),
    );
  });

  it('are in blocks that are carried out: none hides under another name', () => {
    const others = pages.flatMap((page) =>
      ['bash', 'console', 'shell', 'zsh'].flatMap((name) => blocksOf(page, name)),
    );
    expect(others).toEqual([]);
  });

  it.each(blocks.map((block) => [block.place, block] as const))(
    '%s',
    { timeout: ALL ? 900_000 : 120_000 },
    async (_, block) => {
      const around: Child[] = [];
      for (const which of needs(block)) around.push(await serving(which));
      const stops: (() => Promise<void>)[] = [];
      try {
        for (const line of block.lines.filter((one) => !done.has(one))) {
          const there = line.replaceAll(PUBLIC_NAME, 'http://127.0.0.1:8080');
          const ran = await carryOut(there);
          stops.push(ran.stop);
          const runs = RUNS.find(([pattern]) => pattern.test(there))?.[1];
          if (ran.code === undefined && runs !== undefined) expect(ran.output, line).toMatch(runs);
          else expect(expected(there), `${line}\n${ran.output.slice(-3000)}`).toContain(ran.code);
          if (runs !== undefined) done.add(line);
          if (/\bcurl\b/.test(there)) expect(ran.output, line).toMatch(/HTTP\/1\.1 [24]|^\{/m);
        }
      } finally {
        for (const stop of stops) await stop();
        for (const child of around) await end(child);
      }
    },
  );
});

describe('the links of the documents', () => {
  it('lead to files that are there', () => {
    const dead = pages.flatMap((page) => {
      const text = readFileSync(join(ROOT, page), 'utf8');
      return [...text.matchAll(/\]\(((?!https?:|#|mailto:)[^)\s]+)\)/g)]
        .map(([, target = '']) => target.replace(/#.*$/, ''))
        .filter((target) => !existsSync(join(ROOT, dirname(page), target)))
        .map((target) => `${page}: ${target}`);
    });
    expect(dead).toEqual([]);
  });
});

describe('the files shown in the documents', () => {
  it('are JSON where they say so, and a railpack.json is one', async () => {
    const { railpackFaults } = await import('../../admin/validate/railpack.ts');
    const shown = pages.flatMap((page) => blocksOf(page, 'json'));
    expect(shown.length).toBeGreaterThan(0);
    for (const { place, lines } of shown) {
      const text = lines.join('\n');
      if (text.includes('schema.railpack.com')) expect(railpackFaults(text), place).toEqual([]);
    }
  });

  it('name in each variable table only variables that railguard or the platform has', async () => {
    const { variables } = await import('../../config/sections.ts');
    const known = new Set(variables.map(({ name }) => name));
    const table = readFileSync(join(ROOT, 'docs/deploy-on-railway.md'), 'utf8');
    const named = [...table.matchAll(/^\| `([A-Z][A-Z0-9_]+)`/gm)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !known.has(name) && !name.startsWith('RAILWAY_'))).toEqual([]);
  });
});
