/**
 * The toolbox image and the companion's script of the earlier build, for benchmarks that run a job without an
 * operator.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeImage } from '../../kit/base-image.ts';
import type { Docker } from '../../kit/docker.ts';
import { buildImage } from '../../kit/image.ts';
import { earlierCheckout, hostileBuild, restoreBuild, type EarlierBuild } from '../earlier-checkout.ts';

interface Parts {
  /** Has the function that puts together what the image is built from. */
  readonly images: string;
  readonly companion: string;
  /** Stands beside the folder `ready`. Without it, the function writes its own. */
  readonly dockerfile?: string;
}

/** Where the parts lie in that build. */
const partsOf = new Map<EarlierBuild, Parts>([
  [restoreBuild, { images: 'images/build/product-contexts.ts', companion: 'backup/companion.ts' }],
  [
    hostileBuild,
    { images: 'images/contexts.ts', companion: 'jobs/companion.ts', dockerfile: 'toolbox/Dockerfile' },
  ],
]);

export interface EarlierJob {
  readonly toolbox: string;
  readonly companionScript: string;
}

/** @returns why there is none, if the repository does not have the commit. */
export async function earlierJob(
  docker: Docker,
  build: EarlierBuild,
): Promise<EarlierJob | { readonly missing: string }> {
  const parts = partsOf.get(build);
  if (parts === undefined) return { missing: `nobody knows where the ${build.name} has its job` };
  const checkout = await earlierCheckout(build);
  if ('missing' in checkout) return checkout;
  const image = `jtel/toolbox:${checkout.commit.slice(0, 12)}`;
  const context = await mkdtemp(join(tmpdir(), 'earlier-build-'));
  try {
    const load = async <T>(path: string): Promise<T> => (await import(join(checkout.directory, path))) as T;
    const { assembleToolbox } = await load<{ assembleToolbox: (context: string) => Promise<void> }>(
      parts.images,
    );
    const { backupScript } = await load<{ backupScript: string }>(parts.companion);
    const { dockerfile } = parts;
    await assembleToolbox(dockerfile === undefined ? context : join(context, 'ready'));
    if (dockerfile !== undefined) await cp(join(checkout.directory, dockerfile), join(context, dockerfile));
    await buildImage(docker, {
      tag: image,
      context,
      dockerfile: join(context, dockerfile ?? 'Dockerfile'),
      bases: [nodeImage],
      buildArgs: { BASE: nodeImage },
    });
    return { toolbox: image, companionScript: backupScript };
  } finally {
    await checkout.remove();
    await rm(context, { recursive: true, force: true });
  }
}
