/**
 * The plug-in as people install it: `node images/plugin.ts` bundles it into `.plugin/`, which `make plugin`
 * links to.
 */
import { chmod, cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryDirectory } from '../kit/paths.ts';
import { bundlePlugin, writeBundle } from './bundle.ts';

const usual = join(repositoryDirectory, '.plugin');

/** `kubectl jtel` works if this is in the PATH. */
export const installedPlugin = join(usual, 'bin');

/**
 * Bundles the plug-in from these sources, and replaces an earlier one when it is complete.
 * @param directory in the repository, so the plug-in finds its Node.
 */
export async function installPlugin(directory = usual): Promise<void> {
  const made = await mkdtemp(`${directory}-`);
  try {
    await writeBundle(await bundlePlugin(), made);
    await cp(join(repositoryDirectory, 'kubectl-jtel/bin'), join(made, 'bin'), { recursive: true });
    // For other users of this machine, too.
    await chmod(made, 0o755);
    await rm(directory, { recursive: true, force: true });
    await rename(made, directory);
  } finally {
    await rm(made, { recursive: true, force: true });
  }
}

if (import.meta.main) await installPlugin();
