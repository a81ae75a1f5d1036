import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');

/** What a process of its own prints. */
function said(script: string): string {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return stdout;
}

/** MB of the young generation once it has 16, and after ten million objects more, of which many live for a while. */
function grown(bounded: boolean): number[] {
  const script = `
    import v8 from 'node:v8';
    import { boundYoungGeneration } from './core/young-generation.ts';
    const size = () => v8.getHeapSpaceStatistics().find((s) => s.space_name === 'new_space').space_size >> 20;
    let kept = [];
    const work = (objects, enough) => {
      for (let i = 0; i < objects && size() < enough; i += 1000) {
        for (let j = 0; j < 1000; j++) kept.push({ i, j });
        if (kept.length > 200_000) kept = [];
      }
      return size();
    };
    const first = work(1e8, 16);
    if (${bounded}) boundYoungGeneration();
    console.log(JSON.stringify([first, work(1e7, 1e9)]));`;
  return JSON.parse(said(script)) as number[];
}

/** MB of the young generation after seconds of load in small pieces, from the start on. */
function loaded(bounded: boolean): number {
  const script = `
    import v8 from 'node:v8';
    import { setImmediate } from 'node:timers/promises';
    import { boundYoungGeneration } from './core/young-generation.ts';
    if (${bounded}) boundYoungGeneration();
    let kept = [];
    for (const end = Date.now() + 2500; Date.now() < end; await setImmediate()) {
      for (let j = 0; j < 200; j++) kept.push({ j });
      if (kept.length > 50_000) kept = [];
    }
    console.log(v8.getHeapSpaceStatistics().find((s) => s.space_name === 'new_space').space_size / 2 ** 20);`;
  return Number(said(script));
}

describe('the young generation', () => {
  it('gets what requests need under load, and hardly more', () => {
    expect(loaded(false)).toBeGreaterThan(28);
    const size = loaded(true);
    expect(size).toBeGreaterThanOrEqual(16);
    expect(size).toBeLessThan(28);
  });

  it('grows beyond what requests need when it is left alone', () => {
    expect(grown(false)[1]).toBeGreaterThan(16);
  });

  it('is held where it is once it has enough', () => {
    const [first, last] = grown(true);
    expect(first).toBeGreaterThanOrEqual(16);
    expect(last).toBe(first);
  });
});
