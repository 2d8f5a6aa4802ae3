/**
 * The toolbox image and the companion's script of the earlier build, for benchmarks that run a job without an
 * operator.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeImage } from '../../kit/base-image.ts';
import type { Docker } from '../../kit/docker.ts';
import { buildImage } from '../../kit/image.ts';
import { earlierCheckout } from '../earlier-checkout.ts';

const image = 'jtel/toolbox:restore-in-place';

export interface EarlierBuild {
  readonly toolbox: string;
  readonly companionScript: string;
}

/** @returns why there is none, if the repository does not have the commit. */
export async function earlierBuild(docker: Docker): Promise<EarlierBuild | { readonly missing: string }> {
  const checkout = await earlierCheckout();
  if ('missing' in checkout) return checkout;
  const context = await mkdtemp(join(tmpdir(), 'earlier-build-'));
  try {
    const load = async <T>(path: string): Promise<T> => (await import(join(checkout.directory, path))) as T;
    const { assembleToolbox } = await load<{ assembleToolbox: (context: string) => Promise<void> }>(
      'images/build/product-contexts.ts',
    );
    const { backupScript } = await load<{ backupScript: string }>('backup/companion.ts');
    await assembleToolbox(context);
    await buildImage(docker, { tag: image, context, bases: [nodeImage], buildArgs: { BASE: nodeImage } });
    return { toolbox: image, companionScript: backupScript };
  } finally {
    await checkout.remove();
    await rm(context, { recursive: true, force: true });
  }
}
