/** The words for everything that the planner of backups decides and finds; pure. Nobody else makes sentences of it. */

import { sentence } from '../../../base/sentence.ts';
import { formatBytes } from '../../../base/bytes.ts';
import type { Retention } from '../../../blob-store/retention.ts';
import { annotations, type JtelBackup, type Reason } from '../../../crds/index.ts';
import type { JobReport } from '../../../host-driver/host.ts';
import { aboutHost } from '../../stores/store-refusal.ts';
import { testRestoreName } from '../desired/request.ts';
import type { ImmutabilityFacts } from '../act/commit.ts';
import type { Ahead, Held, Served } from '../observe/observed.ts';
import type { Action } from '../plan/actions.ts';
import type { Busy, Facts, FailedJob, Finding } from '../plan/findings.ts';
import { duration, hours } from './figures.ts';

export function describe({ reason, facts }: Finding): string {
  switch (facts.is) {
    case 'Told':
      return facts.message;
    case 'NoStack':
      return `JtelStack ${facts.stack} does not exist in this namespace.`;
    case 'StackGone':
      return `JtelStack ${facts.stack} is gone, and with it the way to its host.`;
    case 'StackDeleting':
      return `JtelStack ${facts.stack} is being deleted.`;
    case 'NotConfigured':
      return `JtelStack ${facts.stack} has no spec.backup, so this backup has no store: give the backup a storeRef, or the stack a spec.backup.`;
    case 'Suspended':
      return `JtelStack ${facts.stack} is suspended: nothing is done on its host until spec.suspend is false.`;
    case 'OnlyObserved':
      return `JtelStack ${facts.stack} is only observed: nothing is done on its host until spec.managementMode is Manage.`;
    case 'OtherMachine':
      return `The stack's data are on machine ${facts.known}, but ${facts.found} answers, so nothing is read from it.`;
    case 'OtherOwner': {
      const { namespace, name, uid } = facts.owner;
      return `The host's directory of this stack belongs to another one (${namespace}/${name}, uid ${uid}).`;
    }
    case 'Moved':
      return `The stack was moved to ${facts.address}.`;
    case 'DataMissing':
      return "The stack's data are gone (see its condition DataLoaded), so there is nothing to back up.";
    case 'DataIncomplete':
      return 'The stack has no complete data yet.';
    case 'Busy':
      return `The backup begins when this is over: ${describeBusy(facts.busy)}.`;
    case 'Ahead':
      return describeAhead(facts.ahead, facts.namespace);
    case 'Held':
      return describeHeld(facts.held);
    case 'DatabaseNotRunning':
      return describeDatabase(facts);
    case 'OtherHistory':
      return describeOtherHistory(facts);
    case 'StoreNotLookedAt':
      return 'looking at the store';
    case 'NotBegun':
      return `It could not begin within ${hours(facts.withinSeconds)}: ${describe({ reason, facts: facts.because })}`;
    case 'NotDone': {
      const { lastMessage = '' } = facts;
      const last = lastMessage === '' ? '' : ` Last: ${lastMessage}`;
      return `It did not end within ${hours(facts.withinSeconds)}.${last}`;
    }
    case 'JobRemoved':
      return 'Somebody removed the job on the host before it ended.';
    case 'JobFailed':
      return describeFailedJob(reason, facts.job);
    case 'TriedAgain':
      return `${sentence(describe({ reason, facts: facts.because }))} It is tried again in ${facts.inSeconds} s.`;
    case 'LastTry':
      return `${sentence(describe({ reason, facts: facts.because }))} That was try ${facts.attempt} of ${facts.mostAttempts}.`;
    case 'JobRuns':
      return describeProgress(facts.progress);
    case 'HostAway':
      return `A job that runs goes on meanwhile. ${facts.message}`;
    case 'JobMayRun':
      return `Its job may still run on the host: ${facts.message} The operator stops it as soon as the host answers. To let the object go before that, annotate it with ${annotations.abandonHost}=true.`;
    case 'NotProven':
      return `It is stored as ${facts.backupID}, but its store demands immutability, and that was not proven. ${facts.message ?? ''}`;
    case 'TestRuns':
      return `restoring it for a test (${facts.test}): ${facts.message ?? 'waiting'}`;
    case 'TestFailed':
      return `It is stored as ${facts.backupID}, but the test restore ${facts.test} failed: ${facts.message ?? 'see its status'}`;
  }
}

/** What a wave is about to do: its first action says it, but for taking the host. */
export function describeWave(wave: readonly Action[], backup: JtelBackup): string {
  switch (wave.find(({ type }) => type !== 'ClaimHost')?.type) {
    case 'PullToolbox':
    case 'StartJob':
      return 'starting the backup job on the host';
    case 'Commit':
      return 'comparing what was stored';
    case 'CreateTestRestore':
      return `asking for the test restore ${testRestoreName(backup)}`;
    case 'RemoveJobs':
      return 'removing the job from the host';
    case 'ReleaseFinalizer':
      return 'letting the object go';
    case 'ClaimHost':
    case undefined:
      return '';
  }
}

export function describeRepeated({ backupID, is }: Served): string {
  const why =
    is === 'LateCopy'
      ? `the time of this backup is long over, and backup ${backupID} was made since`
      : `an order in git counts once, and backup ${backupID} was made for it`;
  return `Nothing was done: ${why}. To make one now, create a JtelBackup with another name.`;
}

/** Why a store counts as immutable, or not. */
export function describeImmutability(facts: ImmutabilityFacts): string {
  if (facts.is === 'NotAsked')
    return 'The store asks for no immutability (spec.immutability.policy is None), so none was tried.';
  const { detail, problem, retention } = facts;
  const but = problem === undefined ? '' : ` But: ${problem}`;
  return `For the manifest ${detail}.${but}${describeRetention(retention)}`;
}

function describeRetention(retention: Retention | undefined): string {
  switch (retention?.kind) {
    case 'TimeBased':
      return ` The container's policy is locked and lasts ${retention.days} days.`;
    case 'NotRead':
      return ` How long that lasts is not known: ${retention.detail}.`;
    default:
      return '';
  }
}

function describeBusy(busy: Busy): string {
  switch (busy.with) {
    case 'Job':
      return `job ${busy.job} loads data`;
    case 'Restore':
      return `a restore of the stack${busy.restore === undefined ? '' : ` (JtelRestore ${busy.restore}, ${busy.state})`}`;
    case 'Operation':
      return `the stack's operation ${busy.operation}${busy.since === undefined ? '' : `, since ${busy.since}`}`;
  }
}

function describeAhead(ahead: readonly Ahead[], namespace: string): string {
  const more = ahead.length > 3 ? ` and ${ahead.length - 3} more` : '';
  const first = ahead
    .slice(0, 3)
    .map(({ kind, name, phase, since }) => `${kind} ${name} (${phase} since ${since})`);
  return `Others of the same stack come first: ${first.join(', ')}${more}. Backups of one stack are made one after the other. Delete one that is not wanted any more: kubectl delete jtelbackup NAME -n ${namespace}`;
}

function describeHeld(held: Held): string {
  if (held.until === 'Due')
    return `It begins at ${held.due}: scheduled backups are spread (spec.backup.scheduleSpreadMinutes).`;
  const { store, namespace, most, before } = held;
  const ofWhom = namespace === undefined ? 'of all stacks' : `of namespace ${namespace}`;
  const where = store === undefined ? ofWhom : `in JtelBackupStore ${store}`;
  return `It waits for a place: no more than ${most} backups ${where} run at the same time.${describeBefore(before)}`;
}

/** In steps, so that not everyone that waits is written about whenever one begins. */
function describeBefore(before: number): string {
  if (before === 0) return ' It is the next one.';
  if (before < 10) return ` ${before === 1 ? 'Another one comes' : `${before} others come`} first.`;
  const power = 10 ** Math.floor(Math.log10(before));
  const step = [5, 2, 1].find((factor) => factor * power <= before) ?? 1;
  return ` At least ${step * power} others come first.`;
}

function describeDatabase({ service, container }: Extract<Facts, { is: 'DatabaseNotRunning' }>): string {
  if (container === undefined) return `${service} is not there: a backup needs a database that runs.`;
  const health = container.health === 'none' ? '' : ` (${container.health})`;
  return `${service} is ${container.state}${health}: a backup needs a database that runs.`;
}

function describeOtherHistory({ stack, newest }: Extract<Facts, { is: 'OtherHistory' }>): string {
  const { backupID, writer } = newest;
  const consent = `kubectl annotate jtelstack ${stack.name} -n ${stack.namespace} ${annotations.adoptBackups}=${backupID}`;
  return (
    `The newest backup in the store, ${backupID}, was written by stack ${writer.namespace}/${writer.name} of cluster ${writer.clusterID}, and this stack's data do not come from it. ` +
    `Make sure that the other one is gone; then consent with "${consent}", or give this stack a spec.backup.identity of its own.`
  );
}

function describeFailedJob(
  reason: Reason,
  { message, exitCode, hostAddress, windowOver }: FailedJob,
): string {
  const said = windowOver
    ? 'The time for which the job could write to the store is over.'
    : (message ?? `The backup job ended with exit code ${exitCode ?? 'unknown'}.`);
  return aboutHost(reason, said, hostAddress);
}

/** How far, how much, how long still. */
function describeProgress(progress: JobReport['progress']): string {
  if (progress === undefined) return 'the job starts';
  const { step, message, bytesDone, bytesTotal, uploadedBytes, secondsLeft } = progress;
  if (bytesDone === undefined) return message ?? step;
  const of = bytesTotal === undefined ? '' : ` of ${formatBytes(bytesTotal)}`;
  const sent = uploadedBytes === undefined ? '' : `, ${formatBytes(uploadedBytes)} sent`;
  const left = secondsLeft === undefined ? '' : `, about ${duration(secondsLeft)} left`;
  return `${message ?? step}: ${formatBytes(bytesDone)}${of} read${sent}${left}`;
}
