/** What the store has under a stack's identity: who wrote last, and what can be used again. */

import type { Manifest } from '../../../backup-format/manifest.ts';
import { backupTime } from '../../../backup-format/names.ts';
import type { BlobStore } from '../../../blob-store/blob-store.ts';
import { listBackups, readManifest } from '../../stores/backup-catalog.ts';
import type { History } from './observed.ts';
import { optional } from '../../../base/optional.ts';

/** @throws {InputError} {@link BlobError} */
export async function newestManifest(
  store: BlobStore,
  identity: string,
  signal: AbortSignal,
): Promise<Manifest | undefined> {
  const [backupID] = await listBackups(store, identity, signal);
  return backupID === undefined
    ? undefined
    : (await readManifest(store, identity, backupID, signal)).manifest;
}

/** @param since the time in the name of a late copy, see controllers/times/late-copy.ts */
export async function readHistory(
  store: BlobStore,
  identity: string,
  since: Date | undefined,
  signal: AbortSignal,
): Promise<History> {
  const manifest = await newestManifest(store, identity, signal);
  if (manifest === undefined) return {};
  const { backupID, epoch, writer } = manifest;
  const served =
    since === undefined
      ? undefined
      : (await listBackups(store, identity, signal)).findLast((id) => backupTime(id) >= since);
  return { newest: { backupID, epoch, writer }, ...optional({ served }) };
}
