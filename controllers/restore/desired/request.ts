/** What a JtelRestore asks for: its phase, the names of what it makes, and whether what is there is to be kept; pure. */

import type { JtelRestore, JtelStack } from '../../../crds/index.ts';
import { isDataMissing } from '../../loading/data-missing.ts';

export type Phase = NonNullable<NonNullable<JtelRestore['status']>['phase']>;

/** The check that says how a test went; once it is noted, only cleaning up is left. */
export const verification = 'Verification';

export function isOver({ status }: JtelRestore): boolean {
  return status?.phase === 'Completed' || status?.phase === 'Failed';
}

/** The backup that is made before data are overwritten; every look finds the same name. */
export function preRestoreBackupName({ metadata }: JtelRestore): string {
  return `pre-restore-${metadata.uid}`;
}

/** Whether there is something to keep, and somebody wants it kept. Lost data cannot be kept. */
export function wantsPreRestoreBackup({ spec }: JtelRestore, { status }: JtelStack): boolean {
  return (
    spec.preRestoreBackup === 'Required' &&
    status?.data !== undefined &&
    status.data.state !== 'Incomplete' &&
    !isDataMissing(status)
  );
}
