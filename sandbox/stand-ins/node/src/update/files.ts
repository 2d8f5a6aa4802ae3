/** Updates the file tree to the release: it places new and changed files, VERSION last. */
import { cp, mkdir, open, readdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DataTooNew } from './updates.ts';
import { compareReleases } from './version.ts';

/** Whether the tree is of an older release. Changes nothing. @throws {DataTooNew} */
export async function filesNeedUpdate(tree: string, ownRelease: string): Promise<boolean> {
  const version = await readVersion(tree);
  const difference = compareReleases(version, ownRelease);
  if (difference > 0) {
    throw new DataTooNew(
      `the file tree is of release ${version}, newer than ${ownRelease}: install ${version} or newer, or restore a backup`,
    );
  }
  return difference < 0;
}

/** @returns the number of placed files. */
export async function updateFiles(tree: string, releaseFiles: string): Promise<number> {
  const entries = await readdir(releaseFiles, { withFileTypes: true, recursive: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(releaseFiles.length + 1));
  for (const file of files.filter((name) => name !== 'VERSION').toSorted())
    await place(join(releaseFiles, file), join(tree, file));
  await place(join(releaseFiles, 'VERSION'), join(tree, 'VERSION'));
  return files.length;
}

async function readVersion(tree: string): Promise<string> {
  try {
    return (await readFile(join(tree, 'VERSION'), 'utf8')).trim();
  } catch (error) {
    throw new Error(
      `the file tree at ${tree} is empty (no file VERSION): load a backup or the vanilla data first`,
      { cause: error },
    );
  }
}

/** Completely or not at all: a reader never sees half a file. */
async function place(source: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const temporary = `${target}.jtel-new`;
  await cp(source, temporary);
  const file = await open(temporary, 'r');
  await file.sync();
  await file.close();
  await rename(temporary, target);
}
