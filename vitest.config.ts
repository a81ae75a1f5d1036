import { defineConfig } from 'vitest/config';

/** Integration tests for which it matters how an answer is written. */
const BOTH_WAYS = [
  'bodies',
  'drain',
  'forwarded',
  'grpc-trailers',
  'health-access',
  'identity',
  'sse',
  'tls',
  'websocket',
];

const project = (name: string, include: string[], timeout: number, env: Record<string, string> = {}) => ({
  test: {
    name,
    include,
    env,
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
      project(
        'integration-standard',
        BOTH_WAYS.map((name) => `test/integration/${name}.test.ts`),
        120_000,
        { RESPONSE_PATH: 'standard' },
      ),
      project('conformance', ['test/conformance/**/*.test.ts'], 120_000, { RESPONSE_PATH: 'direct' }),
      project('conformance-standard', ['test/conformance/**/*.test.ts'], 120_000, {
        RESPONSE_PATH: 'standard',
      }),
      project('e2e', ['test/e2e/**/*.test.ts'], 120_000),
    ],
  },
});
