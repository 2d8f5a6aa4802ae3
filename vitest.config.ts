import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/run/longest-first.ts';

/**
 * Kinds of test: unit (no service, seconds), stories (whole lives of objects and whole jobs, in memory and on the disk; no
 * service either), integration (real API server, host, blob server), e2e (stories on real hosts), rights (what e2e left in the audit log).
 */
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: [
            '**/node_modules/**',
            '**/*.story.test.ts',
            'test/integration/**',
            'test/e2e/**',
            'test/rights/**',
          ],
          testTimeout: 30_000,
          // A process for each file would take most of the time. Whoever changes what is shared (timers, environment) puts it back.
          isolate: false,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'stories',
          include: ['**/*.story.test.ts'],
          exclude: ['**/node_modules/**'],
          testTimeout: 30_000,
          // Many of them wait: with vitest's default, a core is idle.
          maxWorkers: 3,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 600_000,
          // Files share the API server in namespaces of their own; those that drive hosts have a sandbox of their own.
          maxWorkers: 3,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/*.test.ts'],
          globalSetup: 'test/e2e/setup.ts',
          testTimeout: 900_000,
          hookTimeout: 1_200_000,
          // Each file has a host, a namespace and an operator of its own. With more side by side on two cores, starting containers takes longer than probes wait.
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'rights',
          include: ['test/rights/*.test.ts'],
          testTimeout: 120_000,
        },
      },
    ],
  },
});
