/** The time in the name of a scheduled backup; pure. */

import type { JtelBackup, JtelStack } from '../../crds/index.ts';
import { InputError } from '../inputs/input-error.ts';
import type { Slot } from './schedule-times.ts';
import { scheduleOf } from './stack-schedule.ts';

const dayMilliseconds = 86_400_000;

/**
 * The slot that a scheduled backup is named after. Undefined for others, and for names that the schedule does
 * not give.
 */
export function slotOf({ metadata, spec }: JtelBackup, stack: JtelStack): Slot | undefined {
  const [, date] = /-(\d{8})(-\d{4}b?)?$/.exec(metadata.name) ?? [];
  if (spec.trigger !== 'Scheduled' || date === undefined) return undefined;
  const day = Date.parse(`${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T00:00:00Z`);
  if (Number.isNaN(day)) return undefined;
  const name = metadata.name.slice(stack.metadata.name.length + 1);
  try {
    // Local days begin up to 14 hours before the days of UTC, and end up to 14 hours after them; the spread adds six.
    const around = scheduleOf(stack)?.between(
      new Date(day - dayMilliseconds),
      new Date(day + 2 * dayMilliseconds),
    );
    return around?.find((slot) => slot.name === name);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}
