/** Job `backup`: its input, and its result about what it stored. */
import { databaseKinds } from '../backup-format/data-set.ts';
import {
  backupID,
  blobName,
  databaseKeys,
  dataSets,
  epoch,
  identity,
  mostParts,
  position,
  server,
} from '../backup-format/manifest.ts';
import {
  Misfit,
  distinct,
  informing,
  integer,
  list,
  object,
  oneOf,
  optional,
  patterns,
  text,
  where,
  type Of,
} from '../backup-format/schema.ts';
import { createGrant } from './grant.ts';
import {
  blobUrl,
  databaseFields,
  databaseSetName,
  encryptionKey,
  keyPaths,
  mostTrees,
  path,
  sourceTree,
} from './values.ts';

/**
 * An index part whose chunks need not be stored again. It has one of the two digests: parts of Completed
 * backups have the manifest's sha256, those of an interrupted try the Content-MD5 (base64) of a listing.
 */
const knownIndexPart = where(
  object({
    url: blobUrl,
    bytes: integer(1, 256 * 1024 * 1024),
    sha256: optional(text(patterns.sha256)),
    md5: optional(text(patterns.md5)),
  }),
  ({ sha256, md5 }) => {
    if (sha256 === undefined && md5 === undefined) throw new Misfit('has neither sha256 nor md5');
  },
);
export type KnownIndexPart = Of<typeof knownIndexPart>;

const backupDatabase = object({
  kind: oneOf(databaseKinds),
  /**
   * Mount point of the volume shared with the companion ({@link ./companion.ts}); only with kind Physical.
   */
  exchange: path,
  ...databaseFields,
  /**
   * Key files of encryption at rest that the release brings. A backup that needs another key could be
   * restored nowhere.
   */
  keyPaths: optional(keyPaths),
  /** The keys in them; the backup names those that it needs. */
  keys: optional(databaseKeys),
});
export type BackupDatabase = Of<typeof backupDatabase>;

/** Mounted read-only. */
const backupTree = where(sourceTree, ({ name }) => {
  if (name === databaseSetName)
    throw new Misfit(`must not be ${databaseSetName}: that is the database's`, 'name');
});
export type BackupFileTree = Of<typeof backupTree>;

export const backupJobInput = where(
  object({
    type: oneOf(['backup']),
    backupID,
    /** 1 for the first try of this backup. Names of index parts contain it, so tries never collide. */
    attempt: integer(1, 999_999),
    identity,
    epoch,
    upload: createGrant,
    /**
     * Index parts in order: of the last Completed backup of the same epoch, then of interrupted tries of this
     * backup (each try's parts 1…n without a gap). Wrong ones cannot spoil a backup unnoticed: the operator
     * lists all packs at the end.
     */
    known: list(knownIndexPart, { most: 1_000_000 }),
    database: optional(backupDatabase),
    fileTrees: distinct(list(backupTree, { most: mostTrees }), ({ name }) => name),
    limits: object({
      /** Limit for reading from the sources; default: none. */
      bytesPerSecond: optional(integer(1024)),
      /** Uploads at the same time; default 4. */
      uploads: optional(integer(1, 32)),
      /** Threads that hash and compress; default: the cores that the job may use. */
      threads: optional(integer(1, 64)),
      /** zstd level, default 1. */
      compressionLevel: optional(integer(-20, 19)),
    }),
    encryption: optional(encryptionKey),
    /**
     * Directory for what does not fit into memory; default `/var/tmp/jtel-job`. Emptied at the start and at
     * the end.
     */
    scratch: optional(path),
  }),
  ({ database, fileTrees }) => {
    if (database === undefined && fileTrees.length === 0)
      throw new Misfit('has neither database nor fileTrees: there is nothing to back up');
  },
);
export type BackupJobInput = Of<typeof backupJobInput>;

/** A blob that the job wrote beside its packs; `name` is relative to the backup's folder. */
const writtenBlob = object({
  name: blobName,
  bytes: integer(),
  sha256: text(patterns.sha256),
  /** As listings have it; the operator compares it. */
  md5: text(patterns.md5),
});
export type WrittenBlob = Of<typeof writtenBlob>;

export const backupJobResult = object({
  backupID: text(),
  attempt: integer(1),
  indexParts: list(writtenBlob, { most: mostParts }),
  /** Attributes that the index cannot express; in order. Absent in results of format 1.0. */
  attributeParts: optional(list(writtenBlob, { most: mostParts })),
  packList: writtenBlob,
  /** All packs that the backup uses, from this try and earlier ones. */
  packs: integer(),
  dataSets,
  /** Bytes of the sources. */
  totalBytes: integer(),
  /** Sent by this try: packs, index, pack list. */
  uploadedBytes: integer(),
  /** Sum of all packs that the backup uses. */
  storedBytes: integer(),
  /** Bytes of the sources whose chunks were known before. */
  reusedBytes: integer(),
  server: optional(server),
  position: optional(position),
  /**
   * Known index parts that could not be used, one sentence each. The job stored more than necessary; nothing
   * else follows.
   */
  knownIgnored: informing(list(text(), { most: 1_000_000 })),
});
export type BackupJobResult = Of<typeof backupJobResult>;
