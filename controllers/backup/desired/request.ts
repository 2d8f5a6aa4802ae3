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
