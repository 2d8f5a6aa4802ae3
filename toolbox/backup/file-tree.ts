/**
 * Reads a file tree while its owner goes on working. Links are recorded, never followed. Files are opened so
 * that they cannot be a link, a pipe or a device. A file that changes while it is read is read once more. A
 * file that cannot be read is left out and reported.
 */
import type { BigIntStats } from 'node:fs';
import { constants } from 'node:fs';
import { open, readlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { LeftOut } from '../../backup-format/data-set.ts';
import type { BackupFileTree } from '../../jobs/backup.ts';
import { floorSeconds } from '../files/times.ts';
import { absolutePath, kindOfError, walk } from '../files/walk.ts';
import type { WalkedEntry } from '../files/walk.ts';
import { readAttributes } from '../files/xattr.ts';
import type { FoundAttributes } from '../files/xattr.ts';
import type { SourceContext } from './context.ts';
import type { FileFacts } from './entries.ts';
import { LeftOutCounter } from './left-out.ts';
import { pieceBytes } from './pipeline.ts';

/** Files that are opened and read ahead. Only files that fit into one piece count. */
const ahead = 12;
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

interface Found extends WalkedEntry {
  readonly attributes: FoundAttributes['kept'];
  /** Of a small file. */
  readonly content?: Buffer;
  readonly target?: Buffer;
  readonly changed?: true;
}

/** The size of a tree, for progress. */
export interface TreeSize {
  /** Lengths of all files. */
  readonly bytes: number;
  readonly entries: number;
}

export class FileTreeReader {
  readonly #tree: BackupFileTree;
  readonly #leftOut = new LeftOutCounter();
  #entries = 0;

  constructor(tree: BackupFileTree) {
    this.#tree = tree;
  }

  get leftOut(): readonly LeftOut[] {
    return this.#leftOut.kinds;
  }

  /** How much has been read so far. */
  get entriesDone(): number {
    return this.#entries;
  }

  async size(signal: AbortSignal): Promise<TreeSize> {
    let bytes = 0;
    let entries = 0;
    for await (const { stat } of walk(this.#tree, () => undefined, signal)) {
      entries++;
      if (stat.isFile()) bytes += Number(stat.size);
    }
    return { bytes, entries };
  }

  /** @throws {JobError} FileTreeFailed when the tree as a whole cannot be read. */
  async read(context: SourceContext): Promise<void> {
    const queue: Promise<Found | undefined>[] = [];
    const next = async (): Promise<void> => {
      const found = await queue.shift();
      if (found !== undefined) await this.#add(found, context);
      this.#entries++;
    };
    try {
      for await (const found of walk(
        this.#tree,
        (kind, path) => this.#leftOut.add(kind, path),
        context.signal,
      )) {
        const prepared = this.#prepare(found);
        prepared.catch(() => undefined); // reported when its turn comes
        queue.push(prepared);
        if (queue.length >= ahead) await next();
      }
      while (queue.length > 0) await next();
    } finally {
      await Promise.allSettled(queue);
    }
  }

  /** Reads small files ahead, so that several are waited for at the same time. */
  async #prepare(found: WalkedEntry): Promise<Found | undefined> {
    const { path, stat } = found;
    try {
      const attributes = this.#attributes(path);
      if (stat.isSymbolicLink())
        return { ...found, attributes, target: await readlink(this.#absolute(path), { encoding: 'buffer' }) };
      if (!stat.isFile() || stat.size > pieceBytes) return { ...found, attributes };
      for (let again = false; ; again = true) {
        const { content, stat: after, changed } = await this.#readSmall(path);
        if (!changed || again)
          return { path, stat: after, attributes, content, ...(changed ? { changed } : {}) };
      }
    } catch (error) {
      this.#skip(error, path);
      return undefined;
    }
  }

  /** A file that cannot be read does not spoil the others. */
  #attributes(path: Buffer): FoundAttributes['kept'] {
    let found: FoundAttributes = { kept: [], others: true };
    try {
      found = readAttributes(this.#absolute(path));
    } catch (error) {
      if (kindOfError(this.#tree, error) === 'Vanished') throw error;
    }
    if (found.others) this.#leftOut.add('Attribute', path);
    return found.kept;
  }

  async #readSmall(
    path: Buffer,
  ): Promise<{ readonly content: Buffer; readonly stat: BigIntStats; readonly changed: boolean }> {
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
      return {
        content: content.subarray(0, length),
        stat,
        changed: hasChanged(stat, after) || after.size !== BigInt(length),
      };
    } finally {
      await file.close();
    }
  }

  async #add(found: Found, context: SourceContext): Promise<void> {
    const { pipeline, throttle, signal } = context;
    const { path, stat, content, changed } = found;
    await pipeline.free();
    if (stat.isFile() && content === undefined) {
      await this.#addLarge(found, context);
      return;
    }
    const writer = pipeline.newFile();
    if (content !== undefined) {
      writer.write(content);
      await throttle.wait(content.length, signal);
    }
    if (changed === true) this.#leftOut.add('Changed', path);
    writer.end(this.#facts(found, stat));
  }

  async #addLarge(found: Found, context: SourceContext): Promise<void> {
    const { path } = found;
    for (let again = false; ; again = true) {
      const opened = await this.#open(path).catch((error: unknown) => this.#skip(error, path));
      if (opened === undefined) return;
      const { file, stat } = opened;
      const writer = context.pipeline.newFile();
      try {
        await pour(file, Number(stat.size), writer, context);
        const changed =
          hasChanged(stat, await file.stat({ bigint: true })) || stat.size !== BigInt(writer.bytes);
        if (changed && !again) {
          writer.flush(); // without its record nobody takes these chunks for a file
          continue;
        }
        if (changed) this.#leftOut.add('Changed', path);
        writer.end(this.#facts(found, stat));
        return;
      } catch (error) {
        this.#skip(error, path);
        writer.flush();
        return;
      } finally {
        await file.close();
      }
    }
  }

  async #open(path: Buffer): Promise<{ readonly file: FileHandle; readonly stat: BigIntStats }> {
    const file = await open(this.#absolute(path), openFlags);
    const stat = await file.stat({ bigint: true });
    if (stat.isFile()) return { file, stat };
    await file.close();
    throw Object.assign(new Error('is no file any more'), { code: 'ELOOP', syscall: 'open' });
  }

  #facts({ path, attributes, target }: Found, stat: BigIntStats): FileFacts {
    return {
      set: this.#tree.name,
      entry: stat.isDirectory() ? 'd' : stat.isSymbolicLink() ? 'l' : 'f',
      path,
      mode: Number(stat.mode & 0o7777n),
      uid: Number(stat.uid),
      gid: Number(stat.gid),
      mtime: floorSeconds(stat.mtimeNs),
      attributes,
      ...(target === undefined ? {} : { target }),
      ...(stat.isFile() && stat.nlink > 1n ? { inode: { device: stat.dev, number: stat.ino } } : {}),
    };
  }

  #absolute(path: Buffer): Buffer {
    return absolutePath(this.#tree, path.toString('latin1'));
  }

  /** @throws every error that is not about this entry. */
  #skip(error: unknown, path: Buffer): undefined {
    this.#leftOut.add(kindOfError(this.#tree, error), path);
  }
}

/**
 * @param length what the file had when it was opened. A file that grows as fast as it is read would never
 * end.
 */
async function pour(
  file: FileHandle,
  length: number,
  writer: { write(bytes: Buffer): void },
  { pipeline, throttle, signal }: SourceContext,
): Promise<void> {
  const buffer = Buffer.allocUnsafe(pieceBytes);
  for (let left = length; left > 0;) {
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
