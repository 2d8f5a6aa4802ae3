/**
 * Reads an index. It may be forged, so each line is checked on its own (form, paths, sizes) and against the
 * lines before it ({@link IndexReader}): packs are known, extents lie inside them, and they cover files
 * without gap or overlap.
 */
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { FormatError, patterns } from './schema.ts';
import { formatVersion } from './manifest.ts';
import { chunkBytes, isBackupID, isEpoch, packBytes } from './names.ts';
import { NumberSet } from './number-set.ts';
import type {
  EntryType,
  ExtentRecord,
  FileRecord,
  IndexRecord,
  PackRecord,
  PartHeader,
  SetRecord,
} from './record.ts';

export type { ExtentRecord, FileRecord, IndexRecord, PackRecord, PartHeader, SetRecord } from './record.ts';
export { emptyDigest, escapePath, formatRecord } from './record.ts';

/** A stored chunk may be longer than the chunk, by zstd's frame and, if encrypted, nonce and tag. */
export const longestStoredBytes = chunkBytes + 1024;
const longestPathBytes = 4096;
const longestLine = 32_768;
const mostNumbers = 2 ** 31 - 1;
/** Files are numbered as they begin; this many may be under way at the same time. */
const mostOpenFiles = 1_000_000;

const fieldsOf = { H: 5, P: 6, E: 8, F: 12, S: 6 } as const;

/** @param place for messages, e.g. `index-1-2.zst line 7`. @throws {FormatError} */
export function parseRecord(line: string, place: string): IndexRecord {
  const fail = (what: string): never => {
    throw new FormatError(`${place}: ${what}`);
  };
  if (line.length > longestLine) fail('the line is too long');
  const fields = line.split('\t');
  const type = fields[0] as keyof typeof fieldsOf;
  const wanted = Object.hasOwn(fieldsOf, type) ? fieldsOf[type] : fail('the record is of no known type');
  if (fields.length !== wanted) fail(`a record of type ${type} has ${wanted} fields, not ${fields.length}`);
  const text = (index: number): string => fields[index] ?? '';
  const number = (index: number, minimum = 0, maximum: number = Number.MAX_SAFE_INTEGER): number => {
    const value = text(index);
    const parsed = /^(0|[1-9]\d{0,15})$/.test(value) ? Number(value) : Number.NaN;
    return parsed >= minimum && parsed <= maximum
      ? parsed
      : fail(`field ${index + 1} must be a number from ${minimum} to ${maximum}`);
  };
  const match = (index: number, pattern: RegExp): string =>
    pattern.test(text(index)) ? text(index) : fail(`field ${index + 1} has a wrong form`);
  switch (type) {
    case 'H':
      return headerRecord(
        number(1),
        match(2, /^[0-9a-z-]+$/),
        number(3, 1, 999_999),
        number(4, 1, 9_999_999),
        place,
      );
    case 'P': {
      const epoch = isEpoch(text(2)) ? text(2) : fail('field 3 is no epoch');
      return {
        type,
        number: number(1, 1, mostNumbers),
        epoch,
        sha256: match(3, patterns.sha256),
        bytes: number(4, 1, packBytes.longest),
        md5: match(5, patterns.md5),
      };
    }
    case 'E':
      return {
        type,
        file: number(1, 1, mostNumbers),
        offset: number(2),
        length: number(3, 1, chunkBytes),
        pack: number(4, 0, mostNumbers),
        packOffset: number(5, 0, packBytes.longest),
        storedLength: number(6, 0, longestStoredBytes),
        sha256: match(7, patterns.sha256),
      };
    case 'F':
      return fileRecord(text, number, match, fail);
    case 'S': {
      const kind = match(2, /^(Physical|Logical|FileTree)$/) as SetRecord['kind'];
      return {
        type,
        name: match(1, patterns.setName),
        kind,
        files: number(3),
        bytes: number(4),
        digest: match(5, patterns.sha256),
      };
    }
  }
}

function headerRecord(
  version: number,
  backupID: string,
  attempt: number,
  part: number,
  place: string,
): PartHeader {
  if (version !== formatVersion) {
    throw new FormatError(
      `${place}: the index has format version ${version}, this program reads ${formatVersion}: update it`,
      'NewerFormat',
    );
  }
  if (!isBackupID(backupID)) throw new FormatError(`${place}: field 3 is no backupID`);
  return { type: 'H', formatVersion: version, backupID, attempt, part };
}

function fileRecord(
  text: (index: number) => string,
  number: (index: number, minimum?: number, maximum?: number) => number,
  match: (index: number, pattern: RegExp) => string,
  fail: (what: string) => never,
): FileRecord {
  const entry = match(3, /^[fdl]$/) as EntryType;
  const told = (index: number, maximum: number): number | undefined =>
    text(index) === '-' ? undefined : number(index, 0, maximum);
  const mode = text(6) === '-' ? undefined : Number.parseInt(match(6, /^[0-7]{1,4}$/), 8);
  const target = entry === 'l' ? unescapeBytes(text(11), fail) : undefined;
  if (entry !== 'l' && text(11) !== '-') fail('only links have a target');
  const bytes = number(5);
  if (entry !== 'f' && bytes !== 0) fail('only files have bytes');
  return {
    type: 'F',
    file: number(1, 1, mostNumbers),
    set: match(2, patterns.setName),
    entry,
    path: safePath(unescapeBytes(text(4), fail), entry, fail),
    bytes,
    mode,
    uid: told(7, 2 ** 32 - 2),
    gid: told(8, 2 ** 32 - 2),
    mtime: told(9, 253_402_300_799),
    digest: match(10, patterns.sha256),
    target,
  };
}

/** A path that {@link escapePath} made; at most as long as a path may be. */
export function unescapeBytes(text: string, fail: (what: string) => never): Buffer {
  if (!/^([A-Za-z0-9._/+=@,:-]|%[0-9A-F]{2})+$/.test(text)) fail('a path is not escaped as it should be');
  const bytes = Buffer.from(
    text.replaceAll(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
  if (bytes.length > longestPathBytes || bytes.includes(0))
    fail('a path is too long or contains a zero byte');
  return bytes;
}

/** Relative, without empty, `.` or `..` segments. `.` alone is the root directory of a tree. */
function safePath(path: Buffer, entry: EntryType, fail: (what: string) => never): Buffer {
  const text = path.toString('latin1');
  if (text === '.' && entry === 'd') return path;
  if (
    text
      .split('/')
      .some((segment) => segment === '' || segment === '.' || segment === '..' || segment.length > 255)
  ) {
    fail('a path is absolute or has an empty, . or .. segment');
  }
  return path;
}

interface SetSoFar {
  readonly hash: Hash;
  files: number;
  bytes: number;
}

/**
 * Checks facts that lines must agree with. Feed it all lines of all parts of one index, in order. Ignore
 * extents of a file whose own record never comes: the writer gave that file up.
 */
export class IndexReader {
  readonly #packs = new Map<number, PackRecord>();
  /** Bytes of each unfinished file that extents have covered so far. */
  readonly #covered = new Map<number, number>();
  readonly #done = new NumberSet();
  #highest = 0;
  readonly #sets = new Map<string, SetSoFar>();
  readonly #ended = new Map<string, SetRecord>();
  #header: PartHeader | undefined;
  #line = 0;
  #name = 'index';

  /** Packs seen so far, by number. */
  get packs(): ReadonlyMap<number, PackRecord> {
    return this.#packs;
  }

  get header(): PartHeader | undefined {
    return this.#header;
  }

  /** Begins the next part. @param name for messages. */
  beginPart(name: string): void {
    this.#name = name;
    this.#line = 0;
  }

  /** @throws {FormatError} if the line contradicts its form or an earlier line. */
  read(line: string): IndexRecord {
    const place = `${this.#name} line ${++this.#line}`;
    const record = parseRecord(line, place);
    const fail = (what: string): never => {
      throw new FormatError(`${place}: ${what}`);
    };
    if ((record.type === 'H') !== (this.#line === 1)) fail('a part begins with its header, and has only one');
    if (record.type === 'H') this.#newPart(record, fail);
    else if (record.type === 'P') this.#newPack(record, fail);
    else if (record.type === 'E') this.#newExtent(record, fail);
    else if (record.type === 'F') this.#newFile(record, line, fail);
    else this.#endSet(record, fail);
    return record;
  }

  /** Data sets whose totals agree with their files; complete after the last part. */
  get sets(): ReadonlyMap<string, SetRecord> {
    return this.#ended;
  }

  #newPart(header: PartHeader, fail: (what: string) => never): void {
    const last = this.#header;
    if (header.part !== (last?.part ?? 0) + 1)
      fail(`is part ${header.part} of the index, expected was ${(last?.part ?? 0) + 1}`);
    if (last !== undefined && (last.backupID !== header.backupID || last.attempt !== header.attempt))
      fail('is of another backup or try');
    this.#header = header;
  }

  #newPack(pack: PackRecord, fail: (what: string) => never): void {
    if (this.#packs.has(pack.number)) fail(`pack ${pack.number} is there twice`);
    this.#packs.set(pack.number, pack);
  }

  #newExtent(extent: ExtentRecord, fail: (what: string) => never): void {
    const { file, offset, length, pack, packOffset, storedLength } = extent;
    this.#newNumber(file, fail);
    if (this.#done.has(file)) fail(`file ${file} was complete before`);
    const covered = this.#covered.get(file) ?? 0;
    if (offset !== covered || offset % chunkBytes !== 0)
      fail(`file ${file} has an extent at ${offset}, expected was ${covered}`);
    this.#covered.set(file, offset + length);
    if (pack === 0) {
      if (storedLength !== 0 || packOffset !== 0) fail('zeros are stored nowhere');
      return;
    }
    const { bytes } = this.#packs.get(pack) ?? fail(`pack ${pack} is unknown`);
    if (storedLength === 0 || packOffset + storedLength > bytes)
      fail(`an extent lies outside of pack ${pack}`);
  }

  #newFile({ file, bytes, set: name, entry }: FileRecord, line: string, fail: (what: string) => never): void {
    this.#newNumber(file, fail);
    if (this.#done.has(file)) fail(`file ${file} is there twice`);
    const covered = this.#covered.get(file) ?? 0;
    if (covered !== bytes) fail(`file ${file} has ${bytes} bytes, its extents ${covered}`);
    this.#covered.delete(file);
    this.#done.add(file);
    if (this.#ended.has(name)) fail(`data set ${name} was complete before`);
    const set = this.#sets.get(name) ?? { hash: createHash('sha256'), files: 0, bytes: 0 };
    this.#sets.set(name, set);
    set.hash.update(`${line}\n`);
    set.files += entry === 'f' ? 1 : 0;
    set.bytes += bytes;
  }

  #endSet(record: SetRecord, fail: (what: string) => never): void {
    const { name, files, bytes, digest } = record;
    const set = this.#sets.get(name) ?? { hash: createHash('sha256'), files: 0, bytes: 0 };
    if (this.#ended.has(name)) fail(`data set ${name} ends twice`);
    if (set.files !== files || set.bytes !== bytes)
      fail(
        `data set ${name} has ${set.files} files of ${set.bytes} bytes, its record says ${files} of ${bytes}`,
      );
    if (set.hash.digest('hex') !== digest) fail(`data set ${name} is not the one that its digest says`);
    this.#ended.set(name, record);
  }

  /** Memory stays bounded by what the index really holds. */
  #newNumber(file: number, fail: (what: string) => never): void {
    if (file > this.#highest + mostOpenFiles) fail(`file ${file} is numbered far beyond the files before`);
    this.#highest = Math.max(this.#highest, file);
  }
}
