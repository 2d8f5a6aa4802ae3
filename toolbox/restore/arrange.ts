/**
 * Gives gathered files, which lie under their numbers, their names, owners, modes, attributes and times.
 * Symbolic links come after all files, so that nothing is ever written through one. A file with several
 * names stays under its number until it has them all. Every step can be repeated: a file that has its name
 * already only gets its attributes again.
 */
import {
  chownSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  ftruncateSync,
  futimesSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { accessACL } from '../../backup-format/attributes.ts';
import type { WholeRecord } from '../../backup-format/record.ts';
import { keptMode } from '../../backup-format/tree-digest.ts';
import { groupRightsOf } from '../files/acl.ts';
import { timeOf } from '../files/times.ts';
import { replaceAttributes } from '../files/xattr.ts';
import { JobError } from '../job-error.ts';
import { isOurs, isRoot } from './entry-rules.ts';
import type { IndexSource, SourceRecord } from './index-source.ts';
import { stagedFile } from './pack-tasks.ts';
import type { Place } from './places.ts';
import { numberedFiles } from './staging.ts';

/** Modes where the backup names none. */
const databaseModes = { f: 0o660, d: 0o700 } as const;
const entriesAtOnce = 256;
const noFollow = constants.O_RDONLY | constants.O_NOFOLLOW;

export interface Arrangement {
  readonly place: Place;
  /** Where the files get their names: below the staging directory, or in the place itself. */
  readonly directory: string;
  readonly index: Pick<IndexSource, 'originals'> & { records(): AsyncIterable<SourceRecord> };
  /** True for a file that has more than holes. */
  readonly hasChunks: (file: number) => boolean;
  readonly onEntries: (done: number) => void;
  readonly signal: AbortSignal;
}

/** @returns entries whose attributes the place's file system does not take. @throws {JobError} */
export async function arrange(arrangement: Arrangement): Promise<number> {
  const arranger = new Arranger(arrangement);
  await arranger.each((record) => arranger.put(record));
  if (arrangement.place.kind === 'FileTree') {
    await arranger.each((record) => arranger.putLink(record));
    await arranger.each((record) => arranger.finish(record));
  }
  return arranger.withoutAttributes;
}

class Arranger {
  readonly #arrangement: Arrangement;
  readonly #numbered: string;
  #lastParent = '';
  withoutAttributes = 0;

  constructor(arrangement: Arrangement) {
    this.#arrangement = arrangement;
    this.#numbered = numberedFiles(arrangement.place);
  }

  async each(visit: (record: WholeRecord) => void): Promise<void> {
    const { place, index, onEntries, signal } = this.#arrangement;
    let entries = 0;
    for await (const record of index.records()) {
      if (record.type !== 'F' || record.set !== place.set || (place.kind === 'FileTree' && isOurs(record)))
        continue;
      visit(record);
      if (++entries % entriesAtOnce !== 0) continue;
      onEntries(entries);
      await breathe();
      signal.throwIfAborted();
    }
  }

  /** A file or directory. */
  put(record: WholeRecord): void {
    if (isRoot(record) || record.entry === 'l') return;
    const path = this.#path(record.path);
    this.#makeParents(record.path);
    if (record.entry === 'd') this.#makeDirectory(path);
    else if (record.first !== undefined) giveName(stagedFile(this.#numbered, record.first), path);
    else this.#putFile(record, path);
  }

  /** Called when everything has its name: each entry put into a directory changes the directory's time. */
  finish(record: WholeRecord): void {
    if (record.entry === 'f' && this.#arrangement.index.originals.has(record.file))
      rmSync(stagedFile(this.#numbered, record.file), { force: true });
    if (record.entry !== 'd') return;
    const descriptor = openSync(
      isRoot(record) ? this.#arrangement.directory : this.#path(record.path),
      noFollow | constants.O_DIRECTORY,
    );
    try {
      this.#setAttributes(descriptor, record, 'd');
    } finally {
      closeSync(descriptor);
    }
  }

  #putFile(record: WholeRecord, path: Buffer): void {
    const staged = stagedFile(this.#numbered, record.file);
    const hasMoreNames = this.#arrangement.index.originals.has(record.file);
    const descriptor = this.#openFile(record, staged, path, hasMoreNames);
    try {
      ftruncateSync(descriptor.number, record.bytes);
      this.#setAttributes(descriptor.number, record, 'f');
    } finally {
      closeSync(descriptor.number);
    }
    if (!descriptor.isStaged) return;
    if (hasMoreNames) giveName(staged, path);
    else renameSync(staged, path);
  }

  #openFile(
    record: WholeRecord,
    staged: string,
    path: Buffer,
    hasMoreNames: boolean,
  ): { readonly number: number; readonly isStaged: boolean } {
    const number = openUnlessMissing(staged, constants.O_RDWR | constants.O_NOFOLLOW);
    if (number !== undefined) return { number, isStaged: true };
    // It already has its name, or it is empty (apart from holes) and nothing was written.
    const named = openUnlessMissing(path, constants.O_RDWR | constants.O_NOFOLLOW);
    if (named !== undefined) return { number: named, isStaged: false };
    if (this.#arrangement.hasChunks(record.file)) throw gone(path);
    if (hasMoreNames) mkdirSync(dirname(staged), { recursive: true, mode: 0o700 });
    const made = hasMoreNames ? staged : path;
    return {
      number: openSync(made, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_CREAT, 0o600),
      isStaged: hasMoreNames,
    };
  }

  putLink(record: WholeRecord): void {
    if (record.entry !== 'l') return;
    const path = this.#path(record.path);
    this.#makeParents(record.path);
    const target = record.target ?? Buffer.alloc(0);
    try {
      symlinkSync(target, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !readlinkSync(path, 'buffer').equals(target))
        throw error;
    }
    const { uid, gid } = this.#owner(record);
    lchownSync(path, uid, gid);
    if (record.mtime !== undefined) lutimesSync(path, timeOf(record.mtime), timeOf(record.mtime));
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
    if (this.#arrangement.place.kind === 'Database')
      this.#makeDirectory(Buffer.from(this.#arrangement.directory));
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

  #setAttributes(descriptor: number, record: WholeRecord, entry: 'f' | 'd'): void {
    const { uid, gid } = this.#owner(record);
    fchownSync(descriptor, uid, gid);
    if (this.#arrangement.place.kind === 'Database') fchmodSync(descriptor, databaseModes[entry]);
    else {
      if (record.mode !== undefined) fchmodSync(descriptor, record.mode & keptMode[entry]);
      else if (entry === 'f') fchmodSync(descriptor, 0o644);
      this.#setExtended(descriptor, record, entry);
    }
    if (record.mtime !== undefined) futimesSync(descriptor, timeOf(record.mtime), timeOf(record.mtime));
  }

  /** Comes after the mode, because the mode of an entry with an ACL is part of that. */
  #setExtended(descriptor: number, { attributes, mode }: WholeRecord, entry: 'f' | 'd'): void {
    const lost = replaceAttributes(descriptor, attributes);
    if (lost.length === 0) return;
    this.withoutAttributes++;
    const acl = lost.find(({ name }) => name === accessACL);
    // The group bits of the mode are then the ACL's mask, which the group itself may never have had.
    if (acl !== undefined && mode !== undefined)
      fchmodSync(descriptor, mode & keptMode[entry] & (0o7707 | (groupRightsOf(acl.value) << 3)));
  }

  #owner(record: WholeRecord): { readonly uid: number; readonly gid: number } {
    const { place } = this.#arrangement;
    if (place.kind === 'Database') return place;
    return { uid: record.uid ?? place.uid, gid: record.gid ?? place.gid };
  }

  #path(path: Uint8Array): Buffer {
    return Buffer.concat([Buffer.from(`${this.#arrangement.directory}/`), path]);
  }
}

/** A further name of a file. A name that it already has stays. */
function giveName(staged: string, path: Buffer): void {
  try {
    linkSync(staged, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // The number goes once all names are there.
    if (code === 'ENOENT' && existsSync(path)) return;
    if (code === 'ENOENT') throw gone(path);
    if (code !== 'EEXIST' || lstatSync(path).ino !== lstatSync(staged).ino) throw error;
  }
}

function gone(path: Buffer): JobError {
  return new JobError(
    'InternalError',
    `${path.toString('utf8')} was gathered and is gone: somebody else changes the volume; restore again`,
  );
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
