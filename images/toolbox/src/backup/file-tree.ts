/**
 * Reads a file tree while its owner goes on working. Links are recorded, never followed; files are opened so that they cannot
 * be a link, a pipe or a device. A file that changes while it is read is read again, once; what is not in the backup is told.
 */
import type { BigIntStats } from 'node:fs';
import { constants } from 'node:fs';
import { lstat, open, opendir, readlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { BackupFileTree, SkippedEntries } from '../../../../backup/job.ts';
import { leadsOut } from '../../../../backup/links.ts';
import { markerDirectory } from '../files/tree.ts';
import { JobError } from '../job-error.ts';
import type { SourceContext } from './context.ts';
import { Globs } from './glob.ts';
import { pieceBytes } from './pipeline.ts';

/** Files that are opened and read ahead; only such as fit into one piece. */
const ahead = 12;
/** At the root: no data. */
const never = new Set(['lost+found', markerDirectory, '.jtel-restore']);
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const examplesTold = 10;

interface Found {
  readonly path: Buffer;
  readonly stat: BigIntStats;
  /** Of a small file. */
  readonly content?: Buffer;
  readonly target?: Buffer;
  readonly changed?: true;
}

export class FileTreeReader {
  readonly #tree: BackupFileTree;
  readonly #globs: Globs;
  readonly #skipped = new Map<SkippedEntries['reason'], { entries: number; examples: string[] }>();

  constructor(tree: BackupFileTree) {
    this.#tree = tree;
    this.#globs = new Globs(tree.excludes);
  }

  get skipped(): readonly SkippedEntries[] {
    return [...this.#skipped].map(([reason, { entries, examples }]) => ({ reason, entries, examples }));
  }

  /** Bytes of all files, for progress. */
  async size(signal: AbortSignal): Promise<number> {
    let bytes = 0;
    for await (const { stat } of this.#walk('', signal, () => undefined)) if (stat.isFile()) bytes += Number(stat.size);
    return bytes;
  }

  /** @throws {JobError} FileTreeFailed when something cannot be read. */
  async read(context: SourceContext): Promise<void> {
    const skip = (reason: SkippedEntries['reason'], path: Buffer): void => this.#skip(reason, path);
    const queue: Promise<Found | undefined>[] = [];
    const next = async (): Promise<void> => {
      const found = await queue.shift();
      if (found !== undefined) await this.#add(found, context);
    };
    try {
      for await (const found of this.#walk('', context.signal, skip)) {
        const prepared = this.#prepare(found);
        prepared.catch(() => undefined); // told when its turn comes
        queue.push(prepared);
        if (queue.length >= ahead) await next();
      }
      while (queue.length > 0) await next();
    } catch (error) {
      throw this.#explain(error);
    } finally {
      await Promise.allSettled(queue);
    }
  }

  async *#walk(path: string, signal: AbortSignal, skip: (reason: SkippedEntries['reason'], path: Buffer) => void): AsyncGenerator<Found> {
    signal.throwIfAborted();
    const directory = await opendir(this.#absolute(path), { encoding: 'latin1', bufferSize: 128 }).catch((error: unknown) => {
      if (path === '' || !isGone(error)) throw this.#explain(error);
      skip('Vanished', Buffer.from(path, 'latin1'));
    });
    if (directory === undefined) return;
    if (path === '') yield { path: Buffer.from('.'), stat: await lstat(this.#absolute(''), { bigint: true }) };
    for await (const { name } of directory) {
      if (path === '' && never.has(name)) continue;
      const child = path === '' ? name : `${path}/${name}`;
      const bytes = Buffer.from(child, 'latin1');
      if (this.#globs.matches(child)) {
        skip('Excluded', bytes);
        continue;
      }
      const stat = await lstat(this.#absolute(child), { bigint: true }).catch((error: unknown) => {
        if (!isGone(error)) throw this.#explain(error);
        skip('Vanished', bytes);
      });
      if (stat === undefined) continue;
      if (!stat.isDirectory() && !stat.isFile() && !stat.isSymbolicLink()) {
        skip('Special', bytes);
        continue;
      }
      yield { path: bytes, stat };
      if (!stat.isDirectory()) continue;
      if (this.#globs.matchesAllBelow(child)) skip('Excluded', bytes);
      else yield* this.#walk(child, signal, skip);
    }
  }

  /** Reads what is small, so that several files are waited for at the same time. */
  async #prepare(found: Found): Promise<Found | undefined> {
    const { path, stat } = found;
    try {
      if (stat.isSymbolicLink()) {
        const target = await readlink(this.#absolute(path.toString('latin1')), { encoding: 'buffer' });
        if (!leadsOut(path.toString('latin1'), target.toString('latin1'))) return { ...found, target };
        this.#skip('Outside', path);
        return undefined;
      }
      if (!stat.isFile() || stat.size > pieceBytes) return found;
      for (let again = false; ; again = true) {
        const { content, stat: after, changed } = await this.#readSmall(path);
        if (!changed || again) return { path, stat: after, content, ...(changed ? { changed } : {}) };
      }
    } catch (error) {
      if (isGone(error)) this.#skip('Vanished', path);
      else if (isOther(error)) this.#skip('Special', path);
      else throw error;
      return undefined;
    }
  }

  async #readSmall(path: Buffer): Promise<{ readonly content: Buffer; readonly stat: BigIntStats; readonly changed: boolean }> {
    const { file, stat } = await this.#open(path);
    try {
      const content = Buffer.alloc(Math.min(Number(stat.size), pieceBytes));
      let length = 0;
      while (length < content.length) {
        const { bytesRead } = await file.read(content, length, content.length - length, length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      const after = await file.stat({ bigint: true });
      return { content: content.subarray(0, length), stat, changed: hasChanged(stat, after) || after.size !== BigInt(length) };
    } finally {
      await file.close();
    }
  }

  async #add(found: Found, context: SourceContext): Promise<void> {
    const { pipeline, throttle, signal } = context;
    const { path, stat, content, target, changed } = found;
    await pipeline.free();
    if (stat.isFile() && content === undefined) {
      await this.#addLarge(path, context);
      return;
    }
    const writer = pipeline.newFile();
    if (content !== undefined) {
      writer.write(content);
      await throttle.wait(content.length, signal);
    }
    if (changed === true) this.#skip('Changed', path);
    writer.end({ ...this.#facts(path, stat), ...(target === undefined ? {} : { target }) });
  }

  async #addLarge(path: Buffer, context: SourceContext): Promise<void> {
    for (let again = false; ; again = true) {
      const opened = await this.#open(path).catch((error: unknown) => {
        if (!isGone(error) && !isOther(error)) throw error;
        this.#skip(isGone(error) ? 'Vanished' : 'Special', path);
      });
      if (opened === undefined) return;
      const { file, stat } = opened;
      try {
        const writer = context.pipeline.newFile();
        await pour(file, Number(stat.size), writer, context);
        const changed = hasChanged(stat, await file.stat({ bigint: true })) || stat.size !== BigInt(writer.bytes);
        if (changed && !again) {
          writer.flush(); // without its record nobody takes these chunks for a file
          continue;
        }
        if (changed) this.#skip('Changed', path);
        writer.end(this.#facts(path, stat));
        return;
      } finally {
        await file.close();
      }
    }
  }

  async #open(path: Buffer): Promise<{ readonly file: FileHandle; readonly stat: BigIntStats }> {
    const file = await open(this.#absolute(path.toString('latin1')), openFlags);
    const stat = await file.stat({ bigint: true });
    if (stat.isFile()) return { file, stat };
    await file.close();
    throw Object.assign(new Error('is no file any more'), { code: 'ELOOP' });
  }

  #facts(path: Buffer, stat: BigIntStats): {
    readonly set: string; readonly entry: 'f' | 'd' | 'l'; readonly path: Buffer; readonly mode: number; readonly uid: number; readonly gid: number; readonly mtime: number;
  } {
    return {
      set: this.#tree.name,
      entry: stat.isDirectory() ? 'd' : stat.isSymbolicLink() ? 'l' : 'f',
      path,
      mode: Number(stat.mode & 0o7777n),
      uid: Number(stat.uid),
      gid: Number(stat.gid),
      mtime: Math.max(0, Number(stat.mtimeNs / 1_000_000_000n)),
    };
  }

  #absolute(path: string): Buffer {
    return Buffer.concat([Buffer.from(this.#tree.path), Buffer.from(path === '' ? '' : `/${path}`, 'latin1')]);
  }

  #skip(reason: SkippedEntries['reason'], path: Buffer): void {
    const skipped = this.#skipped.get(reason) ?? { entries: 0, examples: [] };
    this.#skipped.set(reason, skipped);
    skipped.entries++;
    if (skipped.examples.length < examplesTold) skipped.examples.push(path.toString('utf8').slice(0, 200));
  }

  #explain(error: unknown): unknown {
    if (error instanceof JobError || !(error instanceof Error) || error.name === 'AbortError' || !('syscall' in error)) return error;
    return new JobError('FileTreeFailed', `file tree ${this.#tree.name} cannot be read at ${this.#tree.path}: ${error.message}`, error);
  }
}

/** @param length what the file had when it was opened: one that grows as fast as it is read would never end. */
async function pour(file: FileHandle, length: number, writer: { write(bytes: Buffer): void }, { pipeline, throttle, signal }: SourceContext): Promise<void> {
  const buffer = Buffer.allocUnsafe(pieceBytes);
  for (let left = length; left > 0; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(left, buffer.length));
    if (bytesRead === 0) return;
    left -= bytesRead;
    await pipeline.free();
    writer.write(buffer.subarray(0, bytesRead));
    await throttle.wait(bytesRead, signal);
  }
}

function hasChanged(before: BigIntStats, after: BigIntStats): boolean {
  return before.size !== after.size || before.mtimeNs !== after.mtimeNs || before.ino !== after.ino;
}

function isGone(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(String((error as { code?: unknown }).code));
}

/** A link, pipe or device is there now instead of the file. */
function isOther(error: unknown): boolean {
  return ['ELOOP', 'ENXIO'].includes(String((error as { code?: unknown }).code));
}
