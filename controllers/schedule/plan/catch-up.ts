/** Finds the scheduled backup that is due and that nobody has asked for; pure. */

import type { JtelBackup, JtelStack } from '../../../crds/index.ts';
import { lateSince } from '../../times/late-copy.ts';
import type { Schedule } from '../../times/schedule-times.ts';
import { dueBackup } from '../../times/stack-schedule.ts';
import { optional } from '../../../base/optional.ts';

export interface MissedBackup {
  readonly name: string;
  /** When it was due. */
  readonly time: Date;
  readonly verify: JtelBackup['spec']['verify'];
}

/** @param graceSeconds how long the CronJob has to ask for a due backup */
export function missedBackup(
  stack: JtelStack,
  schedule: Schedule,
  backups: readonly JtelBackup[],
  graceSeconds: number,
  now: Date,
): MissedBackup | undefined {
  const { backup } = stack.spec;
  // A stack without data has nothing to back up, and has missed nothing.
  if (backup === undefined || stack.status?.version === undefined) return undefined;
  const handled = [
    stack.status.backup?.lastScheduleTime,
    ...backups
      .filter((one) => one.spec.trigger === 'Scheduled' && lateSince(one, stack) === undefined)
      .map(({ metadata }) => metadata.creationTimestamp),
  ]
    .map((time) => Date.parse(time ?? ''))
    .filter((time) => !Number.isNaN(time));
  const slot = dueBackup({
    schedule,
    ...optional({ handledUntil: handled.length === 0 ? undefined : new Date(Math.max(...handled)) }),
    since: new Date(stack.metadata.creationTimestamp),
    deadlineSeconds: backup.startDeadlineMinutes * 60,
    graceSeconds,
    now,
  });
  if (slot === undefined) return undefined;
  const name = `${stack.metadata.name}-${slot.name}`;
  // A cron may ask up to an hour before the time that counts, in the night when clocks go forward.
  if (backups.some(({ metadata }) => metadata.name === name)) return undefined;
  return { name, time: slot.due, verify: backup.verify };
}
