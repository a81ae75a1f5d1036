import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Cgroup } from '../../../core/cgroup.ts';

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true });
});

const HOST = { '/proc/meminfo': 'MemTotal:       1000 kB\nMemAvailable:    600 kB\n' };

function cgroup(files: Readonly<Record<string, string>>): Cgroup {
  const root = mkdtempSync(path.join(os.tmpdir(), 'cgroup-'));
  roots.push(root);
  for (const [name, text] of Object.entries({ ...HOST, ...files })) {
    mkdirSync(path.join(root, path.dirname(name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
  return new Cgroup(root);
}

describe('the memory that may be used', () => {
  it('is that of the cgroup, without the cache that can be dropped', () => {
    const found = cgroup({
      '/proc/self/cgroup': '0::/\n',
      '/sys/fs/cgroup/memory.max': '524288\n',
      '/sys/fs/cgroup/memory.current': '300000\n',
      '/sys/fs/cgroup/memory.stat': 'anon 1\nactive_file 5\ninactive_file 100000\n',
    }).memory();
    expect(found).toEqual({ used: 200_000, limit: 524_288, source: 'cgroup' });
  });

  it('is the tightest of the groups the process lies in', () => {
    const found = cgroup({
      '/proc/self/cgroup': '0::/pod/container\n',
      '/sys/fs/cgroup/pod/container/memory.max': 'max\n',
      '/sys/fs/cgroup/pod/container/memory.current': '5\n',
      '/sys/fs/cgroup/pod/memory.max': '4096\n',
      '/sys/fs/cgroup/pod/memory.current': '1024\n',
    }).memory();
    expect(found).toEqual({ used: 1024, limit: 4096, source: 'cgroup' });
  });

  it('is read from version 1 as well', () => {
    const found = cgroup({
      '/proc/self/cgroup': '4:memory:/docker/abc\n0::/\n',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': '8192\n',
      '/sys/fs/cgroup/memory/memory.usage_in_bytes': '4096\n',
      '/sys/fs/cgroup/memory/memory.stat': 'inactive_file 1\ntotal_inactive_file 96\n',
    }).memory();
    expect(found).toEqual({ used: 4000, limit: 8192, source: 'cgroup' });
  });

  it.each([
    ['/sys/fs/cgroup/memory.max', 'max\n'],
    ['/sys/fs/cgroup/memory.max', '99999999999\n'],
    ['/sys/fs/cgroup/memory/memory.limit_in_bytes', '9223372036854771712\n'],
  ])('is the machine’s where %s says %o', (name, limit) => {
    const found = cgroup({ [name]: limit, [name.replace(/[^/]*$/, 'memory.current')]: '1\n' }).memory();
    expect(found).toEqual({ used: 400 * 1024, limit: 1000 * 1024, source: 'host' });
  });
});

describe('the CPU that is used', () => {
  it('is held against the quota of the cgroup', () => {
    const found = cgroup({
      '/sys/fs/cgroup/cpu.stat': 'usage_usec 2500000\nuser_usec 1\n',
      '/sys/fs/cgroup/cpu.max': '50000 100000\n',
    }).cpu();
    expect(found).toEqual({ seconds: 2.5, cores: 0.5, source: 'cgroup' });
  });

  it('is held against all there is without a quota', () => {
    const files = {
      '/sys/fs/cgroup/cpu.stat': 'usage_usec 1000000\n',
      '/sys/fs/cgroup/cpu.max': 'max 100000\n',
    };
    expect(cgroup(files).cpu()).toEqual({ seconds: 1, cores: os.availableParallelism(), source: 'cgroup' });
    const first = {
      '/sys/fs/cgroup/cpu/cpuacct.usage': '3000000000\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
    };
    expect(cgroup(first).cpu()).toEqual({ seconds: 3, cores: os.availableParallelism(), source: 'cgroup' });
  });

  it('is the machine’s where there is no cgroup', () => {
    const found = cgroup({ '/proc/stat': 'cpu  100 20 30 4000 5 6 7 0 0 0\ncpu0 1\n' }).cpu();
    expect(found).toMatchObject({ seconds: 1.63, source: 'host' });
  });
});
