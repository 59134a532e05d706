import { defineConfig } from 'vitest/config';

export default defineConfig({
  define: { CALLGATE_VERSION: JSON.stringify('0.0.0-test') },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/e2e/**'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // What is awaited comes late when both cores are busy; how fast it comes is for the benchmark.
    expect: { poll: { timeout: 10_000 } },
    // Two noisy cores: daemons and children that the suites spawn need room beside the workers.
    maxWorkers: 2,
  },
});
