/**
 * How the backups of a stack are, from its JtelBackup and JtelRestore objects; pure. Messages name times, never ages, so that
 * a stack at rest is not written about: they change when something happens.
 */

import {
  statusMessageMaxLength,
  type JtelBackup,
  type JtelRestore,
  type JtelStack,
  type JtelStackStatus,
  type Reason,
} from '../../../crds/index.ts';
import { findCondition, formatTime, summariseConditions } from '../../../runtime/report/conditions.ts';
import { acceptedBackup, howToAccept, isAcceptedBackup } from '../../stores/backup-doubt.ts';
import { InputError } from '../../inputs/input-error.ts';
import { lateSince } from '../../times/late-copy.ts';
import { lastMeasuredRestore } from '../../times/measured-restore.ts';
import { Schedule } from '../../times/schedule-times.ts';
import { isScheduled, scheduleOf } from '../../times/stack-schedule.ts';
import type { ConditionDraft } from './condition-input.ts';
import { restoreTests } from './restore-tests.ts';
import { optional } from '../../../base/optional.ts';

export interface BackupHealthInput {
  readonly stack: JtelStack;
  readonly backups: readonly JtelBackup[];
  readonly restores: readonly JtelRestore[];
  readonly now: Date;
}

type Summary = NonNullable<JtelStackStatus['backup']>;

const hourMilliseconds = 3_600_000;

/** The status with what is known of backups in it. */
export function withBackupHealth(status: JtelStackStatus, input: BackupHealthInput): JtelStackStatus {
  const { stack, now } = input;
  const schedule = scheduleOrError(stack);
  const summary = summarise(input, schedule instanceof Schedule ? schedule : undefined);
  const drafts = [health(input, schedule, summary), objectives(input, summary)];
  const conditions = summariseConditions(status.conditions, drafts, {
    generation: stack.metadata.generation ?? 0,
    transient: [],
    longestMessage: statusMessageMaxLength,
    now,
  });
  return {
    ...status,
    conditions,
    backup: summary,
  } as JtelStackStatus;
}

/** An error that says why for a schedule that cannot be computed. */
function scheduleOrError(stack: JtelStack): Schedule | InputError | undefined {
  try {
    return scheduleOf(stack);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
}

function summarise(
  { stack, backups, restores, now }: BackupHealthInput,
  schedule: Schedule | undefined,
): Summary | undefined {
  const previous = stack.status?.backup;
  const newest = newestGood(stack, backups);
  const known = previous?.lastScheduleTime ?? '';
  // Only what is new is looked at: whether it is a late copy takes the schedule's own arithmetic.
  const isAsked = (one: JtelBackup): boolean =>
    one.spec.trigger === 'Scheduled' &&
    one.metadata.creationTimestamp > known &&
    lateSince(one, stack) === undefined;
  const asked = backups.filter(isAsked).map(({ metadata }) => metadata.creationTimestamp);
  const lastScheduleTime = [
    ...asked,
    ...(previous?.lastScheduleTime === undefined ? [] : [previous.lastScheduleTime]),
  ]
    .toSorted()
    .at(-1);
  const nextTime = schedule === undefined || !isScheduled(stack) ? undefined : schedule.next(now)?.due;
  const summary: Summary = {
    // What was known of backups whose objects are gone stays true: their data are in the store.
    ...(newest === undefined ? lastKnown(previous) : factsOf(newest)),
    ...restoreTests(previous, backups, restores),
    ...optional({ lastScheduleTime }),
    ...(nextTime === undefined ? {} : { nextTime: formatTime(nextTime) }),
  };
  return Object.keys(summary).length === 0 ? undefined : summary;
}

function factsOf({ metadata, status }: JtelBackup): Summary {
  const { completionTime, backupID, verification } = status ?? {};
  return {
    lastBackupRef: { name: metadata.name },
    ...optional({ lastSuccessTime: completionTime, lastBackupID: backupID }),
    ...(verification?.state === undefined ? {} : { verified: verification.state }),
  };
}

function lastKnown(previous: Summary | undefined): Summary {
  const { lastScheduleTime: _asked, nextTime: _next, ...known } = previous ?? {};
  return known;
}

function health(
  input: BackupHealthInput,
  schedule: Schedule | InputError | undefined,
  summary: Summary | undefined,
): ConditionDraft {
  const { stack, backups } = input;
  const draft = (status: ConditionDraft['status'], reason: Reason, message: string): ConditionDraft => ({
    type: 'BackupHealthy',
    status,
    reason,
    message,
  });
  if (schedule === undefined)
    return draft(
      'Unknown',
      'BackupNotConfigured',
      'There is no spec.backup, so there are no backups of this stack.',
    );
  if (schedule instanceof InputError) return draft('False', 'ScheduleInvalid', schedule.message);
  if (!isScheduled(stack))
    return draft(
      'False',
      'BackupSuspended',
      `Scheduled backups stand still: ${standstill(stack)}.${lastOne(summary)}`,
    );
  const emptied = emptiedSince(stack, backups);
  if (emptied !== undefined) return draft('False', 'BackupEmptied', `${emptied}${lastGood(summary)}`);
  const failed = newestOf(backups.filter((one) => isCompleted(one) || one.status?.phase === 'Failed'));
  if (failed?.status?.phase === 'Failed')
    return draft(
      'False',
      'BackupFailed',
      `JtelBackup ${failed.metadata.name} failed: ${failed.status.message ?? 'see its status.'}${lastOne(summary)}`,
    );
  const missed = overdueSince(input, schedule, summary);
  if (missed !== undefined)
    return draft(
      'False',
      'BackupOverdue',
      `The backup that was due at ${missed} was not completed.${lastOne(summary)}`,
    );
  if (summary?.lastSuccessTime === undefined)
    return draft(
      'Unknown',
      'NoBackupYet',
      'No backup was completed yet; status.backup.nextTime says when the next one is due.',
    );
  return draft('True', 'BackupCompleted', `${lastOne(summary).trim()}${describeShrunk(stack, backups)}`);
}

/** The newest one completed has nothing where older ones had something, and nobody said that this is right. */
function emptiedSince(stack: JtelStack, backups: readonly JtelBackup[]): string | undefined {
  const newest = newestOf(backups.filter(isCompleted));
  if (newest === undefined || isGood(stack, newest)) return undefined;
  const { emptied = [], backupID = '' } = newest.status ?? {};
  const accept = `if that is right, say so: ${howToAccept(stack.metadata, backupID)}`;
  return `JtelBackup ${newest.metadata.name} has nothing in ${emptied.join(', ')}, where older ones had something: find out why; ${accept}.`;
}

function lastGood(summary: Summary | undefined): string {
  return summary?.lastSuccessTime === undefined
    ? ''
    : ` The newest good one is ${summary.lastBackupID ?? summary.lastBackupRef?.name}, of ${summary.lastSuccessTime}.`;
}

/** Told as long as it is so; it may well be right, so it is no alarm. */
function describeShrunk(stack: JtelStack, backups: readonly JtelBackup[]): string {
  const newest = newestGood(stack, backups);
  const { shrunkFromBytes, backupID = '' } = newest?.status ?? {};
  if (shrunkFromBytes === undefined || isAcceptedBackup(backupID, acceptedBackup(stack))) return '';
  return ` It is far smaller than the last good one of its method (JtelBackup ${newest?.metadata.name} says by how much); if that is right: ${howToAccept(stack.metadata, backupID)}.`;
}

function standstill({ spec }: JtelStack): string {
  if (spec.backup?.state === 'Suspended') return 'spec.backup.state is Suspended';
  if (spec.suspend) return 'spec.suspend is set';
  return spec.powerState === 'Stopped' ? 'spec.powerState is Stopped' : 'spec.managementMode is Observe';
}

function lastOne(summary: Summary | undefined): string {
  if (summary?.lastSuccessTime === undefined) return ' None was completed yet.';
  return ` The newest complete one is ${summary.lastBackupID ?? summary.lastBackupRef?.name}, of ${summary.lastSuccessTime}.`;
}

/** When the last backup was due that could have been made by now and was not; RFC 3339. */
function overdueSince(
  { stack, backups, now }: BackupHealthInput,
  schedule: Schedule,
  summary: Summary | undefined,
): string | undefined {
  const { backup } = stack.spec;
  if (backup === undefined || stack.status?.version === undefined) return undefined;
  const slot = schedule.last(new Date(now.getTime() - backup.startDeadlineMinutes * 60_000));
  const since = Math.max(
    Date.parse(stack.metadata.creationTimestamp),
    Date.parse(stack.status.data?.time ?? stack.metadata.creationTimestamp),
  );
  if (slot === undefined || slot.time.getTime() <= since) return undefined;
  const isMade = (time: string | undefined): boolean =>
    time !== undefined && Date.parse(time) >= slot.time.getTime();
  if (isMade(summary?.lastSuccessTime)) return undefined;
  // One that runs is late, not missed: its own deadline ends it. A cron may have asked for it before the time, where clocks change.
  const name = `${stack.metadata.name}-${slot.name}`;
  const isAskedFor = ({ metadata }: JtelBackup): boolean =>
    metadata.name === name || isMade(metadata.creationTimestamp);
  if (backups.some((one) => one.status?.completionTime === undefined && isAskedFor(one))) return undefined;
  return formatTime(slot.due);
}

function objectives(
  { stack, backups, restores, now }: BackupHealthInput,
  summary: Summary | undefined,
): ConditionDraft {
  const wanted = stack.spec.backup?.objectives;
  const draft = (status: ConditionDraft['status'], reason: Reason, message: string): ConditionDraft => ({
    type: 'RecoveryObjectivesMet',
    status,
    reason,
    message,
  });
  if (wanted?.recoveryPointHours === undefined && wanted?.recoveryTimeMinutes === undefined)
    return draft(
      'Unknown',
      'NoObjectives',
      'spec.backup.objectives promises nothing that could be measured.',
    );
  const verdicts = [
    recoveryPoint(wanted.recoveryPointHours, backups, summary, stack, now),
    recoveryTime(wanted.recoveryTimeMinutes, restores),
  ].filter((one) => one !== undefined);
  const missed = verdicts.filter(({ met }) => met === false);
  if (missed.length > 0)
    return draft('False', 'ObjectivesMissed', missed.map(({ message }) => message).join(' '));
  const open = verdicts.filter(({ met }) => met === undefined);
  if (open.length > 0) return draft('Unknown', 'NotChecked', open.map(({ message }) => message).join(' '));
  return draft('True', 'ObjectivesMet', verdicts.map(({ message }) => message).join(' '));
}

interface Verdict {
  /** Undefined: not known yet. */
  readonly met: boolean | undefined;
  readonly message: string;
}

/** A backup holds the data of when it began. */
function recoveryPoint(
  hours: number | undefined,
  backups: readonly JtelBackup[],
  summary: Summary | undefined,
  stack: JtelStack,
  now: Date,
): Verdict | undefined {
  if (hours === undefined) return undefined;
  const newest = newestGood(stack, backups);
  const from = newest?.status?.startTime ?? summary?.lastSuccessTime ?? stack.status?.data?.time;
  if (from === undefined) return { met: undefined, message: 'There are no data and no backup yet.' };
  const until = new Date(Date.parse(from) + hours * hourMilliseconds);
  const since = formatTime(until);
  const what =
    summary?.lastSuccessTime === undefined
      ? `No backup of the data of ${from} was completed`
      : `The newest backup has the data of ${from}`;
  if (now.getTime() > until.getTime())
    return {
      met: false,
      message: `${what}: since ${since} that is more than the ${hours} h of recoveryPointHours.`,
    };
  return { met: true, message: `${what}, within the ${hours} h of recoveryPointHours.` };
}

function recoveryTime(minutes: number | undefined, restores: readonly JtelRestore[]): Verdict | undefined {
  if (minutes === undefined) return undefined;
  const measured = lastMeasuredRestore(restores);
  if (measured === undefined) {
    return {
      met: undefined,
      message: `No restore was measured yet against the ${minutes} min of recoveryTimeMinutes: make a JtelBackup with verify: Restore.`,
    };
  }
  const { name, recoveryTimeSeconds: seconds } = measured;
  const met = seconds <= minutes * 60;
  return {
    met,
    message: `JtelRestore ${name} took ${seconds} s, ${met ? 'within' : 'more than'} the ${minutes} min of recoveryTimeMinutes.`,
  };
}

/** One that was made; an object that only repeats an older one says nothing new. */
function isCompleted({ status }: JtelBackup): boolean {
  return (
    status?.phase === 'Completed' &&
    findCondition(status.conditions, 'Complete')?.reason !== 'AlreadyCarriedOut'
  );
}

function isGood(stack: JtelStack, { status }: JtelBackup): boolean {
  return (
    (status?.emptied ?? []).length === 0 || isAcceptedBackup(status?.backupID ?? '', acceptedBackup(stack))
  );
}

/** What one would go back to. */
function newestGood(stack: JtelStack, backups: readonly JtelBackup[]): JtelBackup | undefined {
  return newestOf(backups.filter((one) => isCompleted(one) && isGood(stack, one)));
}

function newestOf(backups: readonly JtelBackup[]): JtelBackup | undefined {
  return backups
    .toSorted((a, b) =>
      (a.status?.startTime ?? a.metadata.creationTimestamp).localeCompare(
        b.status?.startTime ?? b.metadata.creationTimestamp,
      ),
    )
    .at(-1);
}
