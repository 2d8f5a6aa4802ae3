/** A file tree as a whole: what is in it, which load wrote it, and how it is emptied. */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { markerDirectory } from '../../jobs/staging.ts';
import { JobError } from '../job-error.ts';
import { replaceFile, syncDirectory } from './durable.ts';
import { parseMarker } from '../marker.ts';
import type { Found } from '../marker.ts';
import type { Marker } from '../../jobs/load.ts';
import type { TargetTree } from '../../jobs/values.ts';

/** What an empty file system may contain. */
const ignored = new Set([markerDirectory, 'lost+found']);
const examplesShown = 5;

export async function lookAtTree(tree: TargetTree): Promise<Found> {
  const names = await dataEntries(tree);
  return {
    what: `file tree ${tree.name}`,
    marker: await readTreeMarker(tree),
    entries: names.length,
    examples: names.slice(0, examplesShown),
  };
}

/**
 * Names at the root of the tree, except those that are no data.
 * @throws {JobError} SpecInvalid when it is not mounted.
 */
async function dataEntries(tree: TargetTree): Promise<readonly string[]> {
  try {
    return (await readdir(tree.path)).filter((name) => !ignored.has(name)).toSorted();
  } catch (error) {
    throw new JobError(
      'SpecInvalid',
      `file tree ${tree.name} cannot be read at ${tree.path}: mount its volume there (${(error as Error).message})`,
      error,
    );
  }
}

async function readTreeMarker(tree: TargetTree): Promise<Marker | undefined> {
  const path = join(tree.path, markerDirectory, 'marker.json');
  try {
    return parseMarker(await readFile(path, 'utf8'), path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Durable before it returns. Either the old marker or the new one is there at all times. */
export async function writeTreeMarker(tree: TargetTree, marker: Marker): Promise<void> {
  const directory = join(tree.path, markerDirectory);
  await mkdir(directory, { recursive: true, mode: 0o755 });
  await replaceFile(join(directory, 'marker.json'), `${JSON.stringify(marker)}\n`, 0o644);
  await syncDirectory(tree.path);
}

/** Removes all data of the tree. It is called only for what this load wrote itself. */
export async function clearTree(tree: TargetTree): Promise<void> {
  for (const name of await dataEntries(tree))
    await rm(join(tree.path, name), { recursive: true, force: true });
}

/** Regular files below the root. */
export async function countFiles(tree: TargetTree): Promise<number> {
  let files = 0;
  const visit = async (directory: string, root: boolean): Promise<void> => {
    for (const entry of await readdir(directory, { withFileTypes: true })) {
      if (root && ignored.has(entry.name)) continue;
      if (entry.isDirectory()) await visit(join(directory, entry.name), false);
      else if (entry.isFile()) files++;
    }
  };
  await visit(tree.path, true);
  return files;
}
