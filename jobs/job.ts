/**
 * What the operator asks jobs on hosts for, and what they answer. The controllers fill it in, the toolbox image reads it:
 * both from this file. Inputs reach the job as `/run/job/spec.json` (0600, gone once it was read): they contain secrets.
 */
import type { DatabaseKind, DataSet, TreeFacts } from '../backup-format/data-set.ts';
import type { DatabaseKey, Manifest } from '../backup-format/manifest.ts';

/** A blob to read by a signed URL, which is a secret. */
export interface BlobToRead {
  readonly url: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/**
 * An index part whose chunks need not be stored again. One of the two digests must be there: parts of Completed backups have
 * the manifest's sha256, those of an interrupted try the Content-MD5 (base64) of a listing.
 */
export interface KnownIndexPart {
  readonly url: string;
  readonly bytes: number;
  readonly sha256?: string;
  readonly md5?: string;
}

/** Where the job may create blobs and do nothing else. */
export interface UploadTarget {
  /** `https://account.blob.core.windows.net/container`, without query and trailing slash. */
  readonly containerUrl: string;
  /** SAS without leading `?`, permission `c` only: a secret. */
  readonly query: string;
  /** The store's prefix; may be empty. */
  readonly prefix: string;
  /** When the SAS ends, RFC 3339. */
  readonly expiresTime: string;
}

export interface EncryptionKey {
  readonly keyID: string;
  /** 32 bytes in base64: a secret. */
  readonly key: string;
}

/** The release asks for TLS with a certificate that was checked; without this jobs connect as clients of the server's series do. */
export interface DatabaseTLS {
  /** PEM; without it the certificate is proved by the password, which servers can since MariaDB 11.4. */
  readonly certificateAuthority?: string;
}

/** Name of the database's data set; file trees have the names of the release manifest, which cannot be this one. */
export const databaseSetName = 'database';

export interface BackupDatabase {
  readonly kind: DatabaseKind;
  /** Mount point of the volume shared with the companion ({@link ./companion.ts}); only used with kind Physical. */
  readonly exchange: string;
  readonly host: string;
  readonly port: number;
  readonly rootPassword: string;
  readonly schemas: readonly string[];
  readonly tls?: DatabaseTLS;
  /** Key files of encryption at rest that the release itself brings: a database that needs another could be restored nowhere. */
  readonly keyPaths?: readonly string[];
  /** The keys in them, by which the backup says what it needs. */
  readonly keys?: readonly DatabaseKey[];
}

export interface BackupFileTree {
  readonly name: string;
  /** Where it is mounted, read-only. */
  readonly path: string;
  /** Globs relative to the tree, e.g. `recordings/**`: `*` within a segment, `**` any number of segments, `?` one character. */
  readonly excludes: readonly string[];
}

export interface BackupLimits {
  /** Read from the sources; default: no limit. */
  readonly bytesPerSecond?: number;
  /** Uploads at the same time; default 4. */
  readonly uploads?: number;
  /** Threads that hash and compress; default: the cores the job may use. */
  readonly threads?: number;
  /** zstd level, default 1. */
  readonly compressionLevel?: number;
}

export interface BackupJobInput {
  readonly type: 'backup';
  readonly backupID: string;
  /** 1 for the first try of this backup; names of index parts contain it, so tries never collide. */
  readonly attempt: number;
  readonly identity: string;
  readonly epoch: string;
  readonly upload: UploadTarget;
  /**
   * Index parts in order: of the last Completed backup of the same epoch, then of interrupted tries of this backup (each
   * try's parts 1…n without a gap). Wrong ones cannot spoil a backup silently: the operator lists all packs at the end.
   */
  readonly known: readonly KnownIndexPart[];
  readonly database?: BackupDatabase;
  readonly fileTrees: readonly BackupFileTree[];
  readonly limits: BackupLimits;
  readonly encryption?: EncryptionKey;
  /** Directory for what does not fit into memory; default `/var/tmp/jtel-job`. Emptied at the start and at the end. */
  readonly scratch?: string;
}

/** A blob the job wrote beside its packs; `name` is relative to the backup's folder. */
export interface WrittenBlob {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Base64, as listings give it: what the operator compares. */
  readonly md5: string;
}

export interface BackupJobResult {
  readonly backupID: string;
  readonly attempt: number;
  readonly indexParts: readonly WrittenBlob[];
  /** What the index cannot say; in order. Absent from a job of format 1.0. */
  readonly attributeParts?: readonly WrittenBlob[];
  readonly packList: WrittenBlob;
  /** All packs that the backup uses, of this try and earlier ones. */
  readonly packs: number;
  readonly dataSets: readonly DataSet[];
  /** Bytes of the sources. */
  readonly totalBytes: number;
  /** Sent by this try: packs, index, pack list. */
  readonly uploadedBytes: number;
  /** Sum of all packs that the backup uses. */
  readonly storedBytes: number;
  /** Bytes of the sources whose chunks were known before. */
  readonly reusedBytes: number;
  readonly server?: Manifest['server'];
  /** Binary log coordinates, as the server tells them: `file position [gtid]`. */
  readonly position?: string;
  /** Known index parts that could not be used, one sentence each: more was stored than need be, nothing else. */
  readonly knownIgnored?: readonly string[];
}

/** What a job says when the store does not take its SAS (any more): a new try with a fresh one goes on. */
export const storeCredentialsRefused = 'StoreCredentialsRefused';

export interface PackToRead extends BlobToRead {
  /** The number that index records use. */
  readonly number: number;
}

/** What of the manifest a restore needs. */
export interface BackupToRead {
  readonly backupID: string;
  readonly identity: string;
  readonly indexParts: readonly BlobToRead[];
  /** Absent in backups of format 1.0. */
  readonly attributeParts?: readonly BlobToRead[];
  readonly packs: readonly PackToRead[];
  readonly dataSets: readonly DataSet[];
}

/** Physical: files go into the stopped server's volume. Logical: statements go to a running server. */
export type RestoreDatabase =
  | {
      readonly kind: 'Physical';
      /** Where the database's volume is mounted, for writing. */
      readonly volumePath: string;
      /** The server's data directory below it, `.` for the volume itself. */
      readonly dataDirectory: string;
      /** Mount point of the volume shared with the companion that prepares the files. */
      readonly exchange: string;
      /** Owner of the files. */
      readonly uid: number;
      readonly gid: number;
      /**
       * Files in the companion that can hold keys of encryption at rest, each at the place where a backup may say that it is;
       * the last one stands for any other place.
       */
      readonly keyPaths?: readonly string[];
    }
  | {
      readonly kind: 'Logical';
      readonly host: string;
      readonly port: number;
      readonly rootPassword: string;
      readonly schemas: readonly string[];
      readonly tls?: DatabaseTLS;
    };

export interface RestoreFileTree {
  readonly name: string;
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
}

export interface RestoreJobInput {
  readonly type: 'restore';
  /**
   * `Check` reads the whole index, looks whether all packs are there, whether the key fits, whether there is room and (with
   * Refuse) whether the places are empty, and writes nothing: it can run beside a stack that works. Default `Restore`.
   */
  readonly purpose?: 'Check' | 'Restore';
  /** Names this restore; a new try has the same and resumes on what it wrote itself, and only on that. */
  readonly loadID: string;
  readonly onData: 'Refuse' | 'Replace';
  readonly backup: BackupToRead;
  readonly database?: RestoreDatabase;
  readonly fileTrees: readonly RestoreFileTree[];
  readonly encryption?: EncryptionKey;
  readonly limits: {
    readonly bytesPerSecond?: number;
    readonly downloads?: number;
    readonly threads?: number;
  };
}

export interface RestoreJobResult {
  readonly loadID: string;
  readonly backupID: string;
  readonly database?: {
    readonly files: number;
    readonly bytes: number;
    readonly tables?: number;
    readonly rows?: number;
  };
  readonly fileTrees: readonly {
    readonly name: string;
    readonly files: number;
    readonly bytes: number;
    /** Entries whose extended attributes or ACLs the host's file system does not take; none where absent. */
    readonly withoutAttributes?: number;
  }[];
  readonly downloadedBytes: number;
}

export interface CountJobInput {
  readonly type: 'count';
  readonly database?: {
    readonly host: string;
    readonly port: number;
    readonly rootPassword: string;
    readonly schemas: readonly string[];
    readonly tls?: DatabaseTLS;
  };
  readonly fileTrees: readonly {
    readonly name: string;
    readonly path: string;
    readonly excludes: readonly string[];
  }[];
  /** Also `CHECK TABLE` and `CHECKSUM TABLE` for each table, and all files: reads everything. */
  readonly checksum: boolean;
}

export interface CountedTable {
  readonly schema: string;
  readonly name: string;
  readonly rows: number;
  readonly checksum?: string;
}

export interface CountJobResult {
  readonly tables: readonly CountedTable[];
  readonly sequences: number;
  readonly fileTrees: readonly CountedTree[];
}

export interface CountedTree {
  readonly name: string;
  readonly files: number;
  readonly bytes: number;
  /** Only with `checksum`. */
  readonly tree?: TreeFacts;
}
