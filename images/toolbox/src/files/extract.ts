/** Puts a tar archive into an empty tree. First it is read and checked as a whole, then written. */
import { chown, lchown, link, mkdir, open, symlink, utimes } from 'node:fs/promises';
import { constants } from 'node:fs';
import { dirname, join } from 'node:path';
import { extract } from 'tar-stream';
import { openDataSet } from '../database/dump.ts';
import { describeDataSet } from '../download.ts';
import { JobError } from '../job-error.ts';
import type { DataSetSpec, FileTreeSpec } from '../spec.ts';
import { EntryCheck } from './entry-check.ts';
import type { TreeEntry } from './entry-check.ts';

/** Length of what an archive holds, from {@link verifyArchive}. */
export interface ArchiveContent {
  readonly files: number;
  readonly bytes: number;
}

/** Reads the whole archive and checks every entry. @throws {JobError} DataSetCorrupt */
export async function verifyArchive(set: DataSetSpec, path: string, signal: AbortSignal): Promise<ArchiveContent> {
  let files = 0;
  let bytes = 0;
  await eachEntry(set, path, signal, async (entry, content) => {
    if (entry.type === 'File') {
      files++;
      for await (const chunk of content) bytes += chunk.length;
    }
  });
  return { files, bytes };
}

/** Writes the archive's entries; everything gets the tree's owner. The tree must be empty. */
export async function extractArchive(
  set: DataSetSpec,
  path: string,
  tree: FileTreeSpec,
  onFile: () => void,
  signal: AbortSignal,
): Promise<void> {
  const made = new Set<string>(['']);
  const directories: (TreeEntry & { readonly type: 'Directory' | 'File' })[] = [];
  const makeParents = async (entry: string): Promise<void> => {
    const parent = dirname(entry) === '.' ? '' : dirname(entry);
    if (made.has(parent)) return;
    await makeParents(parent);
    await mkdir(join(tree.path, parent), { mode: 0o755 });
    await chown(join(tree.path, parent), tree.uid, tree.gid);
    made.add(parent);
  };
  await chown(tree.path, tree.uid, tree.gid);
  await eachEntry(set, path, signal, async (entry, content) => {
    const target = join(tree.path, entry.path);
    await makeParents(entry.path);
    switch (entry.type) {
      case 'Directory':
        await makeParents(`${entry.path}/.`);
        directories.push({ ...entry, type: 'Directory' });
        break;
      case 'File':
        await writeFile(target, entry, content, tree);
        onFile();
        break;
      case 'SymbolicLink':
        await symlink(entry.target, target);
        await lchown(target, tree.uid, tree.gid);
        break;
      case 'HardLink':
        await link(join(tree.path, entry.target), target);
        break;
    }
  });
  // Last, and deepest first: writing into a directory changes its time, and its mode may forbid it.
  for (const entry of directories.toReversed()) {
    await setMode(join(tree.path, entry.path), entry.mode);
    await utimes(join(tree.path, entry.path), entry.modified, entry.modified);
  }
}

async function setMode(path: string, mode: number): Promise<void> {
  const directory = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    await directory.chmod(mode);
  } finally {
    await directory.close();
  }
}

async function writeFile(
  target: string,
  entry: { readonly mode: number; readonly modified: Date },
  content: AsyncIterable<Buffer>,
  tree: FileTreeSpec,
): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = await open(target, flags, 0o600);
  try {
    for await (const chunk of content) await file.writeFile(chunk);
    await file.chown(tree.uid, tree.gid);
    await file.chmod(entry.mode);
    await file.utimes(entry.modified, entry.modified);
  } finally {
    await file.close();
  }
}

async function eachEntry(
  set: DataSetSpec,
  path: string,
  signal: AbortSignal,
  visit: (entry: TreeEntry, content: AsyncIterable<Buffer>) => Promise<void>,
): Promise<void> {
  const check = new EntryCheck();
  const archive = extract();
  const source = openDataSet(path);
  source.on('error', (error) => archive.destroy(new JobError('DataSetCorrupt', `it is no zstd file or was cut off: ${error.message}`, error)));
  source.pipe(archive);
  try {
    for await (const item of archive) {
      signal.throwIfAborted();
      const entry = check.check(item.header);
      if (entry !== undefined) await visit(entry, item as unknown as AsyncIterable<Buffer>); // streamx's own type of the same
      item.resume();
    }
  } catch (error) {
    signal.throwIfAborted();
    throw archiveError(set, error);
  } finally {
    source.destroy();
  }
}

/** Refusals and the reader's own errors are the archive's fault; errors of the file system are not. */
function archiveError(set: DataSetSpec, error: unknown): unknown {
  const isArchive = error instanceof JobError || (error instanceof Error && (error as NodeJS.ErrnoException).code === undefined);
  if (!isArchive) return error;
  return new JobError('DataSetCorrupt', `${describeDataSet(set)} cannot be used: ${(error as Error).message}`, error);
}
