/**
 * Gives files that were gathered under their numbers their names, owners, modes and times. Every step can be repeated: what
 * has its name already only gets its attributes again.
 */
import {
  chownSync, closeSync, constants, fchmodSync, fchownSync, ftruncateSync, futimesSync, lchownSync, lutimesSync, mkdirSync, openSync, readlinkSync, renameSync, symlinkSync,
} from 'node:fs';
import { setImmediate as breathe } from 'node:timers/promises';
import type { FileRecord, IndexRecord } from '../../../../backup/record.ts';
import { JobError } from '../job-error.ts';
import { isOurs, isRoot } from './entry-rules.ts';
import { stagedFile } from './pack-tasks.ts';
import type { Place } from './places.ts';
import { numberedFiles } from './staging.ts';

/** Never setuid; setgid only where it means whose files will be in a directory. */
const keptMode = { f: 0o1777, d: 0o3777 } as const;
/** Where the backup tells none. */
const databaseModes = { f: 0o660, d: 0o700 } as const;
const entriesAtOnce = 256;
const noFollow = constants.O_RDONLY | constants.O_NOFOLLOW;

export interface Arrangement {
  readonly place: Place;
  /** Where the files get their names: below the staging directory, or at the place itself. */
  readonly directory: string;
  /** Reads the index from its beginning. */
  readonly records: () => AsyncIterable<IndexRecord>;
  /** True for a file that has more than holes. */
  readonly hasChunks: (file: number) => boolean;
  readonly onEntries: (done: number) => void;
  readonly signal: AbortSignal;
}

/** @throws {JobError} */
export async function arrange(arrangement: Arrangement): Promise<void> {
  const arranger = new Arranger(arrangement);
  await arranger.each((record) => arranger.put(record));
  // A directory's own time changes with everything that is put into it.
  if (arrangement.place.kind === 'FileTree') await arranger.each((record) => arranger.finishDirectory(record));
}

class Arranger {
  readonly #arrangement: Arrangement;
  readonly #numbered: string;
  #lastParent = '';

  constructor(arrangement: Arrangement) {
    this.#arrangement = arrangement;
    this.#numbered = numberedFiles(arrangement.place);
  }

  async each(visit: (record: FileRecord) => void): Promise<void> {
    const { place, records, onEntries, signal } = this.#arrangement;
    let entries = 0;
    for await (const record of records()) {
      if (record.type !== 'F' || record.set !== place.set || (place.kind === 'FileTree' && isOurs(record))) continue;
      visit(record);
      if (++entries % entriesAtOnce !== 0) continue;
      onEntries(entries);
      await breathe();
      signal.throwIfAborted();
    }
  }

  put(record: FileRecord): void {
    if (isRoot(record)) return;
    const path = this.#path(record.path);
    this.#makeParents(record.path);
    if (record.entry === 'd') this.#makeDirectory(path);
    else if (record.entry === 'f') this.#putFile(record, path);
    else this.#putLink(record, path);
  }

  finishDirectory(record: FileRecord): void {
    if (record.entry !== 'd') return;
    const descriptor = openSync(isRoot(record) ? this.#arrangement.directory : this.#path(record.path), noFollow | constants.O_DIRECTORY);
    try {
      this.#setAttributes(descriptor, record, 'd');
    } finally {
      closeSync(descriptor);
    }
  }

  #putFile(record: FileRecord, path: Buffer): void {
    const staged = stagedFile(this.#numbered, record.file);
    const descriptor = this.#openFile(record, staged, path);
    try {
      ftruncateSync(descriptor.number, record.bytes);
      this.#setAttributes(descriptor.number, record, 'f');
    } finally {
      closeSync(descriptor.number);
    }
    if (descriptor.isStaged) renameSync(staged, path);
  }

  #openFile(record: FileRecord, staged: string, path: Buffer): { readonly number: number; readonly isStaged: boolean } {
    const number = openUnlessMissing(staged, constants.O_RDWR | constants.O_NOFOLLOW);
    if (number !== undefined) return { number, isStaged: true };
    // It has its name already, or is empty (but for holes), so that nothing was written.
    const flags = constants.O_RDWR | constants.O_NOFOLLOW | (this.#arrangement.hasChunks(record.file) ? 0 : constants.O_CREAT);
    const named = openUnlessMissing(path, flags);
    if (named === undefined) {
      throw new JobError('InternalError', `${path.toString('utf8')} was gathered and is gone: somebody else changes the volume; restore again`);
    }
    return { number: named, isStaged: false };
  }

  #putLink(record: FileRecord, path: Buffer): void {
    const target = record.target ?? Buffer.alloc(0);
    try {
      symlinkSync(target, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !readlinkSync(path, 'buffer').equals(target)) throw error;
    }
    const { uid, gid } = this.#owner(record);
    lchownSync(path, uid, gid);
    if (record.mtime !== undefined) lutimesSync(path, record.mtime, record.mtime);
  }

  #makeParents(path: Buffer): void {
    const end = path.lastIndexOf(47);
    if (end < 0) return this.#makeRoot();
    const parent = path.subarray(0, end);
    const key = parent.toString('latin1');
    if (key === this.#lastParent) return;
    this.#makeParents(parent);
    this.#makeDirectory(this.#path(parent));
    this.#lastParent = key;
  }

  #makeRoot(): void {
    if (this.#arrangement.place.kind === 'Database') this.#makeDirectory(Buffer.from(this.#arrangement.directory));
  }

  #makeDirectory(path: Buffer): void {
    const { place } = this.#arrangement;
    try {
      mkdirSync(path, { mode: place.kind === 'Database' ? databaseModes.d : 0o755 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
      throw error;
    }
    chownSync(path, place.uid, place.gid);
  }

  #setAttributes(descriptor: number, record: FileRecord, entry: 'f' | 'd'): void {
    const { uid, gid } = this.#owner(record);
    fchownSync(descriptor, uid, gid);
    const { kind } = this.#arrangement.place;
    const mode = kind === 'Database' || record.mode === undefined ? (kind === 'Database' ? databaseModes[entry] : undefined) : record.mode & keptMode[entry];
    if (mode !== undefined) fchmodSync(descriptor, mode);
    else if (entry === 'f') fchmodSync(descriptor, 0o644);
    if (record.mtime !== undefined) futimesSync(descriptor, record.mtime, record.mtime);
  }

  #owner(record: FileRecord): { readonly uid: number; readonly gid: number } {
    const { place } = this.#arrangement;
    if (place.kind === 'Database') return place;
    return { uid: record.uid ?? place.uid, gid: record.gid ?? place.gid };
  }

  #path(path: Uint8Array): Buffer {
    return Buffer.concat([Buffer.from(`${this.#arrangement.directory}/`), path]);
  }
}

/** @returns undefined when it is not there. */
function openUnlessMissing(path: string | Buffer, flags: number): number | undefined {
  try {
    return openSync(path, flags, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
