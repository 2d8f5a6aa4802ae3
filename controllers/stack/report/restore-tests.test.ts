import { describe, expect, it } from 'vitest';
import type { JtelBackup, JtelRestore } from '../../../crds/index.ts';
import { aRestore } from '../../../test/support/a-restore.ts';
import { restoreTests } from './restore-tests.ts';

type Mode = JtelRestore['spec']['mode'];

const day = (number: number): string => `2026-06-${String(number).padStart(2, '0')}T02:00:00Z`;

const aBackup = (time: string, state = 'Passed', method = 'Restore'): JtelBackup =>
  ({
    spec: {},
    status: { phase: 'Completed', verification: { method, state, time } },
  }) as object as JtelBackup;

const restored = (status: NonNullable<JtelRestore['status']>, mode: Mode = 'Test'): JtelRestore =>
  aRestore({ mode }, { status });
const passed = (time: string, mode?: Mode): JtelRestore =>
  restored({ phase: 'Completed', completionTime: time, recoveryTimeSeconds: 900 }, mode);
const failed = (time: string): JtelRestore => restored({ phase: 'Failed', completionTime: time });

const good = (time: string): object => ({
  lastRestoreTestTime: time,
  lastRestoreTestResult: 'Passed',
  lastRestoreTestPassedTime: time,
});

describe('the last restore test', () => {
  it('is none while no backup was restored for a test', () => {
    const checked = aBackup(day(3), 'Passed', 'Checksum');
    const running = restored({ phase: 'Loading' });
    expect(
      restoreTests(undefined, [checked], [passed(day(4), 'Execute'), passed(day(5), 'Plan'), running]),
    ).toEqual({});
  });

  it('is the newest, whoever asked for it', () => {
    expect(restoreTests(undefined, [aBackup(day(2)), aBackup(day(1))], [])).toEqual(good(day(2)));
    expect(restoreTests(undefined, [aBackup(day(2))], [passed(day(4)), passed(day(3))])).toEqual(
      good(day(4)),
    );
  });

  it('stays when its objects are gone', () => {
    const known = restoreTests(undefined, [], [passed(day(4))]);
    expect(restoreTests(known, [], [])).toEqual(known);
  });

  it('does not go back to an older one whose object is still there', () => {
    const known = restoreTests(undefined, [], [passed(day(2)), passed(day(4))]);
    expect(restoreTests(known, [], [passed(day(2))])).toEqual(good(day(4)));
  });

  it('that failed leaves it known when one last passed, also when only the older object is left', () => {
    const both = restoreTests(undefined, [], [passed(day(2)), failed(day(4))]);
    expect(both).toEqual({
      lastRestoreTestTime: day(4),
      lastRestoreTestResult: 'Failed',
      lastRestoreTestPassedTime: day(2),
    });
    expect(restoreTests(both, [], [passed(day(2))])).toEqual(both);
    expect(restoreTests(both, [aBackup(day(5), 'Failed')], [])).toMatchObject({
      lastRestoreTestTime: day(5),
    });
  });

  it('is not an order that was carried out before, which loads nothing', () => {
    const repeated = restored({ phase: 'Completed', completionTime: day(9) });
    expect(restoreTests(good(day(4)), [], [repeated])).toEqual(good(day(4)));
  });
});
