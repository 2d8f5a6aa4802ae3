/**
 * Reads the file tree of a release: a tar archive, compressed with zstd. Checks every entry before it hands
 * it out.
 */
import { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import { ArchiveError } from './archive-error.ts';
import { EntryCheck } from './entry-check.ts';
import type { TreeEntry } from './entry-check.ts';
import { decompressFrames } from './zstd-frames.ts';

/** Two blocks of zeros end an archive. A writer may add more of them. */
const endBytes = 1024;

/** What an archive holds. */
export interface ArchiveContent {
  readonly files: number;
  /** Lengths of all files. */
  readonly bytes: number;
}

/**
 * @param visit gets each entry, and the content of a file, which it need not read.
 * @throws {ArchiveError} when something cannot be read exactly; errors of `visit` are passed on.
 */
export async function readArchive(
  compressed: AsyncIterable<Buffer>,
  visit: (entry: TreeEntry, content: AsyncIterable<Buffer>) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const check = new EntryCheck();
  const end = new End();
  const archive = extract();
  const source = Readable.from(end.watch(decompressFrames(compressed)), { objectMode: false });
  source.on('error', (error) => archive.destroy(error));
  source.pipe(archive);
  let entries = 0;
  try {
    for await (const item of archive) {
      signal.throwIfAborted();
      const entry = check.check(item.header);
      if (entry !== undefined) {
        entries++;
        await visit(entry, item as unknown as AsyncIterable<Buffer>); // streamx's own type of the same
      }
      item.resume();
    }
  } catch (error) {
    signal.throwIfAborted();
    throw asArchiveError(error);
  } finally {
    source.destroy();
  }
  if (!end.isThere) throw new ArchiveError('it was cut off: the end of the archive is missing');
  if (entries === 0) throw new ArchiveError('it is empty');
}

/** Reads all of it. @throws {ArchiveError} */
export async function checkArchive(
  compressed: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<ArchiveContent> {
  let files = 0;
  let bytes = 0;
  const visit = async (entry: TreeEntry, content: AsyncIterable<Buffer>): Promise<void> => {
    if (entry.type !== 'File') return;
    files++;
    for await (const chunk of content) bytes += chunk.length;
  };
  await readArchive(compressed, visit, signal);
  return { files, bytes };
}

/** Remembers the last bytes that passed. */
class End {
  #last: Buffer = Buffer.alloc(0);

  async *watch(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      this.#last =
        chunk.length >= endBytes
          ? chunk.subarray(-endBytes)
          : Buffer.concat([this.#last, chunk]).subarray(-endBytes);
      yield chunk;
    }
  }

  get isThere(): boolean {
    return this.#last.length === endBytes && this.#last.every((byte) => byte === 0);
  }
}

/** The tar reader's own errors have no code. Errors of file systems have one. */
function asArchiveError(error: unknown): unknown {
  const isReaders = error instanceof Error && (error as NodeJS.ErrnoException).code === undefined;
  return isReaders && error.constructor === Error ? new ArchiveError(error.message, error) : error;
}
