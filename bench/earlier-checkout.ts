/**
 * The build that a goal is measured against, as a separate checkout. Everything of it comes from there,
 * images too, so nothing of today helps or hinders it. The repository has the tag; a clone without tags has
 * the commit.
 */
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryDirectory } from '../kit/paths.ts';
import { run } from '../kit/process.ts';

export const earlierName = 'build restore-in-place';
const names = ['refs/tags/restore-in-place', '8edbfb7'];

export interface EarlierCheckout {
  /** Its files; import them by absolute path. */
  readonly directory: string;
  remove(): Promise<void>;
}

/** @returns why there is none, if the repository does not have the commit. */
export async function earlierCheckout(): Promise<EarlierCheckout | { readonly missing: string }> {
  const git = async (...words: string[]): Promise<string> =>
    await run(['git', '-C', repositoryDirectory, ...words]);
  const found = await Promise.all(
    names.map((name) => git('rev-parse', '--verify', '--quiet', `${name}^{commit}`).catch(() => '')),
  );
  const commit = found.map((text) => text.trim()).find((text) => text !== '');
  if (commit === undefined) return { missing: `the repository has no commit ${names.join(' or ')}` };
  const parent = await mkdtemp(join(tmpdir(), 'earlier-build-'));
  const directory = join(parent, 'tree');
  await git('worktree', 'add', '--detach', directory, commit);
  await symlink(join(repositoryDirectory, 'node_modules'), join(directory, 'node_modules'));
  return {
    directory,
    remove: async () => {
      await git('worktree', 'remove', '--force', directory).catch(() => undefined);
      await rm(parent, { recursive: true, force: true });
    },
  };
}
