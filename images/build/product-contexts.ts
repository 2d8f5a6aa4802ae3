/** Build contexts of the product's own images: sources without tests, and the production packages of the lock file. */
import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryDirectory } from '../../sandbox/support/paths.ts';
import { imagesDirectory } from './contexts.ts';
import { copyPackages, packagesNeeded, readLockFile } from './packages.ts';

/** Folders of the operator that run in production; the dependency rule keeps them from needing any other. */
const operatorFolders = ['model', 'crds', 'operator', 'controllers', 'host-driver', 'blob-store', 'release', 'cli'];

export async function assembleToolbox(context: string): Promise<void> {
  await cp(join(imagesDirectory, 'toolbox'), context, { recursive: true, filter: (path) => !path.endsWith('.test.ts') });
  await copyPackages(repositoryDirectory, packagesNeeded(await readLockFile(repositoryDirectory), ['tar-stream']), context);
}

export async function assembleOperator(context: string): Promise<void> {
  const manifest = JSON.parse(await readFile(join(repositoryDirectory, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
  const packages = packagesNeeded(await readLockFile(repositoryDirectory), Object.keys(manifest.dependencies));
  await copyPackages(repositoryDirectory, packages, context);
  for (const file of ['Dockerfile', 'package.json']) await cp(join(repositoryDirectory, file), join(context, file));
  for (const folder of operatorFolders) {
    await mkdir(join(context, folder), { recursive: true });
    await cp(join(repositoryDirectory, folder), join(context, folder), { recursive: true, filter: (path) => !/\.test\.ts$|\/(fake|testdata)$/.test(path) })
      .catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      });
  }
}
