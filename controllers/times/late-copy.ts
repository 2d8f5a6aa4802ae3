/** Scheduled JtelBackups that git or a cluster's backup creates again, long after their time; pure. */

import type { JtelBackup, JtelStack } from '../../crds/index.ts';
import { slotOf } from './backup-slot.ts';

/**
 * The time in the name of a scheduled backup, if its object was created too late to begin. Such an object is a copy, from git
 * or from a cluster's backup. Undefined for all others, and for names that the schedule does not give.
 */
export function lateSince(backup: JtelBackup, stack: JtelStack): Date | undefined {
  const slot = slotOf(backup, stack);
  const { backup: policy } = stack.spec;
  if (slot === undefined || policy === undefined) return undefined;
  const created = Date.parse(backup.metadata.creationTimestamp);
  return created <= slot.due.getTime() + policy.startDeadlineMinutes * 60_000 ? undefined : slot.time;
}
