/** Reads which packs exist and which of them the complete backups use, for `backup list --packs`. */
import { paths } from '../../backup-format/names.ts';
import { readPackList } from '../../controllers/stores/backup-catalog.ts';
import type { StoredBackup } from './view.ts';
import { inParallel } from './in-parallel.ts';
import { countPacks, type PackCount, type UnreadableList } from './pack-count.ts';
import type { BackupPlace } from './place.ts';
import { BlobError } from '../../blob-store/blob-store.ts';
import { InputError } from '../../controllers/inputs/input-error.ts';

/** A list can be long, and it is in memory while it is read. */
const listsAtOnce = 4;

/**
 * Reads the lists before it lists the packs. So a backup that is committed in between looks like a running
 * one: its packs count as used by no complete backup, which was true.
 * @param backups all that have a manifest
 * @throws {BlobError} if the store does not answer
 */
export async function readPackCount(
  { blobs, identity }: BackupPlace,
  backups: readonly StoredBackup[],
  signal: AbortSignal,
): Promise<PackCount> {
  const used = new Set<string>();
  const unreadable = await inParallel(
    backups,
    listsAtOnce,
    async ({ backupID, manifest, problem = '' }): Promise<UnreadableList | undefined> => {
      if (manifest === undefined) return { backupID, message: problem };
      try {
        for (const { epoch, sha256 } of await readPackList(blobs, manifest, signal))
          used.add(paths.pack(identity, epoch, sha256));
        return undefined;
      } catch (error) {
        return { backupID, message: whyUnusable(error) };
      }
    },
  );
  return await countPacks(
    blobs.list(paths.allPacks(identity), signal),
    used,
    unreadable.filter((list) => list !== undefined),
  );
}

/** @returns what is wrong with this backup. @throws the error itself if it is not about this backup. */
export function whyUnusable(error: unknown): string {
  if (error instanceof InputError) return error.message;
  // Longer than its manifest says, or other bytes than were written.
  if (error instanceof BlobError && error.reason === 'DigestMismatch') return error.message;
  throw error;
}
