/**
 * What the last line of a test run says. Counts come from vitest's JSON report, and from the checks that are
 * not vitest's (each counts as one test). A run that crashed or collected nothing must never look green, so
 * such a run counts as failed.
 */

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const nothing: Counts = { passed: 0, failed: 0, skipped: 0 };
export const onePassed: Counts = { passed: 1, failed: 0, skipped: 0 };
export const oneFailed: Counts = { passed: 0, failed: 1, skipped: 0 };
export const oneSkipped: Counts = { passed: 0, failed: 0, skipped: 1 };

export function sum(counts: readonly Counts[]): Counts {
  return counts.reduce(
    (total, { passed, failed, skipped }) => ({
      passed: total.passed + passed,
      failed: total.failed + failed,
      skipped: total.skipped + skipped,
    }),
    nothing,
  );
}

/** `12 passed, 0 failed`, and `, 1 skipped` only if there is one. */
export function countLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}

/** The part of vitest's JSON report (Jest's format) that is read here. */
export interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

export interface SuiteOutcome {
  readonly counts: Counts;
  /** Why the counts hold a failure that no single test reports. */
  readonly problem?: string;
}

/**
 * @param report undefined when vitest ended without writing one
 * @param exitCode undefined when vitest was killed
 */
export function suiteOutcome(report: VitestReport | undefined, exitCode: number | undefined): SuiteOutcome {
  if (report === undefined) {
    return {
      counts: oneFailed,
      problem: `vitest ended (exit code ${exitCode ?? 'none: killed'}) without a report`,
    };
  }
  const statuses = report.testResults.flatMap((file) => file.assertionResults.map((test) => test.status));
  const count = (status: string): number => statuses.filter((each) => each === status).length;
  const passed = count('passed');
  const failed = count('failed');
  // A file that cannot be loaded, or whose beforeAll fails, has no failed test of its own. It counts as one.
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  const counts = { passed, failed: failed + brokenFiles.length, skipped: statuses.length - passed - failed };
  if (brokenFiles.length > 0)
    return {
      counts,
      problem: `failed outside of any test: ${brokenFiles.map((file) => file.name).join(', ')}`,
    };
  if (counts.failed > 0) return { counts };
  if (statuses.length === 0) return { counts: oneFailed, problem: 'vitest found no test' };
  if (exitCode !== 0) {
    return {
      counts: { ...counts, failed: 1 },
      problem: `all tests passed, yet vitest ended with ${exitCode ?? 'a signal'} (an error outside of the tests)`,
    };
  }
  return { counts };
}
