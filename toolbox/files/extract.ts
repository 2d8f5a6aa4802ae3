/** Puts a tar archive into an empty tree. It reads and checks the whole archive before it writes anything. */
import { chown, lchown, link, mkdir, open, symlink, utimes } from 'node:fs/promises';
import { constants } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TreeEntry } from '../../release/archive/entry-check.ts';
import { checkArchive, readArchive } from '../../release/archive/read-archive.ts';
import type { ArchiveContent } from '../../release/archive/read-archive.ts';
import { asCorrupt, openCompressed } from '../database/dump.ts';
import type { VanillaSet } from '../../jobs/load.ts';
import type { TargetTree } from '../../jobs/values.ts';

/** Reads the whole archive and checks every entry. @throws {JobError} DataSetCorrupt */
export async function verifyArchive(
  set: VanillaSet,
  path: string,
  signal: AbortSignal,
): Promise<ArchiveContent> {
  try {
    return await checkArchive(openCompressed(path), signal);
  } catch (error) {
    throw asCorrupt(set, error);
  }
}

/** Writes the archive's entries. Everything gets the tree's owner. The tree must be empty. */
export async function extractArchive(
  set: VanillaSet,
  path: string,
  tree: TargetTree,
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
  const visit = async (entry: TreeEntry, content: AsyncIterable<Buffer>): Promise<void> => {
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
  };
  try {
    await readArchive(openCompressed(path), visit, signal);
  } catch (error) {
    throw asCorrupt(set, error);
  }
  // Directories come last, the deepest first: writing into one changes its time, and its mode may forbid
  // writing.
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
  tree: TargetTree,
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
