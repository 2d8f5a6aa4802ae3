/**
 * Finds backups that look as if the stack had lost its data. Each backup is compared with the last good one, and its manifest
 * has the result. So the next backup knows what to compare with, however many doubtful ones lie between. And a reader in an
 * empty cluster knows which backup not to begin with. Whoever knows better accepts a backup, by an annotation of the stack.
 */

import { isBackupID } from '../../backup-format/names.ts';
import type { Doubt, Manifest } from '../../backup-format/manifest.ts';
import { annotations, type JtelStack, type Reason } from '../../crds/index.ts';
import { listBackups, parseSealed, readManifest, type SealedManifest } from './backup-catalog.ts';
import { searchSealed, type Looked } from './sealed-search.ts';
import type { Catalog } from './trust.ts';
import { InputError } from '../inputs/input-error.ts';
import { databaseWay } from '../loading/restore-job.ts';
import { optional } from '../../base/optional.ts';

/** A backup smaller than this share of the last good one is in doubt. */
const shrunk = 0.5;
/** No more manifests are read to find one of the same method. */
const mostCompared = 40;
/** No more manifests that do not count are kept to be told, and no more of the future. The search does not end with them. */
const mostTold = 200;
const mostFutureTold = 10;

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
 * What a new backup is compared with. It skips manifests that cannot be read, or do not count.
 * @throws {BlobError} when the store does not answer: that is not "nothing to compare with"
 */
export async function comparedWith(
  catalog: Catalog,
  { identity, backupID, dataSets }: Pick<Manifest, 'identity' | 'backupID' | 'dataSets'>,
  accepted: string | undefined,
  signal: AbortSignal,
): Promise<Compared> {
  const way = databaseWay({ dataSets });
  let previous: Manifest | undefined;
  let compared = 0;
  const listed = await listBackups(catalog, identity, signal);
  const older = listed.backupIDs.filter((id) => id < backupID);
  for await (const looked of searchSealed(catalog, identity, older, listed, signal)) {
    if (looked.is !== 'Ours' || looked.sealed === undefined) continue;
    const { backupID: id, sealed } = looked;
    compared += 1;
    const manifest = unlessUnusable(() => parseSealed(catalog, identity, id, sealed).manifest);
    if (manifest !== undefined) {
      previous ??= manifest;
      if (databaseWay(manifest) === way) return { previous, sameMethod: manifest, accepted };
    }
    if (compared >= mostCompared) break;
  }
  return { ...optional({ previous }), accepted };
}

/** Why a manifest in the store does not count. */
export type WhyIgnored = 'Future' | Exclude<Looked['is'], 'Ours'>;

export interface Ignored {
  readonly backupID: string;
  readonly why: WhyIgnored;
}

export interface Choice {
  /** Undefined when there is none, or all are skipped. */
  readonly backupID?: string;
  /** Newer ones that lack content, newest first. */
  readonly skipped: readonly string[];
  /** Newer ones that do not count, those of the future first; absent when there are none. */
  readonly ignored?: readonly Ignored[];
}

interface Newest {
  readonly backupID: string;
  readonly sealed: SealedManifest | undefined;
}

/**
 * Looks at the signed backups, newest first, until one is the wanted one.
 * @param isWanted gets no `sealed` for one of ours in the archive tier, which nobody can judge
 * @throws {BlobError} when the store does not answer
 */
async function findNewest(
  catalog: Catalog,
  identity: string,
  signal: AbortSignal,
  isWanted: (newest: Newest) => boolean,
): Promise<{ readonly found?: Newest; readonly ignored: readonly Ignored[] }> {
  const listed = await listBackups(catalog, identity, signal);
  const { backupIDs, future } = listed;
  const ignored: Ignored[] = future.slice(0, mostFutureTold).map((backupID) => ({ backupID, why: 'Future' }));
  for await (const looked of searchSealed(catalog, identity, backupIDs, listed, signal)) {
    const { backupID } = looked;
    if (looked.is !== 'Ours') {
      if (ignored.length < mostTold || looked.is === 'NotRead') ignored.push({ backupID, why: looked.is });
      continue;
    }
    const { sealed } = looked;
    if (isWanted({ backupID, sealed })) return { found: { backupID, sealed }, ignored };
  }
  return { ignored };
}

/** The newest backup that counts, and what was passed over. */
export interface NewestSigned {
  readonly manifest?: Manifest;
  readonly ignored: readonly Ignored[];
}

/** @throws {InputError} when it cannot be read {@link BlobError} */
export async function newestSigned(
  catalog: Catalog,
  identity: string,
  signal: AbortSignal,
): Promise<NewestSigned> {
  const { found, ignored } = await findNewest(catalog, identity, signal, () => true);
  if (found === undefined) return { ignored };
  const { backupID, sealed } = found;
  const entry =
    sealed === undefined
      ? await readManifest(catalog, identity, backupID, signal)
      : parseSealed(catalog, identity, backupID, sealed);
  return { manifest: entry.manifest, ignored };
}

/**
 * The newest backup that should be restored, of those that count. One that is ours and cannot be read is not skipped: its
 * restore says what is wrong.
 * @throws {BlobError} when the store does not answer
 */
export async function newestGoodBackup(
  catalog: Catalog,
  identity: string,
  accepted: string | undefined,
  signal: AbortSignal,
): Promise<Choice> {
  const skipped: string[] = [];
  const { found, ignored } = await findNewest(catalog, identity, signal, ({ backupID, sealed }) => {
    const manifest =
      sealed === undefined
        ? undefined
        : unlessUnusable(() => parseSealed(catalog, identity, backupID, sealed).manifest);
    if (manifest === undefined || !isEmptied(manifest, accepted)) return true;
    skipped.push(backupID);
    return false;
  });
  return {
    ...(found === undefined ? {} : { backupID: found.backupID }),
    skipped,
    ...(ignored.length === 0 ? {} : { ignored }),
  };
}

/** @throws {InputError} when backups are there, and none of them is to be chosen: that is not "no backup" */
export function requireChoice(
  { backupID, skipped, ignored = [] }: Choice,
  where: string,
): string | undefined {
  if (backupID !== undefined) return backupID;
  if (skipped.length > 0)
    throw new InputError(
      'BackupEmptied',
      `${where} has only backups without content that older ones had (${skipped.slice(0, 3).join(', ')}): to restore one of them, name its backupID.`,
    );
  if (ignored.length > 0) throw noneCounts(ignored, where);
  return undefined;
}

/** A sentence for people; empty when nothing was skipped. */
export function describeSkipped({ skipped, ignored = [] }: Pick<Choice, 'skipped' | 'ignored'>): string {
  const more = skipped.length > 3 ? ` and ${skipped.length - 3} more` : '';
  const emptied =
    skipped.length === 0
      ? ''
      : `Newer backups were skipped, because they lack content that older ones had: ${skipped.slice(0, 3).join(', ')}${more}. To restore one of them, name its backupID.`;
  return [emptied, describeIgnored(ignored)].filter((one) => one !== '').join(' ');
}

/** A sentence for people; empty when there are none. */
export function describeIgnored(ignored: readonly Ignored[]): string {
  return ignored.length === 0
    ? ''
    : `The store has newer manifests that do not count: ${listIgnored(ignored)}. Find out who wrote them.`;
}

/** A store that has only such. */
function noneCounts(ignored: readonly Ignored[], where: string): InputError {
  const isThere = (kind: string): boolean => ignored.some(({ why }) => why === kind);
  const met = Object.entries(kindsIgnored).filter(([kind]) => isThere(kind));
  // Signed ones may lie behind: nobody should be asked for consent instead of looking for them.
  const isHelpful = (kind: string): boolean => kind !== 'Unsigned' || !isThere('NotRead');
  const advice = met.filter(([kind]) => isHelpful(kind)).map(([, kind]) => kind.advice);
  return new InputError(
    met[0]?.[1].reason ?? 'BackupInvalid',
    `${where} has only backups that do not count: ${listIgnored(ignored)}. ${advice.join(' ')}`,
  );
}

interface KindIgnored {
  /** What such a manifest is. */
  readonly said: string;
  readonly reason: Reason;
  /** What to do where there are no others. */
  readonly advice: string;
}

/** The first of these that is met gives the reason. */
const kindsIgnored: Readonly<Record<WhyIgnored, KindIgnored>> = {
  UnknownKey: {
    said: 'signed with a key that the store does not trust',
    reason: 'BackupSignerUnknown',
    advice:
      'If you have the key of the operator that made them on paper, add it to spec.trustedKeys of the JtelBackupStore (docs/recovery.md).',
  },
  NotRead: {
    said: 'the first of those that were not read, because too many before it do not count',
    reason: 'BackupInvalid',
    advice:
      'Signed ones may be among those that were not read: to restore one, create a JtelRestore that names its backupID; a signed one needs no consent.',
  },
  Archived: {
    said: 'in the archive tier, where nobody can check who signed it',
    reason: 'BlobArchived',
    advice: 'Rehydrate the manifests in the archive tier, with all that their backups need (docs/stores.md).',
  },
  Unsigned: {
    said: 'not signed',
    reason: 'BackupUnsigned',
    advice:
      'To restore one from an operator before 0.2, create a JtelRestore that names its backupID, with unsigned Accept; or consent by an annotation of the stack (docs/recovery.md).',
  },
  Wrong: {
    said: 'with a wrong signature',
    reason: 'BackupInvalid',
    advice:
      'Somebody wrote or changed those with a wrong signature; nobody can consent to them. Find out who may write to the store.',
  },
  Future: {
    said: 'of a time that has not come yet',
    reason: 'BackupInvalid',
    advice:
      'Compare the clock of the operator with that of the computer that made them. To restore one all the same, create a JtelRestore that names its backupID.',
  },
};

/** That the search ended early is always told, because signed ones may lie behind. */
function listIgnored(ignored: readonly Ignored[]): string {
  const told = [...ignored.slice(0, 3), ...ignored.slice(3).filter(({ why }) => why === 'NotRead')];
  const shown = told.map(({ backupID, why }) => `${backupID} (${kindsIgnored[why].said})`);
  const more = ignored.length - told.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

export function unlessUnusable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}
