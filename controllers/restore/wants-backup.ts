/** Whether a backup of what is there comes before a restore; pure. */

import { isDataMissing } from '../loading/data-missing.ts';
import type { JtelRestore, JtelStack } from '../../crds/index.ts';

/** Whether there is something to keep, and somebody wants it kept. What is lost cannot be. */
export function wantsPreRestoreBackup({ spec }: JtelRestore, { status }: JtelStack): boolean {
  return (
    spec.preRestoreBackup === 'Required' &&
    status?.data !== undefined &&
    status.data.state !== 'Incomplete' &&
    !isDataMissing(status)
  );
}
