/** What the store has under a stack's identity: who wrote last, and what can be used again. */

import { backupTime } from '../../../backup-format/names.ts';
import type { JtelBackup, JtelStack } from '../../../crds/index.ts';
import { ownerOf } from '../../../runtime/git-owner.ts';
import { databaseWay } from '../../loading/restore-job.ts';
import { listBackups, parseSealed } from '../../stores/backup-catalog.ts';
import { newestSigned, unlessUnusable } from '../../stores/backup-doubt.ts';
import { searchSealed } from '../../stores/sealed-search.ts';
import type { Catalog } from '../../stores/trust.ts';
import type { History, Served } from './observed.ts';
import { optional } from '../../../base/optional.ts';

/** No more manifests are read to find the one that the same order asked for. */
const mostSearched = 100;

/** What makes a JtelBackup a repetition. */
export interface Repeatable {
  /** The time in the name of a late copy, see controllers/times/late-copy.ts. */
  readonly since: Date | undefined;
  /** See {@link orderOf}. */
  readonly order: GitOrder | undefined;
}

export interface GitOrder {
  readonly name: string;
  /** One that was deleted and created again has other data, and begins anew. */
  readonly stackUID: string;
}

/**
 * The order of git that the backup is, which counts once. One with a test restore does not: the store has what was made for it even
 * if it failed the test, or was never tested.
 */
export function orderOf(backup: JtelBackup, stack: JtelStack): GitOrder | undefined {
  const counts = ownerOf(backup) !== undefined && backup.spec.verify !== 'Restore';
  return counts ? { name: backup.metadata.name, stackUID: stack.metadata.uid } : undefined;
}

/**
 * What others wrote there does not count: it neither stops our backups nor serves one.
 * @param request what it may repeat
 * @throws {InputError} {@link BlobError}
 */
export async function readHistory(
  catalog: Catalog,
  identity: string,
  request: Repeatable,
  signal: AbortSignal,
): Promise<History> {
  const { manifest, ignored } = await newestSigned(catalog, identity, signal);
  const passed = ignored.length === 0 ? {} : { ignored };
  if (manifest === undefined) return passed;
  const { backupID, epoch, writer } = manifest;
  const served = await servedBefore(catalog, identity, request, signal);
  const keyID = manifest.encryption?.keyID;
  const seconds = (Date.parse(manifest.endTime) - Date.parse(manifest.startTime)) / 1000;
  return {
    newest: { backupID, epoch, writer },
    last: { epoch, database: databaseWay(manifest), seconds, ...optional({ keyID }) },
    ...optional({ served }),
    ...passed,
  };
}

async function servedBefore(
  catalog: Catalog,
  identity: string,
  { since, order }: Repeatable,
  signal: AbortSignal,
): Promise<Served | undefined> {
  const late = since === undefined ? undefined : await firstSince(catalog, identity, since, signal);
  if (late !== undefined) return { backupID: late, is: 'LateCopy' };
  const same = order === undefined ? undefined : await madeFor(catalog, identity, order, signal);
  return same === undefined ? undefined : { backupID: same, is: 'SameOrder' };
}

/** The newest backup of this stack that a JtelBackup of that name asked for. */
async function madeFor(
  catalog: Catalog,
  identity: string,
  { name, stackUID }: GitOrder,
  signal: AbortSignal,
): Promise<string | undefined> {
  const listed = await listBackups(catalog, identity, signal);
  let searched = 0;
  for await (const looked of searchSealed(catalog, identity, listed.backupIDs, listed, signal)) {
    if (looked.is !== 'Ours' || looked.sealed === undefined) continue;
    const { backupID, sealed } = looked;
    const manifest = unlessUnusable(() => parseSealed(catalog, identity, backupID, sealed).manifest);
    if (manifest?.request === name && manifest.writer.stackUID === stackUID) return backupID;
    searched += 1;
    if (searched >= mostSearched) return undefined;
  }
  return undefined;
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
