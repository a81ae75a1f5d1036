import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');

/** MB of the young generation once it has 8, and after ten million objects more, of which many live for a while. */
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
    const first = work(1e8, 8);
    if (${bounded}) boundYoungGeneration();
    console.log(JSON.stringify([first, work(1e7, 1e9)]));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as number[];
}

describe('the young generation', () => {
  it('grows beyond what requests need when it is left alone', () => {
    expect(grown(false)[1]).toBeGreaterThan(8);
  });

  it('is held where it is once it has enough', () => {
    const [first, last] = grown(true);
    expect(first).toBeGreaterThanOrEqual(8);
    expect(last).toBe(first);
  });
});
