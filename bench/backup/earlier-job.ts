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
import { earlierCheckout, hostileBuild, restoreBuild, type EarlierBuild } from '../earlier-checkout.ts';

/** Where the parts lie in that build. */
const files = new Map([
  [restoreBuild, { images: 'images/build/product-contexts.ts', companion: 'backup/companion.ts' }],
  [hostileBuild, { images: 'images/contexts.ts', companion: 'jobs/companion.ts' }],
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
  const paths = files.get(build);
  if (paths === undefined) return { missing: `nobody knows where the ${build.name} has its job` };
  const checkout = await earlierCheckout(build);
  if ('missing' in checkout) return checkout;
  const image = `jtel/toolbox:${checkout.commit.slice(0, 12)}`;
  const context = await mkdtemp(join(tmpdir(), 'earlier-build-'));
  try {
    const load = async <T>(path: string): Promise<T> => (await import(join(checkout.directory, path))) as T;
    const { assembleToolbox } = await load<{ assembleToolbox: (context: string) => Promise<void> }>(
      paths.images,
    );
    const { backupScript } = await load<{ backupScript: string }>(paths.companion);
    await assembleToolbox(context);
    await buildImage(docker, { tag: image, context, bases: [nodeImage], buildArgs: { BASE: nodeImage } });
    return { toolbox: image, companionScript: backupScript };
  } finally {
    await checkout.remove();
    await rm(context, { recursive: true, force: true });
  }
}
