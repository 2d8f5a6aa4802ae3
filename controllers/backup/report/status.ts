/** The status of a backup after a look at it; pure. A finished one is never changed again. */

import { formatBytes } from '../../../base/bytes.ts';
import { backupTime } from '../../../backup-format/names.ts';
import {
  statusMessageMaxLength,
  type JtelBackup,
  type JtelBackupStatus,
  type Reason,
} from '../../../crds/index.ts';
import {
  findCondition,
  formatTime,
  summariseConditions,
  type ConditionDraft,
} from '../../../runtime/report/conditions.ts';
import { standingConditions, transientStanding } from '../../../runtime/report/standing.ts';
import type { Heartbeat } from '../../../runtime/report/status-changed.ts';
import { leftOutPhrases } from './left-out.ts';
import { howToAccept } from '../../stores/backup-doubt.ts';
import type { Committed } from '../act/commit.ts';
import { fullBackupOperation, isFinished, jobUID } from '../desired/request.ts';
import type { Observed } from '../observe/observed.ts';
import type { Plan } from '../plan/actions.ts';
import { describe, describeImmutability, describeRepeated, describeWave } from './sentences.ts';
import { optional } from '../../../base/optional.ts';

type Phase = NonNullable<JtelBackupStatus['phase']>;

/** The heartbeat is written no more often than this while nothing else changes. */
export const operationHeartbeat: Heartbeat = { path: ['operation', 'lastHeartbeatTime'], everySeconds: 30 };

export interface StatusInput {
  readonly backup: JtelBackup;
  readonly observed: Observed;
  readonly plan: Plan;
  /** What the running wave says, or why the last one failed. */
  readonly message?: string;
  /** What the last wave found in the store. */
  readonly committed?: Committed;
  readonly identity: string;
  /** For a backup that begins. */
  readonly newBackupID: string;
  readonly now: Date;
}

export function summarise(input: StatusInput): JtelBackupStatus {
  if (isFinished(input.backup) || input.backup.metadata.deletionTimestamp !== undefined) return ending(input);
  const { backup, observed, plan, now } = input;
  const previous = withCommitted(backup.status ?? {}, input);
  const generation = backup.metadata.generation;
  switch (plan.kind) {
    case 'Begin': {
      const status: JtelBackupStatus = {
        ...previous,
        backupID: input.newBackupID,
        identity: input.identity,
        storeRef: { name: plan.storeName },
        epoch: plan.epoch,
        version: plan.version,
        attempt: 1,
        startTime: formatTime(now),
        ...optional({ encryptionKeyID: plan.keyID, writeSeconds: plan.writeSeconds }),
      };
      return progressing(
        { ...status, operation: newOperation(backup, 1, 'Backup', now) },
        'Running',
        'BackupRunning',
        'preparing the backup job',
        generation,
        now,
      );
    }
    case 'TryAgain': {
      const attempt = (previous.attempt ?? 1) + 1;
      const type = plan.reason === 'BackupIncomplete' ? fullBackupOperation : 'Backup';
      const message = `try ${attempt}: ${describe(plan)}`;
      return progressing(
        { ...previous, attempt, operation: newOperation(backup, attempt, type, now) },
        'Running',
        plan.reason,
        message,
        generation,
        now,
      );
    }
    case 'Repeated': {
      const known = {
        ...previous,
        backupID: plan.served.backupID,
        identity: input.identity,
        storeRef: { name: plan.storeName },
        startTime: formatTime(backupTime(plan.served.backupID)),
      };
      const { verification: _notNow, ...status } = finished(
        known,
        'Completed',
        'AlreadyCarriedOut',
        describeRepeated(plan.served),
        generation,
        input,
      );
      return status;
    }
    case 'Complete':
      return finished(
        previous,
        'Completed',
        'Completed',
        describeCompleted(previous, observed),
        generation,
        input,
      );
    case 'Fail':
      return finished(previous, 'Failed', plan.reason, describe(plan), generation, input);
    case 'Wait':
    case 'Act': {
      const phase = phaseOf(previous.phase ?? 'Pending', plan.step);
      const reason =
        plan.kind === 'Wait' ? plan.reason : phase === 'Verifying' ? 'BackupVerifying' : 'BackupRunning';
      const message =
        input.message ?? (plan.kind === 'Wait' ? describe(plan) : describeWave(plan.wave, backup));
      return progressing(
        { ...previous, ...working(input, previous) },
        phase,
        reason,
        message,
        generation,
        now,
      );
    }
    case 'Done':
      return previous;
  }
}

/** A finished backup keeps its last message. The only news is a job that cannot be removed yet. */
function ending({ backup, plan, now }: StatusInput): JtelBackupStatus {
  const { status = {}, metadata } = backup;
  if (plan.kind !== 'Wait')
    return status.conditions === undefined
      ? status
      : { ...status, conditions: conditionsOf(status, lastStanding(status), metadata.generation, now) };
  const { reason } = plan;
  const draft: ConditionDraft = { type: 'Progressing', status: 'True', reason, message: describe(plan) };
  const drafts = [...lastStanding(status), draft];
  return { ...status, conditions: conditionsOf(status, drafts, metadata.generation, now) };
}

/** An operator before this one did not say it of backups that have ended. */
function lastStanding({ conditions, phase }: JtelBackupStatus): readonly ConditionDraft[] {
  const last = findCondition(conditions, phase === 'Failed' ? 'Failed' : 'Complete');
  if (last?.status !== 'True') return [];
  return standingConditions(phase === 'Failed' ? 'Failed' : 'Well', last.reason, last.message);
}

const transient = ['Progressing', ...transientStanding] as const;

function conditionsOf(
  { conditions }: JtelBackupStatus,
  drafts: readonly ConditionDraft[],
  generation: number,
  now: Date,
): NonNullable<JtelBackupStatus['conditions']> {
  const rules = { generation, transient, longestMessage: statusMessageMaxLength, now };
  return summariseConditions(conditions, drafts, rules);
}

function withCommitted(status: JtelBackupStatus, { committed, now }: StatusInput): JtelBackupStatus {
  if (committed === undefined) return status;
  const { immutability, dataSets, ...facts } = committed;
  return {
    ...status,
    ...facts,
    size: formatBytes(committed.totalBytes),
    datasets: dataSets.map(({ tree: _tree, ...set }) => ({ ...set, state: 'Completed' })),
    immutability: {
      state: immutability.state,
      message: describeImmutability(immutability.facts).slice(0, statusMessageMaxLength),
      ...optional({ untilTime: immutability.untilTime }),
      ...(immutability.state === 'Unknown' ? {} : { verifiedTime: formatTime(now) }),
    },
  };
}

function phaseOf(before: Phase, step: Extract<Plan, { step: unknown }>['step']): Phase {
  if (step === 'Storing' || step === 'Testing') return 'Verifying';
  return before;
}

function newOperation(
  backup: JtelBackup,
  attempt: number,
  type: string,
  now: Date,
): NonNullable<JtelBackupStatus['operation']> {
  return {
    id: jobUID(backup, attempt),
    type,
    step: 'Starting',
    startTime: formatTime(now),
    lastHeartbeatTime: formatTime(now),
  };
}

/** Progress of what is under way. */
function working(
  { observed, plan, now }: StatusInput,
  previous: JtelBackupStatus,
): Pick<JtelBackupStatus, 'operation' | 'progress' | 'totalBytes' | 'uploadedBytes'> {
  if (previous.operation === undefined || (plan.kind !== 'Wait' && plan.kind !== 'Act')) return {};
  const progress = observed.job?.progress;
  const percent =
    progress === undefined
      ? previous.operation.progressPercent
      : Math.max(0, Math.min(100, Math.floor(progress.percent)));
  // While the host is away the step stays: it says what is known of the job.
  const step = plan.step === 'Running' && observed.job === undefined ? previous.operation.step : plan.step;
  return {
    operation: {
      ...previous.operation,
      ...optional({ step, progressPercent: percent }),
      lastHeartbeatTime: formatTime(now),
    },
    ...(percent === undefined ? {} : { progress: `${percent}%` }),
    ...(progress?.bytesTotal === undefined ? {} : { totalBytes: progress.bytesTotal }),
    ...(progress?.uploadedBytes === undefined ? {} : { uploadedBytes: progress.uploadedBytes }),
  };
}

function progressing(
  status: JtelBackupStatus,
  phase: Phase,
  reason: Reason,
  message: string,
  generation: number,
  now: Date,
): JtelBackupStatus {
  const drafts: readonly ConditionDraft[] = [
    { type: 'Complete', status: 'False', reason, message },
    { type: 'Progressing', status: 'True', reason, message },
    ...standingConditions('Working', reason, message),
  ];
  return {
    ...status,
    observedGeneration: generation,
    phase,
    message: message.slice(0, statusMessageMaxLength),
    conditions: conditionsOf(status, drafts, generation, now),
  };
}

function finished(
  status: JtelBackupStatus,
  phase: 'Completed' | 'Failed',
  reason: Reason,
  message: string,
  generation: number,
  { backup, observed, now }: StatusInput,
): JtelBackupStatus {
  const ok = phase === 'Completed';
  const drafts: readonly ConditionDraft[] = [
    { type: 'Complete', status: ok ? 'True' : 'False', reason, message },
    ...(ok ? [] : [{ type: 'Failed', status: 'True', reason, message } as const]),
    ...standingConditions(ok ? 'Well' : 'Failed', reason, message),
  ];
  const { operation: _ended, ...rest } = status;
  const verification = verificationOf(backup, observed, phase, now);
  return {
    ...rest,
    observedGeneration: generation,
    phase,
    message: message.slice(0, statusMessageMaxLength),
    completionTime: formatTime(now),
    ...(ok ? { progress: '100%' } : {}),
    ...optional({ verification }),
    conditions: conditionsOf(status, drafts, generation, now),
  };
}

/** All parts were compared by their digests when the manifest was written; a test restore says more. */
function verificationOf(
  { spec, status }: JtelBackup,
  { test }: Observed,
  phase: 'Completed' | 'Failed',
  now: Date,
): JtelBackupStatus['verification'] {
  if (phase === 'Failed') {
    if (test?.status?.phase !== 'Failed')
      return status?.manifestDigest === undefined
        ? undefined
        : { state: 'Skipped', method: spec.verify, time: formatTime(now) };
    return { state: 'Failed', method: 'Restore', time: formatTime(now) };
  }
  if (spec.verify === 'Checksum') return { state: 'Passed', method: 'Checksum', time: formatTime(now) };
  const seconds = test?.status?.recoveryTimeSeconds;
  return {
    state: 'Passed',
    method: 'Restore',
    time: formatTime(now),
    ...optional({ seconds }),
  };
}

function describeCompleted(status: JtelBackupStatus, observed: Observed): string {
  const { totalBytes = 0, uploadedBytes = 0, archivedObjects = 0, immutability, datasets = [] } = status;
  const leftOut = leftOutPhrases(datasets);
  const realBytes = datasets.reduce((sum, set) => sum + (set.realBytes ?? set.bytes ?? 0), 0);
  const real =
    formatBytes(realBytes) === formatBytes(totalBytes) ? '' : ` (${formatBytes(realBytes)} on a disk)`;
  const sentences = [
    `${formatBytes(totalBytes)} backed up${real}, ${formatBytes(uploadedBytes)} sent.`,
    ...describeDoubt(status, observed),
    ...(leftOut.length === 0 ? [] : [`Not in it as they were: ${leftOut.join('; ')}.`]),
    ...(archivedObjects === 0 ? [] : [archivedSentence(archivedObjects)]),
    ...(isMethodChanged(observed)
      ? ['The release does not say where its database lies, so it was backed up Logical.']
      : []),
    ...(immutability?.state === 'Verified'
      ? [`It cannot be changed or deleted until ${immutability.untilTime ?? 'its period is over'}.`]
      : [immutability?.message ?? '']),
  ];
  return sentences.filter(Boolean).join(' ');
}

function describeDoubt(
  { shrunkFromBytes, emptied = [], backupID = '' }: JtelBackupStatus,
  { stack }: Observed,
): readonly string[] {
  if (shrunkFromBytes === undefined && emptied.length === 0) return [];
  const accept =
    stack === undefined ? '' : ` If that is right, say so: ${howToAccept(stack.metadata, backupID)}`;
  if (emptied.length > 0)
    return [
      `Nothing is in ${emptied.join(', ')}, where older backups had something: find out why before relying on it.${accept}`,
    ];
  return [
    `That is far less than the ${formatBytes(shrunkFromBytes ?? 0)} of the last good one: find out what is missing.${accept}`,
  ];
}

export function archivedSentence(objects: number): string {
  return `${objects} objects that it shares with earlier backups lie in the archive tier. They must be rehydrated before it can be restored. Let no lifecycle rule archive backups.`;
}

/** The spec wants Physical, and the release cannot do it. */
export function isMethodChanged({ stack, release }: Observed): boolean {
  return stack?.spec.backup?.method === 'Physical' && release.ok && !release.value.canPhysical;
}
