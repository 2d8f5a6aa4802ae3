/** The time in the name of a scheduled backup; pure. */

import type { JtelBackup, JtelStack } from '../../crds/index.ts';
import { InputError } from '../inputs/input-error.ts';
import type { Slot } from './schedule-times.ts';
import { scheduleOf } from './stack-schedule.ts';

/**
 * The slot that a scheduled backup is named after. Undefined for others, and for names that the schedule does
 * not give.
 */
export function slotOf({ metadata, spec }: JtelBackup, stack: JtelStack): Slot | undefined {
  if (spec.trigger !== 'Scheduled' || !metadata.name.startsWith(`${stack.metadata.name}-`)) return undefined;
  try {
    return scheduleOf(stack)?.named(metadata.name.slice(stack.metadata.name.length + 1));
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}
