/**
 * When a backup of a stack was last restored for a test, from the objects of such tests; pure. What is known stays when they
 * are gone, and an older test never takes the place of a newer one.
 */

import type { JtelBackup, JtelRestore, JtelStackStatus } from '../../../crds/index.ts';
import { optional } from '../../../base/optional.ts';

type Known = Pick<
  NonNullable<JtelStackStatus['backup']>,
  'lastRestoreTestTime' | 'lastRestoreTestResult' | 'lastRestoreTestPassedTime'
>;

interface Test {
  readonly time: string;
  readonly result: 'Passed' | 'Failed';
}

export function restoreTests(
  previous: Known | undefined,
  backups: readonly JtelBackup[],
  restores: readonly JtelRestore[],
): Known {
  const { lastRestoreTestTime, lastRestoreTestResult, lastRestoreTestPassedTime } = previous ?? {};
  const known: readonly (Test | undefined)[] = [
    lastRestoreTestPassedTime === undefined
      ? undefined
      : { time: lastRestoreTestPassedTime, result: 'Passed' },
    lastRestoreTestTime === undefined || lastRestoreTestResult === undefined
      ? undefined
      : { time: lastRestoreTestTime, result: lastRestoreTestResult },
  ];
  const tests = [...known, ...backups.map(ofBackup), ...restores.map(ofRestore)]
    .filter((one) => one !== undefined)
    .toSorted((a, b) => Date.parse(a.time) - Date.parse(b.time));
  const last = tests.at(-1);
  return optional({
    lastRestoreTestTime: last?.time,
    lastRestoreTestResult: last?.result,
    lastRestoreTestPassedTime: tests.findLast(({ result }) => result === 'Passed')?.time,
  });
}

/** The object of its test may be gone already. */
function ofBackup({ status }: JtelBackup): Test | undefined {
  const { method, state, time } = status?.verification ?? {};
  if (method !== 'Restore' || time === undefined) return undefined;
  return state === 'Passed' || state === 'Failed' ? { time, result: state } : undefined;
}

/** One that only repeats an older order has loaded nothing: no time of recovery was measured. */
function ofRestore({ spec, status }: JtelRestore): Test | undefined {
  const { phase, completionTime, recoveryTimeSeconds } = status ?? {};
  if (spec.mode !== 'Test' || completionTime === undefined) return undefined;
  if (phase === 'Failed') return { time: completionTime, result: 'Failed' };
  return phase === 'Completed' && recoveryTimeSeconds !== undefined
    ? { time: completionTime, result: 'Passed' }
    : undefined;
}
