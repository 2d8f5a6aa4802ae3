/** Job `restore`: its input, and its result about what it restored. */
import { backupID, dataSets, identity, mostParts } from '../backup-format/manifest.ts';
import { packBytes } from '../backup-format/names.ts';
import {
  Misfit,
  distinct,
  integer,
  list,
  object,
  oneBy,
  oneOf,
  optional,
  patterns,
  text,
  where,
  type Of,
} from '../backup-format/schema.ts';
import { shareAccess } from './share.ts';
import {
  blobUrl,
  databaseFields,
  databaseSetName,
  encryptionKey,
  keyPaths,
  loadID,
  mostTrees,
  ownerFields,
  path,
  targetTree,
} from './values.ts';

/** An index part is closed at 8 MiB of text; compressed it is shorter. */
export const longestPartBytes = 64 * 1024 * 1024;

const blobFields = (longest: number) => ({
  url: blobUrl,
  bytes: integer(1, longest),
  sha256: text(patterns.sha256),
});
const blobToRead = object(blobFields(longestPartBytes));
export type BlobToRead = Of<typeof blobToRead>;

const packToRead = object({
  ...blobFields(packBytes.longest),
  /** The number that index records use. */
  number: integer(1),
});
export type PackToRead = Of<typeof packToRead>;

/** The part of the manifest that a restore needs. */
const backupToRead = object({
  backupID,
  identity,
  indexParts: list(blobToRead, { most: mostParts }),
  /** Absent in backups of format 1.0. */
  attributeParts: optional(list(blobToRead, { most: mostParts })),
  packs: where(list(packToRead, { most: 4_000_000 }), (packs) => {
    for (const [index, { number }] of packs.entries())
      if (number !== index + 1) throw new Misfit(`must be ${index + 1}`, `[${index}].number`);
  }),
  dataSets,
});
export type BackupToRead = Of<typeof backupToRead>;

/** Physical: files go into the stopped server's volume. Logical: statements go to a running server. */
const restoreDatabase = oneBy('kind', {
  Physical: object({
    kind: oneOf(['Physical']),
    /** Where the database's volume is mounted, for writing. */
    volumePath: path,
    /** The server's data directory below it, `.` for the volume itself. */
    dataDirectory: text(/^(\.|[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*)$/),
    /** Mount point of the volume shared with the companion that prepares the files. */
    exchange: path,
    ...ownerFields,
    /**
     * Files in the companion that can hold keys of encryption at rest, each where a backup may expect it; the
     * last one stands for any other place.
     */
    keyPaths: optional(keyPaths),
  }),
  Logical: object({ kind: oneOf(['Logical']), ...databaseFields }),
});
export type RestoreDatabase = Of<typeof restoreDatabase>;

const fields = object({
  type: oneOf(['restore']),
  /**
   * `Check` reads the whole index and writes nothing, so it can run beside a working stack. It checks whether
   * all packs exist, whether the key fits, whether there is room and (with Refuse) whether the places are
   * empty. Default `Restore`.
   */
  purpose: optional(oneOf(['Check', 'Restore'])),
  loadID,
  onData: oneOf(['Refuse', 'Replace']),
  backup: backupToRead,
  /** For a backup whose blobs lie on a share. */
  share: optional(shareAccess),
  database: optional(restoreDatabase),
  fileTrees: distinct(
    distinct(list(targetTree, { most: mostTrees }), ({ name }) => name),
    (tree) => tree.path,
  ),
  encryption: optional(encryptionKey),
  limits: object({
    bytesPerSecond: optional(integer(1024)),
    downloads: optional(integer(1, 32)),
    threads: optional(integer(1, 16)),
  }),
});
export type RestoreJobInput = Of<typeof fields>;
export const restoreJobInput = where(fields, checkTargets);

/** Every data set has its place, and only its own. */
function checkTargets({ backup, database: target, fileTrees }: RestoreJobInput): void {
  for (const { name, kind } of backup.dataSets) {
    const hasPlace =
      kind === 'FileTree'
        ? fileTrees.some((tree) => tree.name === name)
        : name === databaseSetName && target?.kind === kind;
    if (!hasPlace) throw new Misfit(`data set ${name} (${kind}) of the backup has no place to go to`);
  }
  const strange = fileTrees.find(
    ({ name }) => !backup.dataSets.some((set) => set.kind === 'FileTree' && set.name === name),
  );
  if (strange !== undefined) throw new Misfit(`file tree ${strange.name} is not in the backup`);
  if (target !== undefined && !backup.dataSets.some(({ kind }) => kind === target.kind))
    throw new Misfit('there is a place for a database, but none in the backup');
}

export const restoreJobResult = object({
  loadID,
  backupID,
  database: optional(
    object({
      files: integer(),
      bytes: integer(),
      tables: optional(integer()),
      rows: optional(integer()),
    }),
  ),
  fileTrees: list(
    object({
      name: text(patterns.setName),
      files: integer(),
      bytes: integer(),
      /**
       * Entries whose extended attributes or ACLs the host's file system does not accept; absent if there are
       * none.
       */
      withoutAttributes: optional(integer()),
    }),
    { most: mostTrees },
  ),
  downloadedBytes: integer(),
});
export type RestoreJobResult = Of<typeof restoreJobResult>;
