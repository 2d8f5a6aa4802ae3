/**
 * The backups of a store: which there are, what a manifest says, who signed it, and whether everything that it names is there.
 * Nothing in the store is trusted, because others may have written it. It needs no JtelBackup object, so it works in a cluster
 * that lost all of them.
 */
import { createHash } from 'node:crypto';
import { createZstdDecompress } from 'node:zlib';
import { FormatError } from '../../backup-format/schema.ts';
import type { BackupToRead, BlobToRead } from '../../jobs/restore.ts';
import {
  longestManifestBytes,
  parseManifest,
  type Manifest,
  type StoredBlob,
} from '../../backup-format/manifest.ts';
import { backupTime, isBackupID, isIdentity, manifestName, paths } from '../../backup-format/names.ts';
import { sealOf, type Seal } from '../../backup-format/signature.ts';
import { longestPackListBytes, PackListReader } from '../../backup-format/pack-list.ts';
import type { PackRecord } from '../../backup-format/record.ts';
import type { BlobProperties, BlobStore } from '../../blob-store/blob-store.ts';
import { readOr } from '../../blob-store/read.ts';
import { InputError } from '../inputs/input-error.ts';
import { requireTrusted, type Catalog, type Consent } from './trust.ts';

/** No more names below one folder are read. A store with more gives an error, instead of a search without end. */
const mostListed = 1_000_000;
/** A stack has a folder of packs for each month of its life. */
const mostEpochs = 10_000;
/** The longest stored pack list. zstd hardly makes digests smaller. */
const longestStoredListBytes = longestPackListBytes;
const mostExamples = 3;

/** A backup as its manifest describes it. */
export interface CatalogEntry {
  readonly manifest: Manifest;
  /** sha256 of the manifest's bytes. */
  readonly manifestDigest: string;
  readonly seal: Seal;
}

export interface LoadedBackup extends CatalogEntry {
  readonly packs: readonly PackRecord[];
}

/** backupIDs that have a manifest, newest first. */
export interface Listed {
  readonly backupIDs: readonly string[];
  /** Of times that have not come yet: none of ours can be. */
  readonly future: readonly string[];
  /** What the listing says of each manifest. Another content has another mark. */
  readonly marks: ReadonlyMap<string, string>;
}

/** Clocks of two clusters may differ by so much. */
const futureMilliseconds = 3_600_000;

/**
 * @throws {BlobError} when the store cannot be listed: that is not "no backup".
 * @throws {InputError}
 */
export async function listBackups(
  { blobs, trust }: Catalog,
  identity: string,
  signal: AbortSignal,
): Promise<Listed> {
  if (!isIdentity(identity))
    throw new InputError(
      'SpecInvalid',
      `"${identity}" cannot be the identity of a stack: it needs lower-case letters, digits, "-" and ".".`,
    );
  const folder = paths.backups(identity);
  const marks = new Map<string, string>();
  let listed = 0;
  for await (const { name, bytes, md5 = '', createdTime } of blobs.list(folder, signal)) {
    listed += 1;
    if (listed > mostListed)
      throw new InputError(
        'BackupInvalid',
        `${blobs.description} has more than ${mostListed} objects below ${folder}: name a backupID.`,
      );
    const [backupID = '', file, ...rest] = name.slice(folder.length).split('/');
    if (file === manifestName && rest.length === 0 && isBackupID(backupID))
      marks.set(backupID, `${bytes} ${md5} ${createdTime}`);
  }
  const latest = trust.now().getTime() + futureMilliseconds;
  const isFuture = (backupID: string): boolean => backupTime(backupID).getTime() > latest;
  const newestFirst = [...marks.keys()].toSorted().toReversed();
  return {
    backupIDs: newestFirst.filter((backupID) => !isFuture(backupID)),
    future: newestFirst.filter(isFuture),
    marks,
  };
}

/**
 * Says who signed it, and refuses nobody; {@link requireTrusted} does.
 * @throws {InputError} `BackupNotFound`, `BackupInvalid`, `BackupFormatNewer` {@link BlobError}
 */
export async function readManifest(
  catalog: Catalog,
  identity: string,
  backupID: string,
  signal: AbortSignal,
): Promise<CatalogEntry> {
  return parseSealed(catalog, identity, backupID, await readSealed(catalog, identity, backupID, signal));
}

/** A manifest that is not parsed yet: what nobody signed need not be. */
export interface SealedManifest {
  readonly bytes: Buffer;
  readonly seal: Seal;
}

/** @throws {InputError} `BackupNotFound` {@link BlobError} */
export async function readSealed(
  catalog: Catalog,
  identity: string,
  backupID: string,
  signal: AbortSignal,
): Promise<SealedManifest> {
  const { blobs, trust } = catalog;
  const what = `backup ${backupID} of ${identity} in ${blobs.description}`;
  if (!isBackupID(backupID) || !isIdentity(identity)) {
    throw new InputError(
      'BackupNotFound',
      `There is no ${what}: a backupID looks like 20260105t020000z-3f9a1c; list them with "kubectl jtel backup list".`,
    );
  }
  const bytes = await readOr(
    blobs,
    paths.manifest(identity, backupID),
    longestManifestBytes,
    signal,
    async () => {
      const { backupIDs: known } = await listBackups(catalog, identity, signal);
      const newest =
        known.length === 0 ? 'no backup at all' : `as its newest ${known.slice(0, 5).join(', ')}`;
      return new InputError(
        'BackupNotFound',
        `There is no ${what}; under that identity the store has ${newest}.`,
      );
    },
  );
  return { bytes, seal: sealOf(bytes, trust.keys) };
}

/** @throws {InputError} `BackupInvalid`, `BackupFormatNewer` */
export function parseSealed(
  { blobs }: Catalog,
  identity: string,
  backupID: string,
  { bytes, seal }: SealedManifest,
): CatalogEntry {
  const what = `backup ${backupID} of ${identity} in ${blobs.description}`;
  const manifest = checkFormat(what, () => parseManifest(bytes.toString(), { identity, backupID }));
  return { manifest, manifestDigest: sha256(bytes), seal };
}

/**
 * Reads manifest and pack list of a backup that counts, or that somebody consented to; {@link requireComplete} checks that the
 * packs are there.
 * @throws as {@link readManifest} and {@link requireTrusted}
 */
export async function loadBackup(
  catalog: Catalog,
  identity: string,
  backupID: string,
  consent: Consent,
  signal: AbortSignal,
): Promise<LoadedBackup> {
  const entry = await readManifest(catalog, identity, backupID, signal);
  requireTrusted(catalog, entry, consent);
  return { ...entry, packs: await readPackList(catalog.blobs, entry.manifest, signal) };
}

/** The packs of a backup with this manifest, which need not be stored yet. @throws as {@link readManifest} */
export async function readPackList(
  store: BlobStore,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<readonly PackRecord[]> {
  const { identity, backupID, packList, totals } = manifest;
  const what = `backup ${backupID} of ${identity} in ${store.description}`;
  if (packList.bytes > longestStoredListBytes)
    throw invalid(what, `its list of packs has ${packList.bytes} bytes, more than is ever read`);
  const stored = await readOr(
    store,
    paths.part(identity, backupID, packList.name),
    packList.bytes,
    signal,
    () => Promise.resolve(invalid(what, 'its list of packs is missing')),
  );
  requireDigest(what, packList, stored);
  const packs = await unpacked(stored, new PackListReader(backupID)).catch((error: unknown) => {
    const problem = error instanceof FormatError ? error.message : 'its list of packs is not readable';
    throw invalid(what, problem, error);
  });
  const storedBytes = packs.reduce((sum, { bytes }) => sum + bytes, 0);
  if (packs.length !== totals.packs || storedBytes !== totals.storedBytes) {
    throw invalid(
      what,
      `its manifest counts ${totals.packs} packs of ${totals.storedBytes} bytes, the list has ${packs.length} of ${storedBytes}`,
    );
  }
  return packs;
}

/** It is read piece by piece: between two pieces others get their turn. */
async function unpacked(stored: Buffer, reader: PackListReader): Promise<readonly PackRecord[]> {
  const decompress = createZstdDecompress();
  decompress.end(stored);
  for await (const piece of decompress) reader.take((piece as Buffer).toString('latin1'));
  return reader.end();
}

/**
 * As {@link requireStored}, before the backup is read.
 * @throws {InputError} `BackupInvalid`; `BlobArchived` names what must be rehydrated {@link BlobError}
 */
export async function requireComplete(
  store: BlobStore,
  backup: LoadedBackup,
  signal: AbortSignal,
): Promise<void> {
  const archived = await requireStored(store, backup, signal);
  if (archived.length > 0) throw notReadable(store, backup, archived);
}

/**
 * Proves by a list that each pack and each part of the backup is there, with its length and (packs) the MD5 that the store
 * itself computed. It reads the small documents. The job reads the index parts and compares them with their digests.
 * @returns objects that are there but in the archive tier, so they cannot be read
 * @throws {InputError} `BackupInvalid` naming what is missing or different {@link BlobError}
 */
export async function requireStored(
  store: BlobStore,
  backup: LoadedBackup,
  signal: AbortSignal,
): Promise<readonly BlobProperties[]> {
  const { manifest, packs } = backup;
  const { identity, backupID } = manifest;
  const what = `backup ${backupID} of ${identity} in ${store.description}`;
  const problems: string[] = [];
  const archived: BlobProperties[] = [];
  const folder = paths.backup(identity, backupID);
  const named = [
    ...manifest.indexParts,
    ...(manifest.attributeParts ?? []),
    manifest.packList,
    ...manifest.documents,
  ];
  const parts = await findListed(store, folder, new Set(named.map(({ name }) => `${folder}${name}`)), signal);
  for (const part of named) {
    const found = parts.get(`${folder}${part.name}`);
    if (found === undefined) problems.push(`${part.name} is missing`);
    else if (found.bytes !== part.bytes)
      problems.push(`${part.name} has ${found.bytes} bytes instead of ${part.bytes}`);
    else if (found.archive !== undefined) archived.push(found);
  }
  const byEpoch = Map.groupBy(packs, (pack) => pack.epoch);
  if (byEpoch.size > mostEpochs)
    throw invalid(what, `its packs lie in ${byEpoch.size} folders, more than are ever read`);
  for (const [epoch, wanted] of byEpoch) {
    const pathOf = (pack: PackRecord): string => paths.pack(identity, epoch, pack.sha256);
    const names = new Set(wanted.map(pathOf));
    const there = await findListed(store, paths.packs(identity, epoch), names, signal);
    for (const pack of wanted) {
      const found = there.get(pathOf(pack));
      if (found === undefined) problems.push(`pack ${epoch}/${pack.sha256} is missing`);
      else if (found.bytes !== pack.bytes)
        problems.push(`pack ${epoch}/${pack.sha256} has ${found.bytes} bytes instead of ${pack.bytes}`);
      else if (found.md5 !== undefined && found.md5 !== hexOf(pack.md5))
        problems.push(`pack ${epoch}/${pack.sha256} has other content (MD5)`);
      else if (found.archive !== undefined) archived.push(found);
    }
  }
  for (const document of manifest.documents) {
    if (problems.length + archived.length > 0) break;
    requireDigest(what, document, await store.read(`${folder}${document.name}`, document.bytes, signal));
  }
  if (problems.length === 0) return archived;
  const more = problems.length > mostExamples ? ` and ${problems.length - mostExamples} more` : '';
  throw invalid(
    what,
    `${problems.slice(0, mostExamples).join('; ')}${more}${await versionsHint(store, signal)}`,
  );
}

/** The store may still have a version of what somebody overwrote or deleted. */
async function versionsHint(store: BlobStore, signal: AbortSignal): Promise<string> {
  const policy = await store.policy(signal).catch(() => undefined);
  signal.throwIfAborted();
  return policy?.versioning === true
    ? ' (the container keeps earlier versions: what was there before can be made the current version again, see docs/stores.md)'
    : '';
}

function notReadable(
  store: BlobStore,
  { manifest, packs }: LoadedBackup,
  archived: readonly BlobProperties[],
): InputError {
  const { identity, backupID, indexParts, attributeParts = [], documents } = manifest;
  const pending = archived.filter(({ archive }) => archive === 'Rehydrating').length;
  const folders = new Set(archived.map(({ name }) => name.slice(0, name.lastIndexOf('/') + 1)));
  const total = packs.length + indexParts.length + attributeParts.length + documents.length + 1;
  const coming = pending === 0 ? '' : `, of which ${pending} are on their way out`;
  const ask = 'set the tier of the blobs there to Hot or Cool, which takes up to 15 hours (docs/stores.md)';
  return new InputError(
    'BlobArchived',
    `The backup ${backupID} of ${identity} in ${store.description} is whole, but ${archived.length} of its ${total} objects lie in the archive tier${coming}, where they cannot be read (such as ${archived[0]?.name}). Nothing was touched. Rehydrate ${[...folders].join(' and ')}: ${ask}, and ask again.`,
  );
}

/** What a restore job gets: for each part a URL that can only read it, until it expires. These are secrets. */
export async function signedBackup(
  store: BlobStore,
  backup: LoadedBackup,
  lifetimeSeconds: number,
): Promise<BackupToRead> {
  const { manifest, packs } = backup;
  const { identity, backupID } = manifest;
  const part = async ({ name, bytes, sha256: digest }: StoredBlob): Promise<BlobToRead> => ({
    url: await store.readUrl(paths.part(identity, backupID, name), lifetimeSeconds),
    bytes,
    sha256: digest,
  });
  return {
    backupID,
    identity,
    dataSets: manifest.dataSets,
    indexParts: await Promise.all(manifest.indexParts.map(part)),
    ...(manifest.attributeParts === undefined
      ? {}
      : { attributeParts: await Promise.all(manifest.attributeParts.map(part)) }),
    packs: await Promise.all(
      packs.map(async ({ number, epoch, bytes, sha256: digest }) => ({
        number,
        url: await store.readUrl(paths.pack(identity, epoch, digest), lifetimeSeconds),
        bytes,
        sha256: digest,
      })),
    ),
  };
}

/** Keeps only what is wanted: whoever may write below the folder decides how much lies there. */
async function findListed(
  store: BlobStore,
  folder: string,
  wanted: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, BlobProperties>> {
  const found = new Map<string, BlobProperties>();
  let listed = 0;
  for await (const blob of store.list(folder, signal)) {
    listed += 1;
    if (listed > mostListed)
      throw new InputError(
        'BackupInvalid',
        `${store.description} has more than ${mostListed} objects below ${folder}: find out who wrote them.`,
      );
    if (wanted.has(blob.name)) found.set(blob.name, blob);
    if (found.size === wanted.size) break;
  }
  return found;
}

function checkFormat<T>(what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    if (error.reason === 'NewerFormat')
      throw new InputError('BackupFormatNewer', `${what}: ${error.message}.`, error);
    throw invalid(what, error.message, error);
  }
}

function requireDigest(what: string, { name, bytes, sha256: digest }: StoredBlob, content: Buffer): void {
  if (content.length !== bytes || sha256(content) !== digest)
    throw invalid(what, `${name} is not what the manifest says (sha256)`);
}

function invalid(what: string, problem: string, cause?: unknown): InputError {
  return new InputError(
    'BackupInvalid',
    `The ${what} cannot be used: ${problem}. Nothing was touched; take another backup.`,
    cause,
  );
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The port's lists have MD5 in hex, documents of the format in base64. */
function hexOf(base64: string): string {
  return Buffer.from(base64, 'base64').toString('hex');
}
