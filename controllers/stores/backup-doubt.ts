/**
 * Finds backups that look as if the stack had lost its data. Each backup is compared with the last good one, and its manifest
 * has the result. So the next backup knows what to compare with, however many doubtful ones lie between. And a reader in an
 * empty cluster knows which backup not to begin with. Whoever knows better accepts a backup, by an annotation of the stack.
 */

import { isBackupID } from '../../backup-format/names.ts';
import type { Doubt, Manifest } from '../../backup-format/manifest.ts';
import { BlobError, type BlobStore } from '../../blob-store/blob-store.ts';
import { annotations, type JtelStack } from '../../crds/index.ts';
import { listBackups, readManifest } from './backup-catalog.ts';
import { InputError } from '../inputs/input-error.ts';
import { databaseWay } from '../loading/restore-job.ts';
import { optional } from '../../base/optional.ts';

/** A backup smaller than this share of the last good one is in doubt. */
const shrunk = 0.5;
/** No more manifests are read to find one of the same method. */
const mostCompared = 40;

/** Somebody accepted all backups up to this backupID. */
export function acceptedBackup({ metadata }: Pick<JtelStack, 'metadata'>): string | undefined {
  const accepted = metadata.annotations?.[annotations.acceptBackup];
  return accepted !== undefined && isBackupID(accepted) ? accepted : undefined;
}

/** The command that accepts a backup. */
export function howToAccept({ namespace, name }: JtelStack['metadata'], backupID: string): string {
  return `kubectl annotate jtelstack ${name} -n ${namespace} --overwrite ${annotations.acceptBackup}=${backupID}`;
}

/** Whether the backup lacks the content of a data set, and nobody has accepted that. */
export function isEmptied(
  { backupID, doubt }: Pick<Manifest, 'backupID' | 'doubt'>,
  accepted: string | undefined,
): boolean {
  return (doubt?.emptied ?? []).length > 0 && !isAcceptedBackup(backupID, accepted);
}

/** Whether somebody has accepted the backup. */
export function isAcceptedBackup(backupID: string, accepted: string | undefined): boolean {
  return accepted !== undefined && backupID <= accepted;
}

export interface Compared {
  /** The backup before. */
  readonly previous?: Manifest;
  /** The newest earlier backup of the same method. Sizes of different methods cannot be compared. */
  readonly sameMethod?: Manifest;
  readonly accepted: string | undefined;
}

/** What a backup lacks in comparison with the last good one; undefined when it lacks nothing. */
export function doubtOf(
  manifest: Pick<Manifest, 'dataSets' | 'totals'>,
  { previous, sameMethod, accepted }: Compared,
): Doubt | undefined {
  const emptied = manifest.dataSets
    .filter((set) => contentOf(set) === 0)
    .map(({ name }) => ({
      dataSet: name,
      backupID: previous === undefined ? undefined : lastWith(name, previous, accepted),
    }))
    .filter((one): one is { dataSet: string; backupID: string } => one.backupID !== undefined);
  const reference = sameMethod === undefined ? undefined : sizeReference(sameMethod, accepted);
  const isShrunk = reference !== undefined && manifest.totals.totalBytes < reference.totalBytes * shrunk;
  if (emptied.length === 0 && !isShrunk) return undefined;
  return { emptied, ...(isShrunk ? { shrunkFrom: reference } : {}) };
}

/** The number of tables in a database, or of files in a tree. */
function contentOf({ kind, tables, files }: Manifest['dataSets'][number]): number {
  return kind === 'FileTree' ? files : (tables ?? 0);
}

function lastWith(name: string, previous: Manifest, accepted: string | undefined): string | undefined {
  const set = previous.dataSets.find((one) => one.name === name);
  if (set !== undefined && contentOf(set) > 0) return previous.backupID;
  if (isAcceptedBackup(previous.backupID, accepted)) return undefined;
  return previous.doubt?.emptied.find(({ dataSet }) => dataSet === name)?.backupID;
}

function sizeReference(
  { backupID, totals, doubt }: Manifest,
  accepted: string | undefined,
): NonNullable<Doubt['shrunkFrom']> {
  const own = { backupID, totalBytes: totals.totalBytes };
  return isAcceptedBackup(backupID, accepted) ? own : (doubt?.shrunkFrom ?? own);
}

/**
 * What a new backup is compared with. It skips manifests that cannot be read.
 * @throws {BlobError} when the store does not answer: that is not "nothing to compare with"
 */
export async function comparedWith(
  store: BlobStore,
  { identity, backupID, dataSets }: Pick<Manifest, 'identity' | 'backupID' | 'dataSets'>,
  accepted: string | undefined,
  signal: AbortSignal,
): Promise<Compared> {
  const way = databaseWay({ dataSets });
  let previous: Manifest | undefined;
  const older = (await listBackups(store, identity, signal))
    .filter((id) => id < backupID)
    .slice(0, mostCompared);
  for (const id of older) {
    const manifest = await readIfGood(store, identity, id, signal);
    if (manifest === undefined) continue;
    previous ??= manifest;
    if (databaseWay(manifest) === way) return { previous, sameMethod: manifest, accepted };
  }
  return { ...optional({ previous }), accepted };
}

export interface Choice {
  /** Undefined when there is none, or all are skipped. */
  readonly backupID?: string;
  /** Newer ones that lack content, newest first. */
  readonly skipped: readonly string[];
}

/**
 * The newest backup that should be restored. One whose manifest cannot be read is not skipped: its restore says what is wrong.
 * @throws {BlobError} when the store does not answer
 */
export async function newestGoodBackup(
  store: BlobStore,
  identity: string,
  accepted: string | undefined,
  signal: AbortSignal,
): Promise<Choice> {
  const skipped: string[] = [];
  for (const backupID of await listBackups(store, identity, signal)) {
    const manifest = await readIfGood(store, identity, backupID, signal);
    if (manifest === undefined || !isEmptied(manifest, accepted)) return { backupID, skipped };
    skipped.push(backupID);
  }
  return { skipped };
}

/** @throws {InputError} `BackupEmptied` when only such backups are there */
export function requireChoice({ backupID, skipped }: Choice, where: string): string | undefined {
  if (backupID !== undefined || skipped.length === 0) return backupID;
  throw new InputError(
    'BackupEmptied',
    `${where} has only backups without content that older ones had (${skipped.slice(0, 3).join(', ')}): to restore one of them, name its backupID.`,
  );
}

/** A sentence for people; empty when nothing was skipped. */
export function describeSkipped({ skipped }: Pick<Choice, 'skipped'>): string {
  if (skipped.length === 0) return '';
  const more = skipped.length > 3 ? ` and ${skipped.length - 3} more` : '';
  return `Newer backups were skipped, because they lack content that older ones had: ${skipped.slice(0, 3).join(', ')}${more}. To restore one of them, name its backupID.`;
}

async function readIfGood(
  store: BlobStore,
  identity: string,
  backupID: string,
  signal: AbortSignal,
): Promise<Manifest | undefined> {
  try {
    return (await readManifest(store, identity, backupID, signal)).manifest;
  } catch (error) {
    if (error instanceof InputError || (error instanceof BlobError && error.reason === 'BlobArchived'))
      return undefined;
    throw error;
  }
}
