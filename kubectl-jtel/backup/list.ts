/** `kubectl jtel backup list` shows what the store has, beside what the cluster knows of it. */
import { listBackups, readManifest } from '../../controllers/stores/backup-catalog.ts';
import type { Kit } from '../kit.ts';
import type { OutputOptions } from '../options.ts';
import { listOf, printObject } from '../output.ts';
import { backupLines, backupsView, type StoredBackup } from './view.ts';
import { packsLine } from './view-packs.ts';
import { inParallel } from './in-parallel.ts';
import { readPackCount } from './packs.ts';
import { backupObjects, findPlace, type BackupPlace, type PlaceOptions } from './place.ts';
import { whyUnusable } from './packs.ts';
import { optional } from '../../base/optional.ts';

export interface ListOptions extends PlaceOptions, OutputOptions {
  readonly limit: number;
  readonly packs?: boolean;
}

const readsAtOnce = 8;

export async function list(kit: Kit, name: string | undefined, options: ListOptions): Promise<void> {
  const { signal } = kit.call;
  const place = await findPlace(kit, name, options);
  const [{ backupIDs, future }, objects] = await Promise.all([
    listBackups(place, place.identity, signal),
    backupObjects(kit, name),
  ]);
  const ids = [...future, ...backupIDs];
  // All backups must be read to know which packs are used. Only the requested number is shown.
  const read = await inParallel(
    options.packs === true ? ids : ids.slice(0, options.limit),
    readsAtOnce,
    (backupID) => readBackup(kit, place, backupID, future.includes(backupID)),
  );
  const stored = read.slice(0, options.limit);
  const packs = options.packs === true ? await readPackCount(place, read, signal) : undefined;
  // Only those of this store and identity. Backups of another identity would look as if their data were
  // missing here.
  const own = objects.filter(
    ({ status }) => status?.identity === undefined || status.identity === place.identity,
  );
  const lines = backupLines({
    stored,
    known: ids,
    objects: own,
    revokedKeyIDs: place.trust.revokedKeyIDs,
  });
  if (options.output === 'json' || options.output === 'yaml')
    return await printObject(kit, { ...listOf(lines), ...optional({ packs }) }, options.output);
  const { width, ...view } = kit.view();
  if (lines.length === 0)
    kit.surroundings.note(`${place.blobs.description} has no backup of ${place.identity}`);
  else kit.print(backupsView(lines, options.output === 'wide' ? view : { ...view, width }));
  if (ids.length > stored.length)
    kit.surroundings.note(`… and ${ids.length - stored.length} older ones (--limit ${ids.length})`);
  const running = own
    .filter(({ status }) => status?.phase === 'Running' || status?.phase === 'Verifying')
    .map(({ metadata }) => metadata.name);
  if (packs !== undefined) kit.print([packsLine(packs, running, view.now)]);
}

/** A backup that cannot be read is shown as such. */
async function readBackup(
  kit: Kit,
  place: BackupPlace,
  backupID: string,
  isFuture: boolean,
): Promise<StoredBackup> {
  if (isFuture) return { backupID, problem: 'its time has not come yet, so no operator of ours made it' };
  try {
    const { manifest, seal } = await readManifest(place, place.identity, backupID, kit.call.signal);
    return { backupID, manifest, seal };
  } catch (error) {
    return { backupID, problem: whyUnusable(error) };
  }
}
