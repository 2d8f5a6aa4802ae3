/**
 * What becomes the index, in the order in which it was read. A line is written when everything before it is, and when the
 * pack it names is stored: so the index never says more than the store holds.
 */
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import type { DataSetKind } from '../../../../backup/data-set.ts';
import { digestLine, formatRecord } from '../../../../backup/record.ts';
import type { EntryType, FileRecord } from '../../../../backup/record.ts';
import type { IndexWriter } from './index-writer.ts';
import type { Pack } from './pack-store.ts';

/** Where a chunk is stored; filled in when that is known. */
export interface Place {
  pack: Pack | undefined;
  offset: number;
  storedLength: number;
  /** Only zeros: stored nowhere. */
  zeros: boolean;
}

/** A file in the index. */
export interface IndexedFile {
  readonly number: number;
  bytes: number;
  digest: Hash;
}

export interface FileFacts {
  readonly set: string;
  readonly entry: EntryType;
  readonly path: Buffer;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
  readonly target?: Buffer;
}

type Entry =
  | { readonly kind: 'extent'; readonly file: IndexedFile; readonly offset: number; readonly length: number; readonly sha256: string; readonly place: Place }
  | { readonly kind: 'file'; readonly file: IndexedFile; readonly facts: FileFacts };

interface SetTotals {
  readonly hash: Hash;
  files: number;
  bytes: number;
}

export class Entries {
  readonly #index: IndexWriter;
  readonly #queue: Entry[] = [];
  #head = 0;
  #files = 0;
  readonly #sets = new Map<string, SetTotals>();
  /** Packs of this backup, by their numbers less one. */
  readonly packs: Pack[] = [];
  readonly #numbers = new Map<Pack, number>();

  constructor(index: IndexWriter) {
    this.#index = index;
  }

  get waiting(): number {
    return this.#queue.length - this.#head;
  }

  newFile(): IndexedFile {
    return { number: ++this.#files, bytes: 0, digest: createHash('sha256') };
  }

  /** @param sha256 hex. */
  addExtent(file: IndexedFile, offset: number, length: number, sha256: string, place: Place): void {
    this.#queue.push({ kind: 'extent', file, offset, length, sha256, place });
  }

  addFile(file: IndexedFile, facts: FileFacts): void {
    this.#queue.push({ kind: 'file', file, facts });
  }

  /** Writes what can be written. */
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
  endSet(name: string, kind: DataSetKind): { readonly files: number; readonly bytes: number; readonly digest: string } {
    const { hash, files, bytes } = this.#sets.get(name) ?? { hash: createHash('sha256'), files: 0, bytes: 0 };
    const digest = hash.digest('hex');
    this.#index.write(formatRecord({ type: 'S', name, kind, files, bytes, digest }));
    return { files, bytes, digest };
  }

  #writeExtent(file: IndexedFile, offset: number, length: number, sha256: string, place: Place): void {
    const pack = place.zeros || place.pack === undefined ? 0 : this.#numberOf(place.pack);
    this.#index.write(
      formatRecord({ type: 'E', file: file.number, offset, length, pack, packOffset: place.offset, storedLength: place.storedLength, sha256 }),
    );
    file.digest.update(digestLine(sha256));
    file.bytes += length;
  }

  #numberOf(pack: Pack): number {
    const known = this.#numbers.get(pack);
    if (known !== undefined) return known;
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
    const { set, entry, path, mode, uid, gid, mtime, target } = facts;
    const record: FileRecord = {
      type: 'F', file: file.number, set, entry, path, bytes: file.bytes, mode, uid, gid, mtime, digest: file.digest.digest('hex'), target,
    };
    const line = formatRecord(record);
    this.#index.write(line);
    const totals = this.#sets.get(set) ?? { hash: createHash('sha256'), files: 0, bytes: 0 };
    this.#sets.set(set, totals);
    totals.hash.update(`${line}\n`);
    totals.files += entry === 'f' ? 1 : 0;
    totals.bytes += file.bytes;
  }
}
