/** The house keeps its shape: who may import whom, no cycle, small files, and a map that names what is there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const ROOMS = ['proxy', 'admin', 'core', 'config', 'exec', 'demo', 'workers'] as const;

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const STATEMENT =
  /^\s*(?:import|export)\s+(type\s+)?([^'"]*?)\s*from\s+['"](\.[^'"]+)['"]|import\(\s*['"](\.[^'"]+)['"]\s*\)/gm;

function importsOf(path: string): Import[] {
  return [...read(path).matchAll(STATEMENT)].map(([, type, names = '', static_, dynamic]) => ({
    from: path,
    to: relative(ROOT, join(ROOT, dirname(path), static_ ?? dynamic ?? '')),
    typeOnly:
      type !== undefined ||
      (/^\{[^}]*\}$/.test(names) &&
        names
          .slice(1, -1)
          .split(',')
          .every((name) => name.trim() === '' || name.trim().startsWith('type '))),
  }));
}

const room = (path: string): string => path.split('/')[0] as string;
const files = ROOMS.flatMap((folder) => sources(folder));
const imports = files.flatMap(importsOf);
const names = (broken: Import[]): string[] => broken.map(({ from, to }) => `${from} → ${to}`);

describe('the house', () => {
  it('was found: the rules below look at real files and imports', () => {
    expect(files.length).toBeGreaterThan(40);
    expect(imports.length).toBeGreaterThan(100);
  });

  it('lets proxy import core, and config as types in proxy.ts and chain.ts alone', () => {
    const broken = imports.filter(({ from, to, typeOnly }) => {
      if (room(from) !== 'proxy') return false;
      if (room(to) === 'config') return !typeOnly || !['proxy/proxy.ts', 'proxy/chain.ts'].includes(from);
      return room(to) !== 'proxy' && room(to) !== 'core';
    });
    expect(names(broken)).toEqual([]);
  });

  it('lets admin import core and config, never proxy', () => {
    const broken = imports.filter(
      ({ from, to }) => room(from) === 'admin' && !['admin', 'core', 'config'].includes(room(to)),
    );
    expect(names(broken)).toEqual([]);
  });

  it('lets core and config import neither each other nor anything above', () => {
    const broken = imports.filter(
      ({ from, to }) => ['core', 'config'].includes(room(from)) && room(to) !== room(from),
    );
    expect(names(broken)).toEqual([]);
  });

  it('lets exec and demo import core and config, and the composition root by name alone', () => {
    const broken = imports.filter(
      ({ from, to }) =>
        ['exec', 'demo'].includes(room(from)) &&
        ![room(from), 'core', 'config', 'serve.ts'].includes(room(to)),
    );
    expect(names(broken)).toEqual([]);
  });

  it('lets nobody import workers but the composition root and the command line', () => {
    const broken = imports.filter(({ from, to }) => room(from) !== 'workers' && room(to) === 'workers');
    expect(names(broken)).toEqual([]);
  });

  it('keeps filters apart: none imports another', () => {
    const filter = (path: string): string | undefined => /^proxy\/filters\/([^/.]+)/.exec(path)?.[1];
    const broken = imports.filter(({ from, to }) => {
      const [a, b] = [filter(from), filter(to)];
      return a !== undefined && b !== undefined && a !== b;
    });
    expect(names(broken)).toEqual([]);
  });

  it('reads process.env in config/load.ts and the command line alone', () => {
    const broken = files.filter(
      (path) =>
        path !== 'config/load.ts' &&
        /process\.env\b/.test(read(path).replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')),
    );
    expect(broken).toEqual([]);
  });

  it('has no import cycle', () => {
    const edges = new Map<string, string[]>();
    for (const { from, to, typeOnly } of imports)
      if (!typeOnly) edges.set(from, [...(edges.get(from) ?? []), to]);
    const state = new Map<string, 'open' | 'done'>();
    const cycles: string[] = [];
    const visit = (path: string, trail: string[]): void => {
      if (state.get(path) === 'done') return;
      if (state.get(path) === 'open') {
        cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
        return;
      }
      state.set(path, 'open');
      for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
      state.set(path, 'done');
    };
    for (const path of files) visit(path, []);
    expect(cycles).toEqual([]);
  });

  it('has no file over 300 lines', () => {
    const long = files
      .map((path) => `${path}: ${read(path).split('\n').length - 1}`)
      .filter((line) => Number(line.split(': ')[1]) > 300);
    expect(long).toEqual([]);
  });

  it('opens every file with one sentence that says why it exists', () => {
    const silent = files.filter((path) => !/^(#!.*\n)?\/\*\*/.test(read(path)));
    expect(silent).toEqual([]);
  });

  it('names in ARCHITECTURE.md only paths that are there', () => {
    const paths = [
      ...read('ARCHITECTURE.md').matchAll(/`([a-z][\w.-]*(?:\/[\w.-]+)+\/?|[a-z][\w-]*\.ts)`/g),
    ].map((match) => match[1] as string);
    expect(paths.length).toBeGreaterThan(20);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('names in ARCHITECTURE.md every filter of the chain, in its order', () => {
    const order = [
      ...read('proxy/chain.ts').matchAll(/^import \{[^}]*\} from '\.\/filters\/([\w-]+)\.ts'/gm),
    ].map((match) => match[1] as string);
    const map = read('ARCHITECTURE.md');
    expect(order.filter((name) => !map.includes(name))).toEqual([]);
  });
});
