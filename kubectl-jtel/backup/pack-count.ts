/**
 * Counts the packs that a stack has in its store, and those that no complete backup uses. An interrupted try
 * leaves such packs, and the operator never deletes one, so people need their number. Pure: `packs.ts` lists
 * and reads.
 */
import type { BlobProperties } from '../../blob-store/blob-store.ts';
import { optional } from '../../base/optional.ts';

/** A backup whose list of packs cannot be read. */
export interface UnreadableList {
  readonly backupID: string;
  readonly message: string;
}

export interface UnusedPacks {
  readonly count: number;
  readonly bytes: number;
  /** RFC 3339; when the newest of them was stored. Absent if there are none. */
  readonly newestTime?: string;
}

/** `-o json` prints this too. */
export interface PackCount {
  readonly count: number;
  readonly bytes: number;
  /** Absent while unknown: any pack may belong to a backup whose list cannot be read. */
  readonly unused?: UnusedPacks;
  readonly unreadable: readonly UnreadableList[];
}

/**
 * @param packs everything stored where packs lie; looked at once, never held
 * @param used names of the packs of all complete backups whose lists could be read
 */
export async function countPacks(
  packs: AsyncIterable<BlobProperties> | Iterable<BlobProperties>,
  used: ReadonlySet<string>,
  unreadable: readonly UnreadableList[],
): Promise<PackCount> {
  const all = { count: 0, bytes: 0 };
  const unused = { count: 0, bytes: 0 };
  let newestTime: string | undefined;
  for await (const { name, bytes, createdTime } of packs) {
    all.count += 1;
    all.bytes += bytes;
    if (used.has(name)) continue;
    unused.count += 1;
    unused.bytes += bytes;
    if (newestTime === undefined || createdTime > newestTime) newestTime = createdTime;
  }
  if (unreadable.length > 0) return { ...all, unreadable };
  return { ...all, unused: { ...unused, ...optional({ newestTime }) }, unreadable };
}
