/**
 * Where a backup's files go: the volume of a stopped database, file trees. Each place tells whether it is
 * empty and whose data it holds, and can be emptied. The answer always comes from a look at the volume
 * itself, right before it is needed.
 */
import { lstat, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RestoreDatabase } from '../../jobs/restore.ts';
import type { TargetTree } from '../../jobs/values.ts';
import { databaseSetName } from '../../jobs/values.ts';
import { databaseStaging, markerDirectory } from '../../jobs/staging.ts';
import { clearTree, lookAtTree, writeTreeMarker } from '../files/tree.ts';
import { parseMarker } from '../marker.ts';
import type { Found } from '../marker.ts';
import type { Marker } from '../../jobs/load.ts';
import { systemSchemas } from '../../jobs/load.ts';
import { ownDirectory, readOwn, replaceFile } from '../files/durable.ts';

type PhysicalDatabase = Extract<RestoreDatabase, { readonly kind: 'Physical' }>;

const databaseMarker = '.jtel-data.json';
const examplesShown = 5;

/** One place for one data set. */
export interface Place {
  /** Of the data set. */
  readonly set: string;
  readonly kind: 'Database' | 'FileTree';
  readonly uid: number;
  readonly gid: number;
  /** Root of the volume. */
  readonly volumePath: string;
  /** Where its files are gathered; in the same volume. */
  readonly staging: string;
  /** Where they end. */
  readonly target: string;
  look(): Promise<Found>;
  mark(marker: Marker): Promise<void>;
  /** Removes what is at the target, or moves it into the staging directory where that is faster. */
  clear(): Promise<void>;
  /** Makes the parents of {@link staging}. */
  prepareStaging(): Promise<void>;
}

export function databasePlace(spec: PhysicalDatabase): Place {
  const { volumePath, dataDirectory, uid, gid } = spec;
  const staging = join(volumePath, databaseStaging);
  const target = join(volumePath, dataDirectory);
  const isRoot = dataDirectory === '.';
  const markerPath = join(volumePath, databaseMarker);
  return {
    set: databaseSetName,
    kind: 'Database',
    uid,
    gid,
    volumePath,
    staging,
    target,
    look: async () => {
      const tables = await databaseTables(target);
      const text = await readOwn(markerPath);
      const marker = text === undefined ? undefined : parseMarker(text, markerPath);
      return {
        what: `the database in ${target}`,
        marker,
        entries: tables.length,
        examples: tables.slice(0, examplesShown),
      };
    },
    mark: (marker) => replaceFile(markerPath, `${JSON.stringify(marker)}\n`),
    clear: async () => {
      if (!isRoot) return await moveAside(target, staging);
      const kept = new Set([databaseStaging, databaseMarker, `${databaseMarker}.new`, 'lost+found']);
      for (const name of await readdir(volumePath))
        if (!kept.has(name)) await rm(join(volumePath, name), { recursive: true, force: true });
    },
    prepareStaging: () => ownDirectory(staging),
  };
}

export function treePlace(tree: TargetTree): Place {
  const ours = join(tree.path, markerDirectory);
  return {
    set: tree.name,
    kind: 'FileTree',
    uid: tree.uid,
    gid: tree.gid,
    volumePath: tree.path,
    staging: join(ours, 'restore'),
    target: tree.path,
    look: () => lookAtTree(tree),
    mark: async (marker) => {
      await ownDirectory(ours);
      await writeTreeMarker(tree, marker);
    },
    clear: () => clearTree(tree),
    prepareStaging: async () => {
      await ownDirectory(ours);
      await ownDirectory(join(ours, 'restore'));
    },
  };
}

/**
 * Schemas that have content, as `schema/file`. An initialised database without tables counts as empty; so do
 * the server's own schemas and this project's marker.
 */
async function databaseTables(directory: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await entriesOf(directory)) {
    // A link in a data directory is a schema that lies elsewhere.
    if (!entry.isDirectory() && !entry.isSymbolicLink()) continue;
    if (
      systemSchemas.includes(entry.name) ||
      entry.name.startsWith('#') ||
      entry.name === databaseStaging ||
      entry.name === 'lost+found'
    )
      continue;
    const inside = entry.isDirectory() ? await entriesOf(join(directory, entry.name)) : [{ name: '(link)' }];
    found.push(...inside.filter(({ name }) => name !== 'db.opt').map(({ name }) => `${entry.name}/${name}`));
  }
  return found.toSorted();
}

async function entriesOf(
  directory: string,
): Promise<readonly { readonly name: string; isDirectory(): boolean; isSymbolicLink(): boolean }[]> {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** One rename, so that there is never half of it. It is removed with the staging directory. */
async function moveAside(target: string, staging: string): Promise<void> {
  if (!(await exists(target))) return;
  const aside = join(staging, 'old');
  await rm(aside, { recursive: true, force: true });
  await rename(target, aside);
}

export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Directories from a volume's root down to the parent of its target. */
export function parentsOf(place: Place): readonly string[] {
  const parents: string[] = [];
  for (let path = dirname(place.target); path.length > place.volumePath.length; path = dirname(path))
    parents.unshift(path);
  return parents;
}
