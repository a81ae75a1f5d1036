/** `npm run bench` in small: the whole way from the peers' start to the figures, and nothing left behind. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { tree } from '../bench/proc.ts';
import { Child } from '../harness/child.ts';
import { until } from '../harness/ports.ts';

const RUN = join(import.meta.dirname, '../bench/run.ts');
/** Where these runs put what they need. */
const folder = mkdtempSync(join(tmpdir(), 'railguard-bench-test-'));
const bench = (...args: string[]): Child =>
  new Child(
    process.execPath,
    [RUN, '--own-load', ...args],
    { PATH: process.env.PATH, TMPDIR: folder },
    folder,
  );

afterAll(() => rmSync(folder, { recursive: true }));

it('measures railguard with all its features, and no request fails', async () => {
  const child = bench('--only', 'railguard-full', '--rounds', '1', '--seconds', '1', '--json');
  expect((await child.exited).code, child.tail()).toBe(0);
  const [scenario] = JSON.parse(child.stdout.join('\n')).scenarios;
  const [railguard] = scenario.peers;
  expect(railguard).toMatchObject({ id: 'railguard-full', failures: 0 });
  expect(railguard.figures.rate.median).toBeGreaterThan(100);
  expect(railguard.figures.cpu.median).toBeGreaterThan(1);
});

it('takes everything along that it has started when it is interrupted', async () => {
  const child = bench('--only', 'railguard-full');
  await until('it has started its peers', 10_000, () => tree(child.pid).length > 2);
  const started = tree(child.pid);
  const exit = await child.stop('SIGINT', 8000);
  expect(exit.code, child.tail()).toBe(130);
  expect(started.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);
});
