/**
 * An earlier state of this repository in a directory of its own, so nothing of today helps or hinders it. Its
 * packages are today's while both lock files name the same ones for production; else npm installs its own.
 */
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryDirectory } from './paths.ts';
import { run } from './process.ts';

export interface Checkout {
  /** Its files; run its programs, or import them by absolute path. */
  readonly directory: string;
  readonly commit: string;
  remove(): Promise<void>;
}

interface LockFile {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
}

/**
 * @param names what the commit is called, the first that exists counts: a clone without tags has the commit.
 * @returns why there is none, if the repository does not have the commit.
 */
export async function checkOut(names: readonly string[]): Promise<Checkout | { readonly missing: string }> {
  const commit = (await Promise.all(names.map(commitOf))).find((found) => found !== undefined);
  if (commit === undefined) return { missing: `the repository has no commit ${names.join(' or ')}` };
  const parent = await mkdtemp(join(tmpdir(), 'earlier-'));
  const directory = join(parent, 'tree');
  await git('worktree', 'add', '--detach', directory, commit);
  await installPackages(directory);
  return {
    directory,
    commit,
    remove: async () => {
      await git('worktree', 'remove', '--force', directory).catch(() => undefined);
      await rm(parent, { recursive: true, force: true });
    },
  };
}

async function git(...words: string[]): Promise<string> {
  return await run(['git', '-C', repositoryDirectory, ...words]);
}

async function commitOf(name: string): Promise<string | undefined> {
  const found = await git('rev-parse', '--verify', '--quiet', `${name}^{commit}`).catch(() => '');
  return found.trim() || undefined;
}

async function installPackages(directory: string): Promise<void> {
  const [theirs, ours] = await Promise.all([directory, repositoryDirectory].map(readLockFile));
  if (theirs !== undefined && ours !== undefined && samePackages(theirs, ours))
    await symlink(join(repositoryDirectory, 'node_modules'), join(directory, 'node_modules'));
  else
    // Also those for development: its images are built from there.
    await run(['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: directory });
}

async function readLockFile(directory: string): Promise<LockFile> {
  return JSON.parse(await readFile(join(directory, 'package-lock.json'), 'utf8')) as LockFile;
}

/** Whether both have the same packages in production; the project itself is the entry without a path. */
export function samePackages(one: LockFile, other: LockFile): boolean {
  const [ours, theirs] = [one, other].map(({ packages }) =>
    JSON.stringify(
      Object.entries(packages)
        .filter(([path, { dev }]) => path !== '' && dev !== true)
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ),
  );
  return ours === theirs;
}
