/**
 * Records of an index: one a line, fields separated by tabs so awk can read them. docs/backup-format.md
 * explains each.
 */

/** First line of each part. */
export interface PartHeader {
  readonly type: 'H';
  readonly formatVersion: number;
  readonly backupID: string;
  readonly attempt: number;
  /** From 1. */
  readonly part: number;
}

/** A pack. Numbers count from 1 within one try of a backup. It comes before the first extent that uses it. */
export interface PackRecord {
  readonly type: 'P';
  readonly number: number;
  readonly epoch: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Base64, as listings of the store give it. */
  readonly md5: string;
}

/** One chunk of a file, and where it lies. */
export interface ExtentRecord {
  readonly type: 'E';
  /** Number of the file, from 1. */
  readonly file: number;
  readonly offset: number;
  readonly length: number;
  /** 0 for a chunk of zeros, which is stored nowhere. */
  readonly pack: number;
  readonly packOffset: number;
  readonly storedLength: number;
  /** Of the chunk as it is in the file. */
  readonly sha256: string;
}

export type EntryType = 'f' | 'd' | 'l';

/**
 * A file, directory or symbolic link. It comes after all extents of the file; without it the file is not
 * complete.
 */
export interface FileRecord {
  readonly type: 'F';
  readonly file: number;
  /** Data set. */
  readonly set: string;
  readonly entry: EntryType;
  /** Relative, `/` between segments; {@link escapePath} keeps bytes that are not UTF-8. */
  readonly path: Buffer;
  readonly bytes: number;
  /** Undefined if the source does not know it (database files): `-` in the text. */
  readonly mode: number | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** Whole seconds since 1970. In an index never below 0; attribute parts have earlier times. */
  readonly mtime: number | undefined;
  /**
   * Sha256 over {@link digestLine} of all chunks in order; for directories and links the digest of nothing.
   */
  readonly digest: string;
  /** Of a symbolic link. */
  readonly target: Buffer | undefined;
}

/** A file with what attribute parts say about it. */
export interface WholeRecord extends FileRecord {
  readonly attributes: readonly Attribute[];
  /** Number of the first name of the same file, if this is another name. */
  readonly first?: number;
  /** Not in the index itself: a link that leads out of its tree. */
  readonly isBeside?: true;
}

/** One extended attribute. An ACL is one too, in the kernel's own form. */
export interface Attribute {
  readonly name: string;
  readonly value: Buffer;
}

/** Totals of a data set, after its last file. */
export interface SetRecord {
  readonly type: 'S';
  readonly name: string;
  readonly kind: 'Physical' | 'Logical' | 'FileTree';
  readonly files: number;
  readonly bytes: number;
  /** Sha256 of the set's F lines, each with its line feed, in the order of the index. */
  readonly digest: string;
}

export type IndexRecord = PartHeader | PackRecord | ExtentRecord | FileRecord | SetRecord;

/** Bytes of paths that stand for themselves; all others become `%XX`. */
const plainByte = /[A-Za-z0-9._/+=@,:-]/;
const plain = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < 128 && plainByte.test(String.fromCharCode(byte)) ? 1 : 0,
);

export function escapePath(path: Uint8Array): string {
  let text = '';
  for (const byte of path)
    text +=
      plain[byte] === 1 ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  return text;
}

/** The line without its line feed. */
export function formatRecord(record: IndexRecord): string {
  switch (record.type) {
    case 'H':
      return `H\t${record.formatVersion}\t${record.backupID}\t${record.attempt}\t${record.part}`;
    case 'P':
      return `P\t${record.number}\t${record.epoch}\t${record.sha256}\t${record.bytes}\t${record.md5}`;
    case 'E':
      return `E\t${record.file}\t${record.offset}\t${record.length}\t${record.pack}\t${record.packOffset}\t${record.storedLength}\t${record.sha256}`;
    case 'F': {
      const owner = [record.mode?.toString(8), record.uid, record.gid, record.mtime]
        .map((value) => value ?? '-')
        .join('\t');
      const target = record.target === undefined ? '-' : escapePath(record.target);
      return `F\t${record.file}\t${record.set}\t${record.entry}\t${escapePath(record.path)}\t${record.bytes}\t${owner}\t${record.digest}\t${target}`;
    }
    case 'S':
      return `S\t${record.name}\t${record.kind}\t${record.files}\t${record.bytes}\t${record.digest}`;
  }
}

/** What the digest of a file is made of: for each chunk, in order, its sha256 in hex and a line feed. */
export function digestLine(chunkSha256: string): string {
  return `${chunkSha256}\n`;
}

/** Digest of an entry without chunks: sha256 of nothing. */
export const emptyDigest = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
