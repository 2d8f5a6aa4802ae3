/** How many files a backup should have and has not; pure. */

import type { DataSet, LeftOut, LeftOutKind } from '../../../backup-format/data-set.ts';

/** What was there, or may have been, and is not in the backup although nobody excluded it. */
const missingKinds: ReadonlySet<LeftOutKind> = new Set(['Vanished', 'Unreadable', 'TooLong', 'TableRows']);

export function missingFiles(
  dataSets: readonly (Pick<DataSet, 'name'> & { readonly leftOut?: readonly LeftOut[] })[],
): number {
  return dataSets
    .flatMap(({ leftOut = [] }) => leftOut)
    .reduce((sum, { kind, entries }) => sum + (missingKinds.has(kind) ? entries : 0), 0);
}
