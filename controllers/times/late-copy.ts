/** Scheduled JtelBackups that git or a cluster's backup creates again, long after their time; pure. */

import type { JtelBackup, JtelStack } from '../../crds/index.ts';
import { InputError } from '../inputs/input-error.ts';
import { Schedule } from './schedule-times.ts';

const dayMilliseconds = 86_400_000;

/**
 * The time in the name of a scheduled backup, if its object was created too late to begin. Such an object is a copy, from git
 * or from a cluster's backup. Undefined for all others, and for names that the schedule does not give.
 */
export function lateSince({ metadata, spec }: JtelBackup, stack: JtelStack): Date | undefined {
  const [, date] = /-(\d{8})(-\d{4}b?)?$/.exec(metadata.name) ?? [];
  const { backup } = stack.spec;
  if (spec.trigger !== 'Scheduled' || backup === undefined || date === undefined) return undefined;
  const slot = slotOf(backup, metadata.name.slice(stack.metadata.name.length + 1), date);
  const created = Date.parse(metadata.creationTimestamp);
  return slot === undefined || created <= slot.getTime() + backup.startDeadlineMinutes * 60_000
    ? undefined
    : slot;
}

function slotOf(
  { schedule, timeZone }: NonNullable<JtelStack['spec']['backup']>,
  name: string,
  date: string,
): Date | undefined {
  const day = Date.parse(`${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T00:00:00Z`);
  if (Number.isNaN(day)) return undefined;
  try {
    // Local days begin up to 14 hours before the days of UTC, and end up to 14 hours after them.
    const around = new Schedule(schedule, timeZone).between(
      new Date(day - dayMilliseconds),
      new Date(day + 2 * dayMilliseconds),
    );
    return around.find((slot) => slot.name === name)?.time;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}
