/**
 * Puts together the contents of the product's own images: only what runs in production. `docker build` runs
 * this in its build stage, `node images/contexts.ts (operator | toolbox) DIRECTORY`; the sandbox runs it
 * beforehand (images/images.ts).
 */
import { cp, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryDirectory } from '../kit/paths.ts';
import { bundleOperator, writeBundle } from './bundle.ts';
import { copyPackages, packagesNeeded, readLockFile, toolboxPackages } from './packages.ts';

const contents: Readonly<Record<string, (directory: string) => Promise<void>>> = {
  operator: assembleOperator,
  toolbox: assembleToolbox,
};

/** The operator: a bundle. */
export async function assembleOperator(directory: string): Promise<void> {
  await writeBundle(await bundleOperator(), directory);
}

/**
 * The jobs: sources with the same folders as in the repository, so relative imports work in both, and their
 * packages.
 */
export async function assembleToolbox(directory: string): Promise<void> {
  const inProduction = (path: string): boolean => !/\.test\.ts$|\/Dockerfile$/.test(path);
  for (const folder of ['toolbox', 'backup-format', 'base', 'jobs', 'release/archive']) {
    await cp(join(repositoryDirectory, folder), join(directory, folder), {
      recursive: true,
      filter: inProduction,
    });
  }
  // For all of them: the files are modules.
  await rename(join(directory, 'toolbox/package.json'), join(directory, 'package.json'));
  await copyPackages(
    repositoryDirectory,
    packagesNeeded(await readLockFile(repositoryDirectory), toolboxPackages),
    directory,
  );
}

if (import.meta.main) {
  const [image = '', directory = ''] = process.argv.slice(2);
  const assemble = contents[image];
  if (assemble === undefined || directory === '')
    throw new Error(`call it with ${Object.keys(contents).join(' or ')}, and a directory`);
  await mkdir(directory, { recursive: true });
  await assemble(directory);
}
