import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

/** What a process has loaded once all that `serve` needs is there: parts of Node, and files of packages. */
function loaded(): { node: string[]; packages: string[] } {
  const script = `
    import { registerHooks } from 'node:module';
    const packages = new Set();
    registerHooks({ load(url, context, next) {
      const name = /node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url)?.[1];
      if (name !== undefined) packages.add(name);
      return next(url, context);
    } });
    await import('./serve.ts');
    console.log(JSON.stringify({ node: process.moduleLoadList, packages: [...packages] }));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as { node: string[]; packages: string[] };
}

describe('a start with nothing switched on', () => {
  const { node, packages } = loaded();

  it.each(['internal/deps/undici/undici', 'http2', 'https', 'tls'])('does not load %s', (name) => {
    expect(node).not.toContain(`NativeModule ${name}`);
  });

  it.each(['jose', 'tldts', 'pg', 'ioredis', '@sentry/node', '@opentelemetry/api', 'tdigest'])(
    'does not load %s',
    (name) => {
      expect(packages).not.toContain(name);
    },
  );
});
