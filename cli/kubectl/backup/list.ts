/** `kubectl jtel backup list`: what the store has, beside what the cluster knows of it. */
import { listBackups, readManifest, type CatalogEntry } from '../../../controllers/backup-catalog.ts';
import { InputError } from '../../../controllers/input-error.ts';
import type { Kit } from '../kit.ts';
import type { OutputOptions } from '../options.ts';
import { listOf, printObject } from '../output.ts';
import { backupLines, backupsView, type StoredBackup } from '../view/backups.ts';
import { inParallel } from './in-parallel.ts';
import { backupObjects, findPlace, type BackupPlace, type PlaceOptions } from './place.ts';

export interface ListOptions extends PlaceOptions, OutputOptions {
  readonly limit: number;
}

const readsAtOnce = 8;

export async function list(kit: Kit, name: string | undefined, options: ListOptions): Promise<void> {
  const place = await findPlace(kit, name, options);
  const [ids, objects] = await Promise.all([listBackups(place.blobs, place.identity, kit.call.signal), backupObjects(kit, name)]);
  const stored = await inParallel(ids.slice(0, options.limit), readsAtOnce, (backupID) => read(kit, place, backupID));
  // Only those of this store and name: another identity's would look as if its data were missing here.
  const own = objects.filter(({ status }) => status?.identity === undefined || status.identity === place.identity);
  const lines = backupLines({ stored, known: ids, objects: own });
  if (options.output === 'json' || options.output === 'yaml') return await printObject(kit, listOf(lines), options.output);
  if (lines.length === 0) return kit.surroundings.tell(`${place.blobs.description} has no backup of ${place.identity}`);
  const { width, ...view } = kit.view();
  kit.print(backupsView(lines, options.output === 'wide' ? view : { ...view, width }));
  if (ids.length > stored.length) kit.surroundings.tell(`… and ${ids.length - stored.length} older ones (--limit ${ids.length})`);
}

/** One that cannot be read is shown as such: it must not hide the others. */
async function read(kit: Kit, { blobs, identity }: BackupPlace, backupID: string): Promise<StoredBackup> {
  try {
    const { manifest }: CatalogEntry = await readManifest(blobs, identity, backupID, kit.call.signal);
    return { backupID, manifest };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { backupID, problem: error.message };
  }
}
