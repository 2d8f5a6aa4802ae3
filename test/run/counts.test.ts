import { describe, expect, test } from 'vitest';
import { countLine, oneFailed, onePassed, suiteOutcome, sum, type VitestReport } from './counts.ts';

function file(
  name: string,
  statuses: readonly string[],
  status = statuses.includes('failed') ? 'failed' : 'passed',
) {
  return { name, status, assertionResults: statuses.map((each) => ({ status: each })) };
}

function report(...testResults: VitestReport['testResults']): VitestReport {
  return { testResults };
}

describe('the count line', () => {
  test('names passed and failed tests, and nothing else when none was skipped', () => {
    expect(countLine({ passed: 12, failed: 0, skipped: 0 })).toBe('12 passed, 0 failed');
  });

  test('names skipped tests when there are some', () => {
    expect(countLine({ passed: 1, failed: 2, skipped: 3 })).toBe('1 passed, 2 failed, 3 skipped');
  });

  test('adds up checks and suites', () => {
    expect(sum([onePassed, oneFailed, { passed: 40, failed: 1, skipped: 2 }])).toEqual({
      passed: 41,
      failed: 2,
      skipped: 2,
    });
  });
});

describe('the outcome of a vitest run', () => {
  test('is what its report counts', () => {
    const outcome = suiteOutcome(
      report(file('a', ['passed', 'passed']), file('b', ['passed', 'failed', 'pending', 'todo'])),
      1,
    );
    expect(outcome).toEqual({ counts: { passed: 3, failed: 1, skipped: 2 } });
  });

  test('counts a file that could not be loaded as one failure, and names it', () => {
    const outcome = suiteOutcome(report(file('a', ['passed']), file('broken.test.ts', [], 'failed')), 1);
    expect(outcome.counts).toEqual({ passed: 1, failed: 1, skipped: 0 });
    expect(outcome.problem).toContain('broken.test.ts');
  });

  test('counts a file whose set-up failed and whose tests were therefore skipped as one failure', () => {
    expect(suiteOutcome(report(file('a', ['pending', 'pending'], 'failed')), 1).counts).toEqual({
      passed: 0,
      failed: 1,
      skipped: 2,
    });
  });

  test.for([
    ['vitest wrote no report', undefined, 1],
    ['vitest was killed before it wrote one', undefined, undefined],
    ['no test was found', report(), 0],
    ['every file is empty', report(file('a', [])), 0],
    ['vitest ended with an error although every test passed', report(file('a', ['passed'])), 1],
    ['vitest was killed after the last test', report(file('a', ['passed'])), undefined],
  ] as const)('is a failure with an explanation when %s', ([, given, exitCode]) => {
    const { counts, problem } = suiteOutcome(given, exitCode);
    expect(counts.failed).toBe(1);
    expect(problem).toBeTypeOf('string');
  });
});
