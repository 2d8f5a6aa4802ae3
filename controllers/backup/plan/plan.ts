/**
 * What a backup does next. Pure: no I/O, no clock. The object's status keeps what must be known between looks; its finalizer
 * says whether a job may still be on a host.
 */

import { epochFor } from '../../../backup-format/names.ts';
import { annotations, backupFinalizer, isReason, type JtelBackup, type Reason } from '../../../crds/index.ts';
import { isSameStack, type JobReport } from '../../../host-driver/host.ts';
import type { Outcome } from '../../inputs/outcome.ts';
import { permanentReason } from '../../loading/job-failures.ts';
import { pauseLeft } from '../../times/pauses.ts';
import {
  firstGrantSeconds,
  grantSeconds,
  isFinished,
  methodFor,
  testRestoreName,
} from '../desired/request.ts';
import type { Action, Cause, Plan, PlanInput, Step } from './actions.ts';
import type { Facts, FailedJob, Finding } from './findings.ts';
import { told } from '../../inputs/outcome.ts';
import { findHistoryObstacle, findObstacle } from './obstacles.ts';
import { optional } from '../../../base/optional.ts';

/** Between looks at a job that works. */
const jobPollSeconds = 4;
const obstaclePollSeconds = 15;
const unreachablePollSeconds = 60;

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

/** Whether it could begin, as far as is known: then it is worth asking who comes first, and reading the store. */
export function mayBegin(backup: JtelBackup, observed: PlanInput['observed']): boolean {
  return (
    (backup.status?.phase ?? 'Pending') === 'Pending' &&
    backup.metadata.deletionTimestamp === undefined &&
    findObstacle(backup, observed) === undefined
  );
}

function pending(input: PlanInput): Plan {
  const { backup, observed, identity, limits, now } = input;
  const obstacle = findObstacle(backup, observed) ?? findHistoryObstacle(observed, identity.clusterID);
  if (obstacle !== undefined) {
    const { reason, facts, final, onlyAfterSeconds = 0, afterSeconds = obstaclePollSeconds } = obstacle;
    const ageSeconds = (now.getTime() - Date.parse(backup.metadata.creationTimestamp)) / 1000;
    if (final && ageSeconds >= onlyAfterSeconds) return { kind: 'Fail', reason, facts };
    if (ageSeconds < limits.startDeadlineSeconds) return wait('Waiting', { reason, facts }, afterSeconds);
    const withinSeconds = limits.startDeadlineSeconds;
    return fail(reason, { is: 'NotBegun', withinSeconds, because: facts });
  }
  if (!observed.release.ok || !observed.store.ok || observed.history?.ok !== true)
    return wait('Waiting', { reason: 'BackupPending', facts: { is: 'StoreNotLookedAt' } }, 1);
  const { newest, last, served } = observed.history.value;
  const { name: storeName, keyID } = observed.store.value;
  if (served !== undefined) return { kind: 'Repeated', served, storeName };
  const epoch = epochFor(now, newest?.epoch);
  const { version, canPhysical } = observed.release.value;
  const database = methodFor(observed.stack?.spec.backup?.method, canPhysical);
  const writeSeconds = firstGrantSeconds(last, { epoch, database, ...optional({ keyID }) });
  return {
    kind: 'Begin',
    epoch,
    version,
    storeName,
    ...optional({ keyID, writeSeconds }),
  };
}

function running(input: PlanInput): Plan {
  const { backup, observed } = input;
  const late = overdue(input);
  if (late !== undefined) return late;
  if (observed.stack === undefined) return stackGone(backup);
  const { job } = observed;
  // What a job has stored is committed all the same.
  if (isDeleting(input) && job?.job.state !== 'Succeeded') return endWithStack(input, 'Running');
  if (!observed.host.ok) return awaitHost(observed.host, 'Running');
  if (job === undefined) {
    // Somebody removed a job that was seen once. It may have stored parts, so its names are taken.
    if (backup.status?.operation?.step === 'Running')
      return tryAgain(input, { reason: 'JobFailed', facts: { is: 'JobRemoved' } });
    if (!observed.store.ok) return wait('Starting', told(observed.store), obstaclePollSeconds);
    const { cannotSign } = observed.store.value;
    // The credentials were exchanged since the backup began. What a job has stored is committed all the same: that needs no such right.
    if (cannotSign !== undefined) return fail('StoreCannotSign', { is: 'Told', message: cannotSign });
    return claiming(input, 'Starting', [
      { type: 'PullToolbox', cause: 'NoJob' },
      { type: 'StartJob', cause: 'NoJob' },
    ]);
  }
  switch (job.job.state) {
    case 'Created':
      return claiming(input, 'Starting', [{ type: 'StartJob', cause: 'JobNotStarted' }]);
    case 'Running': {
      const facts: Facts = { is: 'JobRuns', ...optional({ progress: job.progress }) };
      return wait('Running', { reason: 'BackupRunning', facts }, jobPollSeconds);
    }
    case 'Succeeded':
      return act('Storing', [{ type: 'Commit', cause: 'JobSucceeded' }]);
    case 'Failed':
      return afterFailedJob(input, job);
  }
}

function afterFailedJob(input: PlanInput, report: JobReport): Plan {
  const { job, error } = report;
  const { observed, backup, limits, now } = input;
  const word: Reason = error !== undefined && isReason(error.reason) ? error.reason : 'JobFailed';
  const windowOver = word === 'StoreCredentialsRefused' && uploadWindowIsOver(input);
  const reason = windowOver ? 'UploadWindowOver' : word;
  const failed: FailedJob = {
    windowOver,
    ...optional({
      message: error?.message,
      exitCode: job.exitCode,
      hostAddress: observed.stack?.spec.host.address,
    }),
  };
  const facts: Facts = { is: 'JobFailed', job: failed };
  if (permanentReason(error) !== undefined) return fail(reason, facts);
  const skewSeconds = observed.host.ok ? observed.host.value.facts.clockSkewSeconds : 0;
  const attempt = backup.status?.attempt ?? 1;
  const leftSeconds = pauseLeft(report, windowOver ? 0 : limits.retrySeconds * attempt, now, skewSeconds);
  if (leftSeconds > 0 && attempt < limits.mostAttempts) {
    const later: Facts = { is: 'TriedAgain', inSeconds: leftSeconds, because: facts };
    return wait('Running', { reason, facts: later }, leftSeconds);
  }
  return tryAgain(input, { reason, facts });
}

function tryAgain({ backup, limits }: PlanInput, { reason, facts }: Finding): Plan {
  const attempt = backup.status?.attempt ?? 1;
  const { mostAttempts } = limits;
  if (attempt < mostAttempts) return { kind: 'TryAgain', reason, facts };
  return fail(reason, { is: 'LastTry', attempt, mostAttempts, because: facts });
}

function verifying(input: PlanInput): Plan {
  const { backup, observed, failure } = input;
  const { status, spec } = backup;
  if (status?.manifestDigest === undefined) {
    const late = overdue(input);
    if (late !== undefined) return late;
    const canCommit = failure === undefined && observed.store.ok && observed.host.ok;
    if (isDeleting(input) && !canCommit) return endWithStack(input, 'Storing');
    if (failure?.reason === 'BackupIncomplete') return tryAgain(input, told(failure));
    // A name that somebody else's object has stays taken.
    if (failure?.reason === 'BlobExists' || failure?.reason === 'ReferenceInvalid')
      return { kind: 'Fail', ...told(failure) };
    if (observed.stack === undefined) return stackGone(backup);
    if (!observed.store.ok) return wait('Storing', told(observed.store), obstaclePollSeconds);
    if (!observed.host.ok) return awaitHost(observed.host, 'Storing');
    return act('Storing', [{ type: 'Commit', cause: 'NoManifest' }]);
  }
  const policy = observed.store.ok ? observed.store.value.policy : 'Required';
  const { state, message } = status.immutability ?? {};
  if (policy === 'Required' && state !== 'Verified') {
    if (!observed.store.ok) return wait('Storing', told(observed.store), obstaclePollSeconds);
    const backupID = status.backupID ?? '';
    return fail('NotImmutable', { is: 'NotProven', backupID, ...optional({ message }) });
  }
  if (spec.verify !== 'Restore') return { kind: 'Complete' };
  return testing(input);
}

function testing({ backup, observed }: PlanInput): Plan {
  if (observed.test === undefined)
    return act('Testing', [{ type: 'CreateTestRestore', cause: 'NoTestRestore' }]);
  const { phase, message } = observed.test.status ?? {};
  const test = testRestoreName(backup);
  const backupID = backup.status?.backupID ?? '';
  switch (phase) {
    case 'Completed':
      return { kind: 'Complete' };
    case 'Failed':
      return fail('VerificationFailed', { is: 'TestFailed', backupID, test, ...optional({ message }) });
    default: {
      const facts: Facts = { is: 'TestRuns', test, ...optional({ message }) };
      return wait('Testing', { reason: 'BackupVerifying', facts }, obstaclePollSeconds);
    }
  }
}

/** After the end, however it ended: the object stays until no job of it is on the host. */
function cleanUp(input: PlanInput): Plan {
  const { backup, observed, identity } = input;
  if (!(backup.metadata.finalizers ?? []).includes(backupFinalizer)) return { kind: 'Done' };
  const letGo = (cause: Cause): Action => ({ type: 'ReleaseFinalizer', cause });
  if (observed.stack === undefined) return act('CleaningUp', [letGo('StackGone')]);
  if (backup.metadata.annotations?.[annotations.abandonHost] === 'true')
    return act('CleaningUp', [letGo('HostAbandoned')]);
  if (!observed.host.ok) {
    const { reason, message } = observed.host;
    // Somebody else's host, or another machine: nothing there is ours to stop.
    if (reason === 'HostOwned' || reason === 'MachineChanged')
      return act('CleaningUp', [letGo('HostNotOurs')]);
    return wait('CleaningUp', { reason, facts: { is: 'JobMayRun', message } }, unreachablePollSeconds);
  }
  const { namespace, name } = observed.stack.metadata;
  const { jobs, state } = observed.host.value;
  if (state !== undefined && !isSameStack(state.owner, { clusterID: identity.clusterID, namespace, name }))
    return act('CleaningUp', [letGo('HostNotOurs')]);
  const uids = jobs.map(({ uid }) => uid).filter((uid) => uid.startsWith(`${backup.metadata.uid}-`));
  if (uids.length === 0) return act('CleaningUp', [letGo('NoJobLeft')]);
  return claiming(input, 'CleaningUp', [{ type: 'RemoveJobs', uids, cause: 'JobLeft' }, letGo('JobLeft')]);
}

/**
 * A wave that changes the host. It claims the host first unless this process holds it already. Of a stack that was deleted and
 * applied again it waits until the stack itself has taken its host back: that notes which changes of the host are known by then.
 */
function claiming({ observed, identity }: PlanInput, step: Step, actions: readonly Action[]): Plan {
  const state = observed.host.ok ? observed.host.value.state : undefined;
  if (state !== undefined && state.owner.uid !== observed.stack?.metadata.uid)
    return wait(
      step,
      { reason: 'HostOwned', facts: { is: 'OtherOwner', owner: state.owner } },
      obstaclePollSeconds,
    );
  const held = state !== undefined && state.epoch === identity.heldEpoch;
  return act(step, held ? actions : [{ type: 'ClaimHost', cause: 'HostNotHeld' }, ...actions]);
}

function awaitHost({ reason, message }: Extract<Outcome<never>, { ok: false }>, step: Step): Plan {
  return wait(step, { reason, facts: { is: 'HostAway', message } }, obstaclePollSeconds);
}

function overdue({ backup, limits, now }: PlanInput): Plan | undefined {
  const start = Date.parse(backup.status?.startTime ?? backup.metadata.creationTimestamp);
  const withinSeconds = limits.runDeadlineSeconds;
  if (now.getTime() - start < withinSeconds * 1000) return undefined;
  const lastMessage = backup.status?.message;
  return fail('DeadlineExceeded', { is: 'NotDone', withinSeconds, ...optional({ lastMessage }) });
}

function isDeleting({ observed: { stack } }: PlanInput): boolean {
  return stack?.metadata.deletionTimestamp !== undefined;
}

/** The stack's deletion waits for this. It removes the job, too, so a host that is away keeps no one waiting here. */
function endWithStack({ backup, isBusy = false }: PlanInput, step: Step): Plan {
  const finding: Finding = {
    reason: 'Deleting',
    facts: { is: 'StackDeleting', stack: backup.spec.stackRef.name },
  };
  return isBusy ? wait(step, finding, 1) : { kind: 'Fail', ...finding };
}

function stackGone({ spec }: JtelBackup): Plan {
  return fail('StackNotFound', { is: 'StackGone', stack: spec.stackRef.name });
}

/** The signed right to write ends that long after the try began, or a little later. */
function uploadWindowIsOver({ backup, limits, now }: PlanInput): boolean {
  const began = Date.parse(backup.status?.operation?.startTime ?? '');
  return now.getTime() - began >= grantSeconds(backup, limits) * 1000;
}

function act(step: Step, wave: readonly Action[]): Plan {
  return { kind: 'Act', step, wave };
}

function wait(step: Step, { reason, facts }: Finding, afterSeconds: number): Plan {
  return { kind: 'Wait', step, reason, facts, afterSeconds };
}

function fail(reason: Reason, facts: Facts): Plan {
  return { kind: 'Fail', reason, facts };
}
