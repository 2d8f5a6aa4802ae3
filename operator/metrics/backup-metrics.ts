/** Metrics of each stack's backups, and of the objectives for them. */
import type { JtelBackup, JtelRestore } from '../../crds/index.ts';
import { lastMeasuredRestore } from '../../controllers/times/measured-restore.ts';
import { isScheduled } from '../../controllers/times/stack-schedule.ts';
import { lastBackupOf, recoveryPointOf } from '../../insight/recovery-point.ts';
import {
  durationSeconds,
  fromBoolean,
  ofStack,
  secondsOf,
  type BusinessMetric,
  type StackView,
} from './model.ts';

export const backupMetrics: readonly BusinessMetric[] = [
  ofStack(
    'backup_scheduled',
    '1 while the schedule makes backups: 0 without one, suspended, stopped or only observed',
    ({ stack }) => fromBoolean(isScheduled(stack)),
  ),
  ofStack(
    'backup_store',
    'Always 1; the label is the JtelBackupStore that backups go to',
    ({ stack: { spec } }) =>
      spec.backup === undefined ? undefined : [{ labels: { store: spec.backup.storeRef.name }, value: 1 }],
    ['store'],
  ),
  ofStack('backups', 'JtelBackup objects of the stack, by phase', ({ backups }) => byPhase(backups), [
    'phase',
  ]),
  ofStack('restores', 'JtelRestore objects of the stack, by phase', ({ restores }) => byPhase(restores), [
    'phase',
  ]),
  ofStack('last_backup_timestamp_seconds', 'When the last good backup was completed', ({ stack }) =>
    secondsOf(stack.status?.backup?.lastSuccessTime),
  ),
  ofStack('next_backup_timestamp_seconds', 'When the next scheduled backup is due', ({ stack }) =>
    secondsOf(stack.status?.backup?.nextTime),
  ),
  ofStack('last_backup_duration_seconds', 'How long the last good backup took', (view) =>
    durationSeconds(lastBackup(view)?.startTime, lastBackup(view)?.completionTime),
  ),
  ofStack(
    'last_backup_size_bytes',
    'Size of the data in the last good backup',
    (view) => lastBackup(view)?.totalBytes,
  ),
  ofStack(
    'last_backup_stored_bytes',
    'What the parts of that backup take in the store, shared ones included',
    (view) => lastBackup(view)?.storedBytes,
  ),
  ofStack(
    'last_backup_uploaded_bytes',
    'What was sent to the store for that backup',
    (view) => lastBackup(view)?.uploadedBytes,
  ),
  ofStack(
    'last_backup_missing_files',
    'Files that could not be read for that backup',
    (view) => lastBackup(view)?.missingFiles,
  ),
  ofStack('last_backup_verified', '1 when that backup was verified', ({ stack }) => {
    const verified = stack.status?.backup?.verified;
    return verified === undefined ? undefined : fromBoolean(verified === 'Passed');
  }),
  ofStack(
    'last_restore_test_timestamp_seconds',
    'When a backup was last restored for a test that passed',
    ({ stack }) => secondsOf(stack.status?.backup?.lastRestoreTestPassedTime),
  ),
  ofStack(
    'last_restore_test_passed',
    '1 when the last of these tests passed, 0 when it failed',
    ({ stack }) => {
      const result = stack.status?.backup?.lastRestoreTestResult;
      return result === undefined ? undefined : fromBoolean(result === 'Passed');
    },
  ),
  ofStack(
    'recovery_point_timestamp_seconds',
    'How recent the data are that a restore would bring: when the last good backup began',
    ({ stack, backups }) => secondsOf(recoveryPointOf(stack, backups)),
  ),
  ofStack('recovery_point_objective_seconds', 'Greatest age of them that was promised', ({ stack }) =>
    times(stack.spec.backup?.objectives?.recoveryPointHours, 3600),
  ),
  ofStack(
    'recovery_time_seconds',
    'How long the last restore took until the stack was healthy, tests included',
    ({ restores }) => lastMeasuredRestore(restores)?.recoveryTimeSeconds,
  ),
  ofStack('recovery_time_objective_seconds', 'Longest time for a restore that was promised', ({ stack }) =>
    times(stack.spec.backup?.objectives?.recoveryTimeMinutes, 60),
  ),
  ofStack(
    'job_data_bytes',
    'Size of the data of the backup or restore that runs',
    (view) => [
      ...job('Backup', running(view.backups), ({ totalBytes }) => totalBytes),
      ...job('Restore', running(view.restores), ({ bytes }) => bytes),
    ],
    ['job'],
  ),
  ofStack(
    'job_uploaded_bytes',
    'What the backup that runs has sent to the store',
    (view) => job('Backup', running(view.backups), ({ uploadedBytes }) => uploadedBytes),
    ['job'],
  ),
  ofStack(
    'job_progress_ratio',
    'How much of the running backup or restore is done, from 0 to 1',
    (view) => [
      ...job('Backup', running(view.backups), ({ operation }) => times(operation?.progressPercent, 0.01)),
      ...job('Restore', running(view.restores), ({ progressPercent }) => times(progressPercent, 0.01)),
    ],
    ['job'],
  ),
];

function times(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor;
}

function byPhase(
  requests: readonly (JtelBackup | JtelRestore)[],
): readonly { readonly labels: { phase: string }; readonly value: number }[] {
  const counts = new Map<string, number>();
  for (const { status } of requests) {
    const phase = status?.phase ?? 'Pending';
    counts.set(phase, (counts.get(phase) ?? 0) + 1);
  }
  return [...counts].map(([phase, value]) => ({ labels: { phase }, value }));
}

function lastBackup({ stack, backups }: StackView): JtelBackup['status'] {
  return lastBackupOf(stack, backups);
}

/** The one that works; those that wait have no operation. */
function running<Status extends { readonly operation?: object; readonly completionTime?: string }>(
  requests: readonly { readonly status?: Status }[],
): Status | undefined {
  return requests.find(({ status }) => status?.operation !== undefined && status.completionTime === undefined)
    ?.status;
}

function job<T>(
  name: 'Backup' | 'Restore',
  status: T | undefined,
  value: (status: T) => number | undefined,
): readonly { readonly labels: { job: string }; readonly value: number }[] {
  const found = status === undefined ? undefined : value(status);
  return found === undefined ? [] : [{ labels: { job: name }, value: found }];
}
