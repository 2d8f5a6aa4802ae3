/** Looks for backups of a stack that is being deleted which may still start a job on its host. */

import { backupKind, type JtelBackup, type JtelStack } from '../../../crds/index.ts';
import type { CallOptions, Cluster } from '../../../runtime/client/cluster.ts';

/**
 * Reads the API itself: a cache could miss one that begins at the same moment. One that begins later sees that the stack is
 * being deleted.
 * @returns their names; undefined unless the stack is being deleted
 */
export async function openBackups(
  cluster: Cluster,
  { metadata: { namespace, name, deletionTimestamp } }: JtelStack,
  options: CallOptions,
): Promise<readonly string[] | undefined> {
  if (deletionTimestamp === undefined) return undefined;
  const all = await cluster.list(backupKind, { namespace }, options);
  return all.filter((one) => one.spec.stackRef.name === name && isOpen(one)).map((one) => one.metadata.name);
}

/** One that is being deleted itself only removes its job, for which it may wait for the host. */
function isOpen({ metadata, status }: JtelBackup): boolean {
  const { phase, manifestDigest } = status ?? {};
  return (
    metadata.deletionTimestamp === undefined &&
    (phase === 'Running' || (phase === 'Verifying' && manifestDigest === undefined))
  );
}
