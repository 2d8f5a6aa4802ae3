/** Finds the newest backup that a stack could be brought back from. */

import { backupTime } from '../../../backup-format/names.ts';
import type { JtelStack } from '../../../crds/index.ts';
import type { CallOptions } from '../../../runtime/client/cluster.ts';
import { InputError } from '../../inputs/input-error.ts';
import { acceptedBackup, newestGoodBackup, requireChoice } from '../../stores/backup-doubt.ts';
import { stackIdentity } from '../../stores/backup-identity.ts';
import { stackCatalog } from '../../stores/cluster-catalog.ts';
import type { DataDependencies } from './data-source.ts';

export interface FoundBackup {
  readonly backupID: string;
  /** RFC 3339. */
  readonly time: string;
}

/**
 * One that was made of a loss itself is no way back from it.
 * @param chosen a choice from before, which is kept
 * @param notConfigured reason for a stack without spec.backup
 * @throws {InputError} {@link BlobError}
 */
export async function newestBackup(
  stack: JtelStack,
  notConfigured: 'BackupNotConfigured' | 'RelocationNeedsBackup',
  { cluster, openStore }: Pick<DataDependencies, 'cluster' | 'openStore'>,
  options: CallOptions,
  chosen?: string,
): Promise<FoundBackup> {
  const { backup } = stack.spec;
  if (backup === undefined)
    throw new InputError(notConfigured, `Stack ${stack.metadata.name} has no spec.backup.`);
  const { namespace } = stack.metadata;
  const store = await openStore(cluster, namespace, backup.storeRef.name, 'spec.backup.storeRef', options);
  const identity = stackIdentity(stack);
  const { description } = store.blobs;
  const backupID =
    chosen ??
    requireChoice(
      await newestGoodBackup(
        await stackCatalog(cluster, store, stack, options),
        identity,
        acceptedBackup(stack),
        options.signal,
      ),
      description,
    );
  if (backupID === undefined)
    throw new InputError('BackupNotFound', `${description} has no backup of ${identity}.`);
  return { backupID, time: backupTime(backupID).toISOString() };
}
