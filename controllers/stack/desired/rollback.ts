/** Where a stack could be brought back to by hand, from its change log. Pure. */

import type { JtelBackup, JtelStackStatus } from '../../../crds/index.ts';
import type { Revisions } from './revisions.ts';
import { optional } from '../../../base/optional.ts';

/** Where one could go back to by hand: what ran before the last update, and the backup that was made then. */
export function rollbackPoint(
  revisions: Revisions,
  backup: JtelBackup | undefined,
  previous: JtelStackStatus['rollback'],
): JtelStackStatus['rollback'] {
  const updated = revisions.all.findLast(
    ({ attempt, outcome }) => attempt?.action === 'Update' && outcome?.result === 'Succeeded',
  );
  const from = updated?.attempt?.from;
  if (updated === undefined || from === undefined) return undefined;
  const backupRef = updated.attempt?.backupRef;
  if (backupRef === undefined) return { revision: from.revision, version: from.version };
  const known = backup?.metadata.name === backupRef ? backup.status?.immutability?.untilTime : undefined;
  const until = known ?? (previous?.backupRef?.name === backupRef ? previous.availableUntil : undefined);
  return {
    revision: from.revision,
    version: from.version,
    backupRef: { name: backupRef },
    ...optional({ availableUntil: until }),
  };
}

/** Name of the backup that {@link rollbackPoint} refers to; to be read once, until its retention is known. */
export function rollbackBackup(
  revisions: Revisions,
  previous: JtelStackStatus['rollback'],
): string | undefined {
  const name = rollbackPoint(revisions, undefined, undefined)?.backupRef?.name;
  return previous?.backupRef?.name === name && previous?.availableUntil !== undefined ? undefined : name;
}
