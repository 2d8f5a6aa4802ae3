/**
 * Makes the index, in the order in which files were read. A line is written when everything before it is
 * written and the pack that it names is stored, so the index never says more than the store holds.
 */
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { formatExtra } from '../../backup-format/attributes.ts';
import type { DataSet, DataSetKind } from '../../backup-format/data-set.ts';
import type { Inode } from '../../backup-format/link-table.ts';
import { leadsOut } from '../../backup-format/links.ts';
import { mostPacks } from '../../backup-format/pack-list.ts';
import { digestLine, formatRecord } from '../../backup-format/record.ts';
import type { Attribute, EntryType, FileRecord } from '../../backup-format/record.ts';
import { TreeDigest } from '../../backup-format/tree-digest.ts';
import { JobError } from '../job-error.ts';
import type { IndexWriter } from './index-writer.ts';
import type { Pack } from './pack-store.ts';

/** Where a chunk is stored; set once that is known. */
export interface Place {
  pack: Pack | undefined;
  offset: number;
  storedLength: number;
  /** Only zeros, so it is stored nowhere. */
  zeros: boolean;
}

/** A file in the index. */
export interface IndexedFile {
  readonly number: number;
  bytes: number;
  /** Without chunks of zeros. */
  realBytes: number;
  digest: Hash;
}

export interface FileFacts {
  readonly set: string;
  readonly entry: EntryType;
  readonly path: Buffer;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Whole seconds since 1970. */
  readonly mtime?: number;
  readonly target?: Buffer;
  /** For what lies in a file tree. */
  readonly attributes?: readonly Attribute[];
  /** Set for a file that has other names than this one. */
  readonly inode?: Inode;
}

type Entry =
  | {
      readonly kind: 'extent';
      readonly file: IndexedFile;
      readonly offset: number;
      readonly length: number;
      readonly sha256: string;
      readonly place: Place;
    }
  | { readonly kind: 'file'; readonly file: IndexedFile; readonly facts: FileFacts };

/** Year 9999, the last that an index can hold. */
const latestSeconds = 253_402_300_799;

class SetTotals {
  readonly hash = createHash('sha256');
  readonly tree = new TreeDigest();
  readonly counts = { directories: 0, links: 0, hardLinks: 0, withAttributes: 0 };
  files = 0;
  bytes = 0;
  realBytes = 0;
}

export class Entries {
  readonly #index: IndexWriter;
  readonly #attributes: IndexWriter;
  readonly #queue: Entry[] = [];
  #head = 0;
  #files = 0;
  readonly #sets = new Map<string, SetTotals>();
  /** Packs of this backup, each at its number minus one. */
  readonly packs: Pack[] = [];
  readonly #numbers = new Map<Pack, number>();

  /** @param attributes what the index of format 1.0 cannot say. */
  constructor(index: IndexWriter, attributes: IndexWriter) {
    this.#index = index;
    this.#attributes = attributes;
  }

  get waiting(): number {
    return this.#queue.length - this.#head;
  }

  newFile(): IndexedFile {
    return { number: ++this.#files, bytes: 0, realBytes: 0, digest: createHash('sha256') };
  }

  /** @param sha256 hex. */
  addExtent(file: IndexedFile, offset: number, length: number, sha256: string, place: Place): void {
    this.#queue.push({ kind: 'extent', file, offset, length, sha256, place });
  }

  addFile(file: IndexedFile, facts: FileFacts): void {
    this.#queue.push({ kind: 'file', file, facts });
  }

  /** Writes all lines that are ready. */
  drain(): void {
    for (; this.#head < this.#queue.length; this.#head++) {
      const entry = this.#queue[this.#head];
      if (entry === undefined) return;
      if (entry.kind === 'file') this.#writeFile(entry.file, entry.facts);
      else {
        const { place } = entry;
        if (!place.zeros && place.pack?.state !== 'Stored') break;
        this.#writeExtent(entry.file, entry.offset, entry.length, entry.sha256, place);
      }
    }
    if (this.#head > 1024 && this.#head * 2 > this.#queue.length) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
  }

  /** Ends a data set; all its files must have been written. */
  endSet(
    name: string,
    kind: DataSetKind,
  ): Pick<DataSet, 'files' | 'bytes' | 'realBytes' | 'tree' | 'digest'> {
    const { hash, files, bytes, realBytes, tree, counts } = this.#sets.get(name) ?? new SetTotals();
    const digest = hash.digest('hex');
    this.#index.write(formatRecord({ type: 'S', name, kind, files, bytes, digest }));
    return {
      files,
      bytes,
      realBytes,
      ...(kind === 'FileTree' ? { tree: { ...counts, digests: tree.end() } } : {}),
      digest,
    };
  }

  #writeExtent(file: IndexedFile, offset: number, length: number, sha256: string, place: Place): void {
    const pack = place.zeros || place.pack === undefined ? 0 : this.#numberOf(place.pack);
    this.#index.write(
      formatRecord({
        type: 'E',
        file: file.number,
        offset,
        length,
        pack,
        packOffset: place.offset,
        storedLength: place.storedLength,
        sha256,
      }),
    );
    file.digest.update(digestLine(sha256));
    file.bytes += length;
    if (!place.zeros) file.realBytes += length;
  }

  #numberOf(pack: Pack): number {
    const known = this.#numbers.get(pack);
    if (known !== undefined) return known;
    if (this.packs.length === mostPacks)
      throw new JobError(
        'SpecInvalid',
        `the data fill more than ${mostPacks} packs (some 1.1 TiB after compression), the most that one backup can have: leave out what needs no backup with the release's excludes`,
      );
    this.packs.push(pack);
    const number = this.packs.length;
    this.#numbers.set(pack, number);
    if (pack.record !== undefined) {
      pack.record = { ...pack.record, number };
      this.#index.write(formatRecord(pack.record));
    }
    return number;
  }

  #writeFile(file: IndexedFile, facts: FileFacts): void {
    const { number, bytes } = file;
    const { set, entry, path, mode, uid, gid, mtime, target } = facts;
    const record: FileRecord = {
      type: 'F',
      file: number,
      set,
      entry,
      path,
      bytes,
      mode,
      uid,
      gid,
      mtime: mtime === undefined ? undefined : Math.min(Math.max(0, mtime), latestSeconds),
      digest: file.digest.digest('hex'),
      target,
    };
    const totals = this.#sets.get(set) ?? new SetTotals();
    this.#sets.set(set, totals);
    const line = formatRecord(record);
    // Readers of format 1.0 refuse such a link.
    if (target !== undefined && leadsOut(path.toString('latin1'), target.toString('latin1')))
      this.#attributes.write(line);
    else {
      this.#index.write(line);
      totals.hash.update(`${line}\n`);
    }
    totals.files += entry === 'f' ? 1 : 0;
    totals.bytes += bytes;
    const first =
      facts.attributes === undefined
        ? undefined
        : this.#writeAttributes(record, facts.attributes, facts, totals);
    if (first === undefined) totals.realBytes += file.realBytes;
  }

  /** @returns the number of the file's first name, when this is a further one. */
  #writeAttributes(
    record: FileRecord,
    attributes: readonly Attribute[],
    { mtime = 0, inode }: FileFacts,
    { tree, counts }: SetTotals,
  ): number | undefined {
    const { file, entry, path, bytes, digest, mode = 0, uid = 0, gid = 0, target } = record;
    if (entry === 'd') counts.directories++;
    if (entry === 'l') counts.links++;
    const link = target === undefined ? {} : { target };
    const first = tree.add(file, {
      entry,
      path,
      mode,
      uid,
      gid,
      mtime,
      attributes,
      bytes,
      digest,
      ...link,
      ...(inode === undefined ? {} : { inode }),
    });
    if (first === undefined) {
      if (attributes.length > 0) counts.withAttributes++;
      if (mtime < 0) this.#attributes.write(formatExtra({ type: 'T', file, mtime }));
      for (const attribute of attributes)
        this.#attributes.write(formatExtra({ type: 'X', file, ...attribute }));
    } else {
      counts.hardLinks++;
      this.#attributes.write(formatExtra({ type: 'K', file, first }));
    }
    return first;
  }
}
