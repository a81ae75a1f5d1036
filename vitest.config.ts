import { defineConfig } from 'vitest/config';

const project = (name: string, include: string[], timeout: number) => ({
  test: {
    name,
    include,
    testTimeout: timeout,
    // Real parts in real time: what fails only because the machine was busy passes when asked again.
    retry: name === 'unit' ? 0 : 2,
    hookTimeout: 60_000,
    pool: 'forks' as const,
    environment: 'node',
  },
});

export default defineConfig({
  test: {
    maxWorkers: 3,
    projects: [
      project('unit', ['test/unit/**/*.test.ts', 'test/*.test.ts', 'test/fuzz/**/*.test.ts'], 20_000),
      project('integration', ['test/integration/**/*.test.ts'], 120_000),
      project('conformance', ['test/conformance/**/*.test.ts'], 120_000),
      project('e2e', ['test/e2e/**/*.test.ts'], 120_000),
    ],
  },
});
