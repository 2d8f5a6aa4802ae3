/** The schedule of a stack's backups: when each is due, and which one nobody has asked for. */

import { createHash } from 'node:crypto';
import type { JtelStack } from '../../crds/index.ts';
import { Schedule, type Slot } from './schedule-times.ts';

/** Used if a stack does not say it; the text of the field in the CRD says the same. */
const usualSpreadMinutes = 45;

/**
 * @returns undefined without `spec.backup`
 * @throws {InputError} `ScheduleInvalid`
 */
export function scheduleOf({ spec, metadata }: JtelStack): Schedule | undefined {
  if (spec.backup === undefined) return undefined;
  const { schedule, timeZone, scheduleSpreadMinutes = usualSpreadMinutes } = spec.backup;
  const share = createHash('sha256').update(metadata.uid).digest().readUInt32BE() / 2 ** 32;
  return new Schedule(schedule, timeZone, { share, spanSeconds: scheduleSpreadMinutes * 60 });
}

/** Whether the stack's schedule makes backups now. */
export function isScheduled({ spec }: JtelStack): boolean {
  return (
    spec.backup?.state === 'Enabled' &&
    !spec.suspend &&
    spec.managementMode === 'Manage' &&
    spec.powerState !== 'Stopped'
  );
}

export interface DueInput {
  readonly schedule: Schedule;
  /** Somebody has asked for all slots up to this time, whatever became of them. */
  readonly handledUntil?: Date | undefined;
  /** Slots before this time do not count, for instance before the stack was created. */
  readonly since: Date;
  /** A backup that is later than this is not made. */
  readonly deadlineSeconds: number;
  /** The CronJob has this long to ask for it. */
  readonly graceSeconds: number;
  readonly now: Date;
}

/** The missed backup that must still be made. Only the newest counts: it is worth more than those before it. */
export function dueBackup({
  schedule,
  handledUntil,
  since,
  deadlineSeconds,
  graceSeconds,
  now,
}: DueInput): Slot | undefined {
  const slot = schedule.last(new Date(now.getTime() - graceSeconds * 1000));
  if (
    slot === undefined ||
    slot.due.getTime() < now.getTime() - deadlineSeconds * 1000 ||
    slot.time.getTime() <= since.getTime()
  )
    return undefined;
  return handledUntil !== undefined && handledUntil.getTime() >= slot.time.getTime() ? undefined : slot;
}
