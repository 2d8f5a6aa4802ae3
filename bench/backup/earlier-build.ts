/**
 * The build that a goal is measured against: the toolbox image and the companion's script of an earlier commit, made from a
 * worktree of its own. The tag goes with the repository; a clone without tags has the commit.
 */
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeImage } from '../../sandbox/setup/base-image.ts';
import type { Docker } from '../../sandbox/support/docker.ts';
import { buildImage } from '../../sandbox/support/image.ts';
import { repositoryDirectory } from '../../sandbox/support/paths.ts';
import { run } from '../../sandbox/support/process.ts';

export const earlierName = 'build restore-in-place';
const names = ['refs/tags/restore-in-place', '8edbfb7'];
const image = 'jtel/toolbox:restore-in-place';

export interface EarlierBuild {
  readonly toolbox: string;
  readonly companionScript: string;
}

/** @returns why there is none, when the repository does not have the commit. */
export async function earlierBuild(docker: Docker): Promise<EarlierBuild | { readonly missing: string }> {
  const git = async (...words: string[]): Promise<string> => await run(['git', '-C', repositoryDirectory, ...words]);
  const found = await Promise.all(names.map((name) => git('rev-parse', '--verify', '--quiet', `${name}^{commit}`).catch(() => '')));
  const commit = found.map((text) => text.trim()).find((text) => text !== '');
  if (commit === undefined) return { missing: `the repository has no commit ${names.join(' or ')}` };
  const directory = await mkdtemp(join(tmpdir(), 'earlier-build-'));
  const tree = join(directory, 'tree');
  try {
    await git('worktree', 'add', '--detach', tree, commit);
    await symlink(join(repositoryDirectory, 'node_modules'), join(tree, 'node_modules'));
    const contexts = (await import(join(tree, 'images/build/product-contexts.ts'))) as { assembleToolbox: (context: string) => Promise<void> };
    const { backupScript } = (await import(join(tree, 'backup/companion.ts'))) as { backupScript: string };
    const context = await mkdtemp(join(directory, 'context-'));
    await contexts.assembleToolbox(context);
    await buildImage(docker, { tag: image, context, bases: [nodeImage], buildArgs: { BASE: nodeImage } });
    return { toolbox: image, companionScript: backupScript };
  } finally {
    await git('worktree', 'remove', '--force', tree).catch(() => undefined);
    await rm(directory, { recursive: true, force: true });
  }
}
