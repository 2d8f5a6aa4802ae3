/** What the store has under a stack's identity: who wrote last, and what can be used again. */

import { backupTime } from '../../../backup-format/names.ts';
import { databaseWay } from '../../loading/restore-job.ts';
import { listBackups } from '../../stores/backup-catalog.ts';
import { newestSigned } from '../../stores/backup-doubt.ts';
import { searchSealed } from '../../stores/sealed-search.ts';
import type { Catalog } from '../../stores/trust.ts';
import type { History } from './observed.ts';
import { optional } from '../../../base/optional.ts';

/**
 * What others wrote there does not count: it neither stops our backups nor serves one.
 * @param since the time in the name of a late copy, see controllers/times/late-copy.ts
 * @throws {InputError} {@link BlobError}
 */
export async function readHistory(
  catalog: Catalog,
  identity: string,
  since: Date | undefined,
  signal: AbortSignal,
): Promise<History> {
  const { manifest, ignored } = await newestSigned(catalog, identity, signal);
  const passed = ignored.length === 0 ? {} : { ignored };
  if (manifest === undefined) return passed;
  const { backupID, epoch, writer } = manifest;
  const served = since === undefined ? undefined : await firstSince(catalog, identity, since, signal);
  const keyID = manifest.encryption?.keyID;
  const seconds = (Date.parse(manifest.endTime) - Date.parse(manifest.startTime)) / 1000;
  return {
    newest: { backupID, epoch, writer },
    last: { epoch, database: databaseWay(manifest), seconds, ...optional({ keyID }) },
    ...optional({ served }),
    ...passed,
  };
}

async function firstSince(
  catalog: Catalog,
  identity: string,
  since: Date,
  signal: AbortSignal,
): Promise<string | undefined> {
  const listed = await listBackups(catalog, identity, signal);
  const later = listed.backupIDs.filter((id) => backupTime(id) >= since).toReversed();
  for await (const { backupID, is } of searchSealed(catalog, identity, later, listed, signal))
    if (is === 'Ours') return backupID;
  return undefined;
}
