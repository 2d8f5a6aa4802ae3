/** How much of a stack's data would be lost if its host were lost now. */
import type { JtelBackup, JtelStack } from '../crds/index.ts';

/** The backup that `status.backup` of the stack names as the last good one, while its object exists. */
export function lastBackupOf(stack: JtelStack, backups: readonly JtelBackup[]): JtelBackup['status'] {
  const name = stack.status?.backup?.lastBackupRef?.name;
  return backups.find(({ metadata }) => metadata.name === name)?.status;
}

/** How recent the data are that a restore would bring: when the last good backup began; RFC 3339. */
export function recoveryPointOf(stack: JtelStack, backups: readonly JtelBackup[]): string | undefined {
  return lastBackupOf(stack, backups)?.startTime ?? stack.status?.backup?.lastSuccessTime;
}
