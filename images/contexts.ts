/** Build contexts of the product's own images: only what runs in production. */
import { cp, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryDirectory } from '../kit/paths.ts';
import { bundleOperator, writeBundle } from './bundle.ts';
import { copyPackages, packagesNeeded, readLockFile } from './packages.ts';

export async function assembleToolbox(context: string): Promise<void> {
  const noTest = (path: string): boolean => !path.endsWith('.test.ts');
  // As in the repository, so that relative imports mean the same in both.
  for (const folder of ['toolbox', 'backup-format', 'base', 'jobs', 'release/archive']) {
    await cp(join(repositoryDirectory, folder), join(context, folder), { recursive: true, filter: noTest });
  }
  for (const name of ['Dockerfile', 'package.json'])
    await rename(join(context, 'toolbox', name), join(context, name));
  await copyPackages(
    repositoryDirectory,
    packagesNeeded(await readLockFile(repositoryDirectory), ['koffi', 'tar-stream']),
    context,
  );
}

export async function assembleOperator(context: string): Promise<void> {
  await writeBundle(await bundleOperator(), context);
  await cp(join(repositoryDirectory, 'Dockerfile'), join(context, 'Dockerfile'));
  await writeFile(join(context, '.dockerignore'), 'Dockerfile\n.dockerignore\n');
}
