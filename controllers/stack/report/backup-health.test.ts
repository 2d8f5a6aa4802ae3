import { describe, expect, test } from 'vitest';
import type { JtelBackup, JtelRestore, JtelStack } from '../../../crds/index.ts';
import { findCondition, formatTime } from '../../../runtime/report/conditions.ts';
import { scheduleOf } from '../../times/stack-schedule.ts';
import { withBackupHealth } from './backup-health.ts';
import { aStack } from '../testing.ts';
import { aRestore } from '../../../test/support/a-restore.ts';
import { nightly } from '../../times/testing.ts';

const now = new Date('2026-06-10T10:00:00Z');
const created = { creationTimestamp: '2026-01-01T00:00:00Z' };

const stackWith = (
  backup: object | 'None' = {},
  spec: object = {},
  status: JtelStack['status'] = { version: '3.43.2' },
): JtelStack =>
  aStack(
    {
      ...(backup === 'None'
        ? {}
        : { backup: { ...nightly, ...backup } as NonNullable<JtelStack['spec']['backup']> }),
      ...spec,
    },
    created,
    status,
  );

const aBackup = (name: string, day: string, status: object = {}, trigger = 'Scheduled'): JtelBackup =>
  ({
    metadata: { name, creationTimestamp: `${day}T00:00:10Z` },
    spec: { trigger },
    status: {
      phase: 'Completed',
      startTime: `${day}T00:00:20Z`,
      completionTime: `${day}T00:30:00Z`,
      backupID: `${day.replaceAll('-', '')}t000020z-00000a`,
      verification: { state: 'Passed' },
      ...status,
    },
  }) as object as JtelBackup;

const restoredIn = (recoveryTimeSeconds: number): JtelRestore =>
  aRestore(
    { mode: 'Test' },
    { status: { phase: 'Completed', recoveryTimeSeconds, completionTime: '2026-06-01T00:00:00Z' } },
  );

function told(
  stack: JtelStack,
  backups: readonly JtelBackup[] = [],
  more: { restores?: readonly JtelRestore[]; now?: Date } = {},
) {
  const status = withBackupHealth(stack.status ?? {}, {
    stack,
    backups,
    restores: [],
    now,
    ...more,
  });
  const find = (type: 'BackupHealthy' | 'RecoveryObjectivesMet') => findCondition(status.conditions, type);
  return { status, health: find('BackupHealthy'), objectives: find('RecoveryObjectivesMet') };
}

describe('the backups of a stack', () => {
  test('are healthy when the last that was due is complete', () => {
    const { health, status } = told(stackWith(), [
      aBackup('main-20260609', '2026-06-09'),
      aBackup('main-20260610', '2026-06-10'),
    ]);
    expect(health).toMatchObject({ status: 'True', reason: 'BackupCompleted' });
    expect(status.backup).toEqual({
      lastSuccessTime: '2026-06-10T00:30:00Z',
      lastBackupRef: { name: 'main-20260610' },
      lastBackupID: '20260610t000020z-00000a',
      verified: 'Passed',
      lastScheduleTime: '2026-06-10T00:00:10Z',
      nextTime: '2026-06-11T00:00:00Z',
    });
  });

  test('say the real next time, and are overdue by it, but owe nothing that was made since the plain time', () => {
    const spread = { scheduleSpreadMinutes: 360 };
    const due = scheduleOf(stackWith(spread))?.next(new Date('2026-06-10T00:00:00Z'))?.due ?? now;
    expect(due.getTime()).toBeGreaterThan(Date.parse('2026-06-10T00:00:00Z'));
    const at = (minutes: number, completed: string) =>
      told(stackWith({ ...spread, startDeadlineMinutes: 60 }), [aBackup('a', completed)], {
        now: new Date(due.getTime() + minutes * 60_000),
      });
    const before = at(-1, '2026-06-09');
    expect(Date.parse(before.status.backup?.nextTime ?? '')).toBe(due.getTime());
    expect(before.health).toMatchObject({ reason: 'BackupCompleted' });
    expect(at(59, '2026-06-09').health).toMatchObject({ reason: 'BackupCompleted' });
    expect(at(61, '2026-06-09').health).toMatchObject({
      reason: 'BackupOverdue',
      message: expect.stringContaining(formatTime(due)),
    });
    // The operator before this one knew no spread.
    expect(at(61, '2026-06-10').health).toMatchObject({ reason: 'BackupCompleted' });
  });

  test('are not overdue while one runs that a cron asked for before the time, where clocks go forward', () => {
    // 02:50 means 03:50 in that night, which is 01:50 in UTC.
    const stack = stackWith({ schedule: '50 2 * * *', startDeadlineMinutes: 60 });
    const at = { now: new Date('2026-03-29T03:20:00Z') };
    const runs = { phase: 'Running', completionTime: undefined };
    const before = aBackup('main-20260328', '2026-03-28');
    const reasonWith = (name: string) =>
      told(stack, [before, aBackup(name, '2026-03-29', runs)], at).health?.reason;
    expect(reasonWith('main-20260329')).not.toBe('BackupOverdue');
    expect(reasonWith('by-hand')).toBe('BackupOverdue');
  });

  test('keep the last restore test among what is known of them', () => {
    const { status } = told(stackWith(), [], { restores: [restoredIn(900)] });
    expect(status.backup?.lastRestoreTestTime).toBe('2026-06-01T00:00:00Z');
    const later = told(stackWith({}, {}, status), [aBackup('main-20260610', '2026-06-10')]);
    expect(later.status.backup).toMatchObject({
      lastRestoreTestPassedTime: '2026-06-01T00:00:00Z',
      lastBackupRef: { name: 'main-20260610' },
    });
  });

  test.each([
    ['there is no spec.backup', stackWith('None'), [], 'Unknown', 'BackupNotConfigured'],
    [
      'the schedule cannot be computed',
      stackWith({ timeZone: 'Mars/Olympus' }),
      [],
      'False',
      'ScheduleInvalid',
    ],
    [
      'they are suspended',
      stackWith({ state: 'Suspended' }),
      [aBackup('a', '2026-06-10')],
      'False',
      'BackupSuspended',
    ],
    ['the stack is suspended', stackWith({}, { suspend: true }), [], 'False', 'BackupSuspended'],
    ['the stack is stopped', stackWith({}, { powerState: 'Stopped' }), [], 'False', 'BackupSuspended'],
    [
      'the newest failed',
      stackWith(),
      [aBackup('a', '2026-06-09'), aBackup('b', '2026-06-10', { phase: 'Failed', message: 'no space' })],
      'False',
      'BackupFailed',
    ],
    ['the last that was due is missing', stackWith(), [aBackup('a', '2026-06-08')], 'False', 'BackupOverdue'],
    ['none was ever made', stackWith(), [], 'False', 'BackupOverdue'],
    [
      'none was due yet',
      stackWith({}, {}, { version: '3.43.2', data: { source: 'x', time: '2026-06-10T09:00:00Z' } }),
      [],
      'Unknown',
      'NoBackupYet',
    ],
    [
      'the last that was due still runs',
      stackWith({ startDeadlineMinutes: 60 }),
      [
        aBackup('a', '2026-06-09'),
        aBackup('b', '2026-06-10', { phase: 'Running', completionTime: undefined }),
      ],
      'True',
      'BackupCompleted',
    ],
    [
      'a later one by hand was complete',
      stackWith(),
      [aBackup('a', '2026-06-09', { phase: 'Failed' }), aBackup('b', '2026-06-10', {}, 'Manual')],
      'True',
      'BackupCompleted',
    ],
  ] as const)('when %s', (_, stack, backups, status, reason) => {
    expect(told(stack, backups).health).toMatchObject({ status, reason });
  });

  const emptied = { emptied: ['database'], backupID: '20260610t000020z-00000a' };
  const accepting = (backupID: string): JtelStack => {
    const stack = stackWith({ objectives: { recoveryPointHours: 26 } });
    return { ...stack, metadata: { ...stack.metadata, annotations: { 'jtel.de/accept-backup': backupID } } };
  };

  test('are not healthy when the newest has nothing in it, and the last good one is what counts, until somebody accepts it', () => {
    const backups = [
      aBackup('good', '2026-06-09'),
      aBackup('empty', '2026-06-10', emptied),
      aBackup('by-hand', '2026-06-10', { ...emptied, startTime: '2026-06-10T01:00:00Z' }, 'Manual'),
    ];
    const { health, objectives, status } = told(
      stackWith({ objectives: { recoveryPointHours: 26 } }),
      backups,
    );
    expect(health).toMatchObject({ status: 'False', reason: 'BackupEmptied' });
    expect(health?.message).toMatch(
      /by-hand has nothing in database.*accept-backup=20260610t000020z-00000a\. The newest good one is 20260609t000020z-00000a/,
    );
    expect(status.backup).toMatchObject({
      lastBackupRef: { name: 'good' },
      lastSuccessTime: '2026-06-09T00:30:00Z',
    });
    expect(objectives).toMatchObject({ status: 'False', reason: 'ObjectivesMissed' });
    const accepted = told(accepting(emptied.backupID), backups);
    expect(accepted.health).toMatchObject({ status: 'True', reason: 'BackupCompleted' });
    expect(accepted.objectives).toMatchObject({ status: 'True' });
    expect(told(accepting('20260609t000020z-00000a'), backups).health).toMatchObject({
      reason: 'BackupEmptied',
    });
  });

  test('do not become newer by an object that repeats an old one', () => {
    const repeated = {
      conditions: [
        {
          type: 'Complete',
          status: 'True',
          reason: 'AlreadyCarriedOut',
          message: '',
          lastTransitionTime: '',
        },
      ],
      startTime: '2026-06-10T00:00:00Z',
    };
    const { health, status } = told(stackWith(), [
      aBackup('a', '2026-06-08'),
      aBackup('copy', '2026-06-10', repeated),
    ]);
    expect(status.backup?.lastBackupRef).toEqual({ name: 'a' });
    expect(health).toMatchObject({ status: 'False', reason: 'BackupOverdue' });
  });

  test('that are far smaller are told as long as they are', () => {
    const backups = [
      aBackup('a', '2026-06-09'),
      aBackup('b', '2026-06-10', { shrunkFromBytes: 1000, totalBytes: 10 }),
    ];
    expect(told(stackWith(), backups).health).toMatchObject({
      status: 'True',
      message: expect.stringMatching(/far smaller.*JtelBackup b.*accept-backup=20260610t000020z-00000a/),
    });
    expect(told(accepting('20260610t000020z-00000a'), backups).health?.message).not.toContain('smaller');
  });

  test('whose objects are gone stay known', () => {
    const backup = {
      lastSuccessTime: '2026-06-10T00:30:00Z',
      lastBackupID: '20260610t000020z-00000a',
      lastScheduleTime: '2026-06-10T00:00:10Z',
      verified: 'Passed',
    } as const;
    const { health, status } = told(stackWith({}, {}, { version: '3.43.2', backup }));
    expect(health).toMatchObject({ status: 'True' });
    expect(status.backup).toMatchObject(backup);
  });

  test('at rest nothing about them changes between one due time and the next', () => {
    const stack = stackWith({ objectives: { recoveryPointHours: 26, recoveryTimeMinutes: 60 } });
    const backups = [aBackup('a', '2026-06-10')];
    const first = told(stack, backups).status;
    for (let minutes = 1; minutes < 840; minutes += 7) {
      const { status } = told({ ...stack, status: first }, backups, {
        now: new Date(now.getTime() + minutes * 60_000),
      });
      expect(status).toEqual(first);
    }
  });
});

describe('what was promised', () => {
  const promising = (objectives: object) => stackWith({ objectives });
  test.each([
    ['nothing', stackWith(), [], [], 'Unknown', 'NoObjectives'],
    [
      'a young backup, and there is one',
      promising({ recoveryPointHours: 26 }),
      [aBackup('a', '2026-06-10')],
      [],
      'True',
      'ObjectivesMet',
    ],
    [
      'a young backup, and there is an old one',
      promising({ recoveryPointHours: 26 }),
      [aBackup('a', '2026-06-08')],
      [],
      'False',
      'ObjectivesMissed',
    ],
    [
      'a quick restore, and none was measured',
      promising({ recoveryTimeMinutes: 60 }),
      [],
      [],
      'Unknown',
      'NotChecked',
    ],
    [
      'a quick restore, and it was',
      promising({ recoveryTimeMinutes: 60 }),
      [],
      [restoredIn(600)],
      'True',
      'ObjectivesMet',
    ],
    [
      'a quick restore, and it was not',
      promising({ recoveryTimeMinutes: 60 }),
      [],
      [restoredIn(6000)],
      'False',
      'ObjectivesMissed',
    ],
    [
      'both, and one is missed',
      promising({ recoveryPointHours: 26, recoveryTimeMinutes: 60 }),
      [aBackup('a', '2026-06-08')],
      [restoredIn(600)],
      'False',
      'ObjectivesMissed',
    ],
  ] as const)('is measured: %s', (_, stack, backups, restores, status, reason) => {
    expect(told(stack, backups, { restores }).objectives).toMatchObject({ status, reason });
  });

  test('says since when it is missed, which does not change', () => {
    const { objectives } = told(promising({ recoveryPointHours: 24 }), [aBackup('a', '2026-06-08')]);
    expect(objectives?.message).toContain('since 2026-06-09T00:00:20Z');
  });
});
