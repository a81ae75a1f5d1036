/** railguard as npm delivers it: packed from this checkout, installed in an empty folder with what it runs on alone. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const ROOT = resolve(import.meta.dirname, '../..');
const execute = promisify(execFile);

export interface Packed {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly unpacked: number;
  readonly files: readonly string[];
}

export interface Installed {
  readonly folder: string;
  readonly packed: Packed;
  /** Of node_modules. */
  readonly bytes: number;
  readonly packages: readonly string[];
  /** Its programs, and before all others the Node this runs on. */
  readonly env: Readonly<Record<string, string>>;
  remove(): void;
}

/** `dist` has to be there: this does not build. */
export async function pack(into: string): Promise<Packed> {
  const { stdout } = await execute(
    'npm',
    ['pack', '--ignore-scripts', '--json', '--pack-destination', into],
    {
      cwd: ROOT,
      env: process.env,
    },
  );
  const answer = JSON.parse(stdout) as Record<string, unknown> | readonly unknown[];
  const [first] = (Array.isArray(answer) ? answer : Object.values(answer)) as {
    filename: string;
    size: number;
    unpackedSize: number;
    files: { path: string }[];
  }[];
  if (first === undefined) throw new Error('npm pack said nothing');
  const { filename, size, unpackedSize, files } = first;
  return { path: join(into, filename), size, unpacked: unpackedSize, files: files.map(({ path }) => path) };
}

export async function install(): Promise<Installed> {
  const folder = mkdtempSync(join(tmpdir(), 'railguard-install-'));
  const packed = await pack(folder);
  writeFileSync(join(folder, 'package.json'), '{"name":"empty","private":true}\n');
  const env = {
    ...(process.env as Record<string, string>),
    PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
  };
  const flags = ['--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  await execute('npm', ['install', ...flags, packed.path], { cwd: folder, env });
  const modules = join(folder, 'node_modules');
  return {
    folder,
    packed,
    bytes: bytesOf(modules),
    packages: packagesIn(modules),
    env,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function bytesOf(path: string): number {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

function packagesIn(modules: string): string[] {
  return readdirSync(modules).flatMap((name) => {
    if (name.startsWith('.')) return [];
    return name.startsWith('@')
      ? readdirSync(join(modules, name)).map((inner) => `${name}/${inner}`)
      : [name];
  });
}
