/**
 * Builds the product's images. The sandbox and the demo use it; by hand: `node images/images.ts [all |
 * toolbox | operator [BASE]]`. An image whose inputs have not changed is not built again.
 */
import { cp } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ensureBaseImage, ensureNodeImage, nodeImage } from '../kit/base-image.ts';
import { withContext } from '../kit/build-context.ts';
import { ensureDocker } from '../kit/docker-daemon.ts';
import type { Docker } from '../kit/docker.ts';
import { buildImage } from '../kit/image.ts';
import type { BuiltImage } from '../kit/image.ts';
import { repositoryDirectory } from '../kit/paths.ts';
import { lineProgress } from '../kit/progress.ts';
import type { Progress } from '../kit/progress.ts';
import { assembleOperator, assembleToolbox } from './contexts.ts';

/** Tags of the product's own images. After a push the operator gets the toolbox by digest. */
export const toolboxImage = 'jtel/toolbox:dev';
export const operatorImage = 'jtel/jtel-operator:dev';

/** The image of the jobs that the operator runs on hosts. */
export async function buildToolbox(docker: Docker, progress: Progress): Promise<BuiltImage> {
  return await buildReady(docker, progress, {
    tag: toolboxImage,
    dockerfile: 'toolbox/Dockerfile',
    assemble: assembleToolbox,
  });
}

/**
 * The operator's image.
 * @param base a local image with Node 24.
 */
export async function buildOperator(
  docker: Docker,
  progress: Progress,
  base: string = nodeImage,
): Promise<BuiltImage> {
  return await buildReady(docker, progress, {
    tag: operatorImage,
    dockerfile: 'Dockerfile',
    assemble: assembleOperator,
    base,
  });
}

interface ReadyBuild {
  readonly tag: string;
  /** In the repository. */
  readonly dockerfile: string;
  readonly assemble: (directory: string) => Promise<void>;
  readonly base?: string;
}

/** Builds with the same files as `docker build .`, from a context with the result of its build stage. */
async function buildReady(
  docker: Docker,
  progress: Progress,
  { tag, dockerfile, assemble, base = nodeImage }: ReadyBuild,
): Promise<BuiltImage> {
  const fill = async (context: string): Promise<void> => {
    await assemble(join(context, 'ready'));
    await cp(join(repositoryDirectory, dockerfile), join(context, dockerfile));
  };
  return await withContext(basename(tag).replace(':', '-'), fill, (context) =>
    buildStep(docker, progress, {
      tag,
      context,
      dockerfile: join(context, dockerfile),
      bases: [base],
      buildArgs: { BASE: base },
    }),
  );
}

/** Builds what has changed. */
export async function buildStep(
  docker: Docker,
  progress: Progress,
  build: Parameters<typeof buildImage>[1],
): Promise<BuiltImage> {
  return await progress.step(`image ${build.tag}`, async (note) => {
    const image = await buildImage(docker, build);
    note(image.built ? 'built' : 'already there');
    return image;
  });
}

/**
 * Pushes images to a registry under the same path and tag.
 * @param registry `host:port` as this machine's Docker Engine reaches it; log in first if it needs
 *   credentials.
 */
export async function pushImages(
  docker: Docker,
  progress: Progress,
  images: readonly BuiltImage[],
  registry: string,
): Promise<void> {
  for (const image of images) {
    const target = `${registry}/${image.tag}`;
    await progress.step(`push ${target}`, async () => {
      await docker.run(['tag', image.id, target]);
      await docker.run(['push', '-q', target]);
      await docker.run(['rmi', target]);
    });
  }
}

if (import.meta.main) {
  const [what = 'all', base] = process.argv.slice(2);
  if (!['all', 'toolbox', 'operator'].includes(what))
    throw new Error(`${what}: build all, toolbox or operator`);
  const progress = lineProgress();
  const docker = await ensureDocker(progress);
  await ensureBaseImage(docker, progress);
  await ensureNodeImage(docker, progress);
  if (what !== 'operator') await buildToolbox(docker, progress);
  if (what !== 'toolbox') await buildOperator(docker, progress, base);
}
