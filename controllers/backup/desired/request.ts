/** What a JtelBackup asks for: its names, its phase, and the time that each of its tries has; pure. */

import type { JtelBackup } from '../../../crds/index.ts';
import type { Limits } from './limits.ts';

/** The operation of a try that uses nothing that is stored already. */
export const fullBackupOperation = 'FullBackup';

/** One for each try: whoever starts it a second time finds the first job. */
export function jobUID(backup: JtelBackup, attempt = backup.status?.attempt ?? 1): string {
  return `${backup.metadata.uid}-${attempt}`;
}

export function testRestoreName(backup: JtelBackup): string {
  return `${backup.metadata.name.slice(0, 240)}-verify`;
}

export function isFinished(backup: JtelBackup): boolean {
  return backup.status?.phase === 'Completed' || backup.status?.phase === 'Failed';
}

/** An operation on the stack waits for this backup, so the backup must not wait for that operation. */
export function isPartOfOperation(backup: JtelBackup): boolean {
  return ['PreUpdate', 'PreRestore', 'Relocation'].includes(backup.spec.trigger);
}

/** How long a try may write to the store. Each try has longer than the one before, so one of them has long enough. */
export function uploadWindowSeconds(backup: JtelBackup, limits: Limits): number {
  return limits.uploadWindowSeconds * (backup.status?.attempt ?? 1);
}

/** A right to write that is shorter than this would end more tries than it would protect. */
const shortestGrantSeconds = 3600;
/** Times as long as the last backup took. */
const grantMargin = 4;

/**
 * How long the right to write lasts: what this try should need, judged by the last backup of the same epoch,
 * and the window at most. Azure cannot limit the right to names that nobody knows yet, so it is limited in
 * time. If it ends too soon, the next try continues, with its whole window.
 * @param last undefined when nothing says what the try needs
 */
export function grantSeconds(
  backup: JtelBackup,
  limits: Limits,
  last: { readonly startTime: string; readonly endTime: string } | undefined,
): number {
  const window = uploadWindowSeconds(backup, limits);
  if (last === undefined || (backup.status?.attempt ?? 1) > 1) return window;
  const tookSeconds = (Date.parse(last.endTime) - Date.parse(last.startTime)) / 1000;
  return Math.min(window, Math.max(shortestGrantSeconds, Math.ceil(tookSeconds * grantMargin)));
}
