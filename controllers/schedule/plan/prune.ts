/**
 * Which finished JtelBackup objects can go; pure. What they stored stays. Only objects that the operator made go: an object
 * from git would be created again at once, and would make a backup each time.
 */

import {
  labels,
  operatorName,
  type JtelBackup,
  type JtelRestore,
  type JtelStack,
} from '../../../crds/index.ts';

/** @returns the objects to delete, oldest first. Objects of others do not count against the limit. */
export function surplusBackups(
  stack: JtelStack,
  backups: readonly JtelBackup[],
  restores: readonly JtelRestore[],
): readonly JtelBackup[] {
  const limit = stack.spec.backup?.historyLimit;
  if (limit === undefined) return [];
  const finished = backups
    .filter(
      ({ status, metadata }) =>
        (status?.phase === 'Completed' || status?.phase === 'Failed') &&
        metadata.deletionTimestamp === undefined,
    )
    .toSorted(byAge);
  const newest = finished.findLast(({ status }) => status?.phase === 'Completed');
  const needed = new Set([newest?.metadata.name, ...references(stack, restores)]);
  const own = finished.filter(({ metadata }) => metadata.labels?.[labels.managedBy] === operatorName);
  return own.slice(0, Math.max(0, own.length - limit)).filter(({ metadata }) => !needed.has(metadata.name));
}

/**
 * Whether anybody but the operator writes the object. A label can be copied into a file; but the API server's managed fields
 * say who applies that file.
 */
export function isKeptByOthers({ metadata }: JtelBackup): boolean {
  return (metadata.managedFields ?? []).some(
    ({ manager, subresource }) => subresource !== 'status' && manager !== operatorName,
  );
}

/** Oldest first. */
function byAge(a: JtelBackup, b: JtelBackup): number {
  const [one, other] = [a, b].map(
    ({ metadata, status }) => `${status?.startTime ?? metadata.creationTimestamp} ${metadata.name}`,
  );
  return (one ?? '') < (other ?? '') ? -1 : 1;
}

/** The backups that somebody may want to go back to, or is going back to. */
function references(
  { status }: JtelStack,
  restores: readonly JtelRestore[],
): readonly (string | undefined)[] {
  return [
    status?.backup?.lastBackupRef?.name,
    status?.rollback?.backupRef?.name,
    ...restores.flatMap(({ spec, status: restore }) => [
      spec.source.backupRef?.name,
      restore?.preRestoreBackupRef?.name,
    ]),
  ];
}
