/**
 * What a backup does next. Pure: no I/O, no clock. What is remembered between looks stands in the object's status; whether a
 * job may still be on a host, in its finalizer.
 */

import { epochFor } from '../../../backup-format/names.ts';
import { annotations, backupFinalizer, isReason, type JtelBackup, type Reason } from '../../../crds/index.ts';
import { isSameStack, type JobReport } from '../../../host-driver/host.ts';
import { permanentReason } from '../../loading/job-failures.ts';
import { aboutHost } from '../../stores/store-refusal.ts';
import { pauseLeft } from '../../times/pauses.ts';
import { findObstacle } from './obstacles.ts';
import type { Action, Limits, Plan, PlanInput, Step } from '../model.ts';
import { optional } from '../../../base/optional.ts';

/** Looks at a job while it works. */
const jobPollSeconds = 4;
const obstaclePollSeconds = 15;
const unreachablePollSeconds = 60;

/** Operation of a try that relies on nothing that is stored already. */
export const fullBackupOperation = 'FullBackup';

/** Of one try: starting it twice finds the first. */
export function jobUID(backup: JtelBackup, attempt = backup.status?.attempt ?? 1): string {
  return `${backup.metadata.uid}-${attempt}`;
}

export function testRestoreName(backup: JtelBackup): string {
  return `${backup.metadata.name.slice(0, 240)}-verify`;
}

export function isFinished(backup: JtelBackup): boolean {
  return backup.status?.phase === 'Completed' || backup.status?.phase === 'Failed';
}

export function plan(input: PlanInput): Plan {
  const { backup } = input;
  if (backup.metadata.deletionTimestamp !== undefined || isFinished(backup)) return cleanUp(input);
  switch (backup.status?.phase) {
    case 'Running':
      return running(input);
    case 'Verifying':
      return verifying(input);
    default:
      return pending(input);
  }
}

function pending(input: PlanInput): Plan {
  const { backup, observed, limits, now } = input;
  const obstacle = findObstacle(backup, observed) ?? historyObstacle(input);
  if (obstacle !== undefined) {
    if (obstacle.final) return { kind: 'Fail', reason: obstacle.reason, message: obstacle.message };
    const age = (now.getTime() - Date.parse(backup.metadata.creationTimestamp)) / 1000;
    if (age < limits.startDeadlineSeconds)
      return {
        kind: 'Wait',
        step: 'Waiting',
        reason: obstacle.reason,
        message: obstacle.message,
        afterSeconds: obstaclePollSeconds,
      };
    return {
      kind: 'Fail',
      reason: obstacle.reason,
      message: `It could not begin within ${hours(limits.startDeadlineSeconds)}: ${obstacle.message}`,
    };
  }
  if (!observed.release.ok || !observed.store.ok || observed.history?.ok !== true)
    return {
      kind: 'Wait',
      step: 'Waiting',
      reason: 'BackupPending',
      message: 'looking at the store',
      afterSeconds: 1,
    };
  const { newest, served } = observed.history.value;
  const { name: storeName, keyID } = observed.store.value;
  if (served !== undefined) {
    const advice = `To make one now, create a JtelBackup under another name`;
    return {
      kind: 'Repeated',
      backupID: served,
      storeName,
      message: `The time that it is named after is long over, and backup ${served} was made since: nothing was done. ${advice}.`,
    };
  }
  return {
    kind: 'Begin',
    epoch: epochFor(now, newest?.epoch),
    version: observed.release.value.version,
    storeName,
    ...optional({ keyID }),
  };
}

/** Two writers would not see each other's backups, and each would take its own for the newest. */
function historyObstacle({
  observed,
  identity,
}: PlanInput): { readonly reason: Reason; readonly message: string; readonly final: boolean } | undefined {
  const { history, stack, host } = observed;
  if (history === undefined || stack === undefined) return undefined;
  if (!history.ok) return { reason: history.reason, message: history.message, final: false };
  const { newest } = history.value;
  if (newest === undefined) return undefined;
  const { writer, backupID } = newest;
  const { uid, namespace, name } = stack.metadata;
  // The same name in the same cluster is the same stack, deleted and applied again.
  if (writer.stackUID === uid || isSameStack(writer, { clusterID: identity.clusterID, namespace, name }))
    return undefined;
  const parent = host.ok ? host.value.state?.data?.backupID : undefined;
  if (parent === backupID || stack.metadata.annotations?.[annotations.adoptBackups] === backupID)
    return undefined;
  return {
    reason: 'HistoryOfAnother',
    final: false,
    message:
      `The newest backup in the store, ${backupID}, was written by stack ${writer.namespace}/${writer.name} of cluster ${writer.clusterID}, and this stack's data do not come from it. ` +
      `Make sure that the other one is gone; then consent with "kubectl annotate jtelstack ${name} -n ${namespace} ${annotations.adoptBackups}=${backupID}", or give this stack a spec.backup.identity of its own.`,
  };
}

function running(input: PlanInput): Plan {
  const { backup, observed, limits } = input;
  const late = overdue(input);
  if (late !== undefined) return late;
  if (observed.stack === undefined) return stackGone(backup);
  if (!observed.host.ok) return awaitHost(input, 'Running');
  const { job } = observed;
  if (job === undefined) {
    // What was seen once and is gone was removed behind our back; parts of it may be stored, so its names are taken.
    if (backup.status?.operation?.step === 'Running')
      return tryAgain(input, 'JobFailed', 'The job on the host was removed before it had ended.');
    if (!observed.store.ok)
      return {
        kind: 'Wait',
        step: 'Starting',
        reason: observed.store.reason,
        message: observed.store.message,
        afterSeconds: obstaclePollSeconds,
      };
    const { cannotSign } = observed.store.value;
    // Exchanged since the backup began. What a job has stored by now is still committed: that needs no such right.
    if (cannotSign !== undefined) return { kind: 'Fail', reason: 'StoreCannotSign', message: cannotSign };
    return claiming(
      input,
      'Starting',
      [{ type: 'PullToolbox' }, { type: 'StartJob' }],
      'starting the backup job on the host',
    );
  }
  switch (job.job.state) {
    case 'Created':
      return claiming(input, 'Starting', [{ type: 'StartJob' }], 'starting the backup job on the host');
    case 'Running':
      return {
        kind: 'Wait',
        step: 'Running',
        reason: 'BackupRunning',
        message: describeProgress(job),
        afterSeconds: jobPollSeconds,
      };
    case 'Succeeded':
      return {
        kind: 'Act',
        step: 'Storing',
        wave: [{ type: 'Commit' }],
        message: 'comparing what was stored',
      };
    case 'Failed':
      return afterFailedJob(input, job, limits.retrySeconds);
  }
}

function afterFailedJob(input: PlanInput, report: JobReport, retrySeconds: number): Plan {
  const { job, error } = report;
  const { observed, backup, now } = input;
  const told = reasonOf(error?.reason);
  const windowOver = told === 'StoreCredentialsRefused' && uploadWindowIsOver(input);
  const reason = windowOver ? 'UploadWindowOver' : told;
  const said = windowOver
    ? 'The time for which the job could write to the store is over.'
    : (error?.message ?? `The backup job ended with exit code ${job.exitCode ?? 'unknown'}.`);
  const message = aboutHost(reason, said, observed.stack?.spec.host.address);
  if (permanentReason(error) !== undefined) return { kind: 'Fail', reason, message };
  const skew = observed.host.ok ? observed.host.value.facts.clockSkewSeconds : 0;
  const pause = windowOver ? 0 : retrySeconds * (backup.status?.attempt ?? 1);
  const left = pauseLeft(report, pause, now, skew);
  if (left > 0 && (backup.status?.attempt ?? 1) < input.limits.mostAttempts) {
    return {
      kind: 'Wait',
      step: 'Running',
      reason,
      message: `${message} It is tried again in ${left} s.`,
      afterSeconds: left,
    };
  }
  return tryAgain(input, reason, message);
}

function tryAgain({ backup, limits }: PlanInput, reason: Reason, message: string): Plan {
  const attempt = backup.status?.attempt ?? 1;
  if (attempt < limits.mostAttempts) return { kind: 'TryAgain', reason, message };
  return { kind: 'Fail', reason, message: `${message} That was try ${attempt} of ${limits.mostAttempts}.` };
}

function verifying(input: PlanInput): Plan {
  const { backup, observed, failure } = input;
  const { status, spec } = backup;
  if (status?.manifestDigest === undefined) {
    const late = overdue(input);
    if (late !== undefined) return late;
    if (failure?.reason === 'BackupIncomplete') return tryAgain(input, 'BackupIncomplete', failure.message);
    // A name that is taken by something else stays taken.
    if (failure?.reason === 'BlobExists' || failure?.reason === 'ReferenceInvalid')
      return { kind: 'Fail', reason: failure.reason, message: failure.message };
    if (observed.stack === undefined) return stackGone(backup);
    if (!observed.store.ok)
      return {
        kind: 'Wait',
        step: 'Storing',
        reason: observed.store.reason,
        message: observed.store.message,
        afterSeconds: obstaclePollSeconds,
      };
    if (!observed.host.ok) return awaitHost(input, 'Storing');
    return { kind: 'Act', step: 'Storing', wave: [{ type: 'Commit' }], message: 'comparing what was stored' };
  }
  const policy = observed.store.ok ? observed.store.value.policy : 'Required';
  const state = status.immutability?.state;
  if (policy === 'Required' && state !== 'Verified') {
    if (!observed.store.ok)
      return {
        kind: 'Wait',
        step: 'Storing',
        reason: observed.store.reason,
        message: observed.store.message,
        afterSeconds: obstaclePollSeconds,
      };
    return {
      kind: 'Fail',
      reason: 'NotImmutable',
      message: `It is stored as ${status.backupID}, but its store demands immutability and did not prove it. ${status.immutability?.message ?? ''}`,
    };
  }
  if (spec.verify !== 'Restore') return { kind: 'Complete' };
  return testing(input);
}

function testing({ backup, observed }: PlanInput): Plan {
  const { test } = observed;
  const name = testRestoreName(backup);
  if (test === undefined)
    return {
      kind: 'Act',
      step: 'Testing',
      wave: [{ type: 'CreateTestRestore' }],
      message: `asking for the test restore ${name}`,
    };
  switch (test.status?.phase) {
    case 'Completed':
      return { kind: 'Complete' };
    case 'Failed':
      return {
        kind: 'Fail',
        reason: 'VerificationFailed',
        message: `It is stored as ${backup.status?.backupID}, but the test restore ${name} failed: ${test.status.message ?? 'see its status'}`,
      };
    default:
      return {
        kind: 'Wait',
        step: 'Testing',
        reason: 'BackupVerifying',
        message: `restoring it for a test (${name}): ${test.status?.message ?? 'waiting'}`,
        afterSeconds: obstaclePollSeconds,
      };
  }
}

/** After the end, whatever it was: no job of it stays on the host, and until that is so the object stays. */
function cleanUp(input: PlanInput): Plan {
  const { backup, observed } = input;
  if (!(backup.metadata.finalizers ?? []).includes(backupFinalizer)) return { kind: 'Done' };
  const letGo: Action = { type: 'ReleaseFinalizer' };
  const release: Plan = { kind: 'Act', step: 'CleaningUp', wave: [letGo], message: 'letting the object go' };
  if (observed.stack === undefined || backup.metadata.annotations?.[annotations.abandonHost] === 'true')
    return release;
  if (!observed.host.ok) {
    const { reason, message } = observed.host;
    // Somebody else's host, or another machine: nothing there is ours to stop.
    if (reason === 'HostOwned' || reason === 'MachineChanged') return release;
    const hint = `Its job may still run on the host: ${message} It is stopped as soon as the host answers; to let the object go without that, annotate it with ${annotations.abandonHost}=true.`;
    return { kind: 'Wait', step: 'CleaningUp', reason, message: hint, afterSeconds: unreachablePollSeconds };
  }
  const uids = observed.host.value.jobs
    .map(({ uid }) => uid)
    .filter((uid) => uid.startsWith(`${backup.metadata.uid}-`));
  if (uids.length === 0) return release;
  return claiming(
    input,
    'CleaningUp',
    [{ type: 'RemoveJobs', uids }, letGo],
    'removing the job from the host',
  );
}

/** A wave that changes the host: claims it first unless this process holds it already. */
function claiming(
  { observed, identity }: PlanInput,
  step: Step,
  actions: readonly Action[],
  message: string,
): Plan {
  const state = observed.host.ok ? observed.host.value.state : undefined;
  const held =
    state !== undefined &&
    state.epoch === identity.heldEpoch &&
    state.owner.uid === observed.stack?.metadata.uid;
  return { kind: 'Act', step, wave: held ? actions : [{ type: 'ClaimHost' }, ...actions], message };
}

function awaitHost({ observed }: PlanInput, step: Step): Plan {
  const { reason, message } = observed.host.ok
    ? { reason: 'HostUnreachable' as const, message: '' }
    : observed.host;
  return {
    kind: 'Wait',
    step,
    reason,
    message: `A job that runs goes on meanwhile. ${message}`,
    afterSeconds: obstaclePollSeconds,
  };
}

function overdue({ backup, limits, now }: PlanInput): Plan | undefined {
  const start = Date.parse(backup.status?.startTime ?? backup.metadata.creationTimestamp);
  if (now.getTime() - start < limits.runDeadlineSeconds * 1000) return undefined;
  const last = backup.status?.message;
  return {
    kind: 'Fail',
    reason: 'DeadlineExceeded',
    message: `It was not done within ${hours(limits.runDeadlineSeconds)}.${last === undefined || last === '' ? '' : ` Last: ${last}`}`,
  };
}

function stackGone({ spec }: JtelBackup): Plan {
  return {
    kind: 'Fail',
    reason: 'StackNotFound',
    message: `JtelStack ${spec.stackRef.name} is gone, and with it the way to its host.`,
  };
}

/** For how long a try may write to the store: each has longer than the one before, so that one of them is long enough. */
export function uploadWindowSeconds(backup: JtelBackup, limits: Limits): number {
  return limits.uploadWindowSeconds * (backup.status?.attempt ?? 1);
}

/** The signed right to write ends that long after the try began. */
function uploadWindowIsOver({ backup, limits, now }: PlanInput): boolean {
  const began = Date.parse(backup.status?.operation?.startTime ?? '');
  return now.getTime() - began >= uploadWindowSeconds(backup, limits) * 1000;
}

function reasonOf(word: string | undefined): Reason {
  return word !== undefined && isReason(word) ? word : 'JobFailed';
}

/** For people: how far, how much, how long still. */
export function describeProgress({ progress }: JobReport): string {
  if (progress === undefined) return 'the job starts';
  const { step, message, bytesDone, bytesTotal, uploadedBytes, secondsLeft } = progress;
  if (bytesDone === undefined) return message ?? step;
  const of = bytesTotal === undefined ? '' : ` of ${size(bytesTotal)}`;
  const sent = uploadedBytes === undefined ? '' : `, ${size(uploadedBytes)} sent`;
  const left = secondsLeft === undefined ? '' : `, about ${duration(secondsLeft)} left`;
  return `${message ?? step}: ${size(bytesDone)}${of} read${sent}${left}`;
}

/** `3.9 GiB` */
export function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? bytes : value.toFixed(value < 10 ? 1 : 0)} ${units[power]}`;
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

function hours(seconds: number): string {
  return seconds % 3600 === 0 ? `${seconds / 3600} h` : `${seconds} s`;
}
