/** `kubectl jtel backup show` describes one backup by its manifest. */
import { readManifest } from '../../controllers/stores/backup-catalog.ts';
import type { Kit } from '../kit.ts';
import type { OutputOptions } from '../options.ts';
import { printObject } from '../output.ts';
import { backupView } from './view.ts';
import { backupObjects, findPlace, resolveBackupID, type PlaceOptions } from './place.ts';

export async function show(
  kit: Kit,
  name: string,
  backup: string,
  options: PlaceOptions & OutputOptions,
): Promise<void> {
  const place = await findPlace(kit, name, options);
  const backupID = await resolveBackupID(kit, place, backup);
  const { manifest, manifestDigest, seal } = await readManifest(
    place,
    place.identity,
    backupID,
    kit.call.signal,
  );
  if (options.output === 'json' || options.output === 'yaml')
    return await printObject(kit, manifest, options.output);
  const object = (await backupObjects(kit, name)).find(({ status }) => status?.backupID === backupID);
  const { revokedKeyIDs } = place.trust;
  kit.print(backupView({ manifest, digest: manifestDigest, seal, revokedKeyIDs, object }, kit.view()));
}
