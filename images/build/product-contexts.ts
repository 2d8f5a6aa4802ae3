/** Build contexts of the product's own images: only what runs in production. */
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryDirectory } from '../../sandbox/support/paths.ts';
import { writeBundle } from './bundle.ts';
import { imagesDirectory } from './contexts.ts';
import { copyPackages, packagesNeeded, readLockFile } from './packages.ts';

export async function assembleToolbox(context: string): Promise<void> {
  const noTest = (path: string): boolean => !path.endsWith('.test.ts');
  // As in the repository, so that `../../../backup/…` means the same in both.
  await cp(join(imagesDirectory, 'toolbox/src'), join(context, 'images/toolbox/src'), {
    recursive: true,
    filter: noTest,
  });
  for (const folder of ['backup', 'release/archive']) {
    await cp(join(repositoryDirectory, folder), join(context, folder), { recursive: true, filter: noTest });
  }
  for (const name of ['Dockerfile', 'package.json'])
    await cp(join(imagesDirectory, 'toolbox', name), join(context, name));
  await copyPackages(
    repositoryDirectory,
    packagesNeeded(await readLockFile(repositoryDirectory), ['koffi', 'tar-stream']),
    context,
  );
}

/** The bundle, and what makes Node read it as modules. */
export async function assembleOperator(context: string): Promise<void> {
  await writeBundle(context);
  await writeFile(join(context, 'package.json'), '{"type":"module"}\n');
  await cp(join(repositoryDirectory, 'Dockerfile'), join(context, 'Dockerfile'));
  await writeFile(join(context, '.dockerignore'), 'Dockerfile\n.dockerignore\n');
}
