/**
 * Every image of this repository: what it is built from, and how. Used by the sandbox and the demo; by hand:
 * `node images/build.ts [all | stand-ins | toolbox | operator [BASE]]`. An image whose inputs have not changed is not built again.
 */
import { join } from 'node:path';
import {
  baseImage,
  baseImageOf,
  ensureBaseImage,
  ensureNodeImage,
  nodeImage,
} from '../sandbox/setup/base-image.ts';
import { ensureDocker } from '../sandbox/setup/docker.ts';
import type { Docker } from '../sandbox/support/docker.ts';
import { buildImage } from '../sandbox/support/image.ts';
import type { BuiltImage } from '../sandbox/support/image.ts';
import { lineProgress } from '../sandbox/support/progress.ts';
import type { Progress } from '../sandbox/support/progress.ts';
import {
  assembleNodeStandIns,
  imageTags,
  standInReleases,
  standInsDirectory,
  withContext,
} from './build/contexts.ts';
import { assembleOperator, assembleToolbox } from './build/product-contexts.ts';

export { assembleReleases } from './build/releases.ts';

/** Tags of the product's own images; the operator is told the toolbox by digest after a push. */
export const toolboxImage = 'jtel/toolbox:dev';
export const operatorImage = 'jtel/jtel-operator:dev';

/** Component name → SERVICE of the shared Dockerfile. */
const nodeServices = {
  'acd-task-runner': 'task-runner',
  'acd-web': 'web',
  'acd-portal': 'web',
  'acd-fs1': 'fs1',
  'acd-tel1': 'tel1',
} as const;
const databaseRoles = { 'acd-dbm': 'master', 'acd-dbs': 'replica' } as const;

/**
 * Builds the stand-ins under jtel's names, `jtel/<component>:<release>`: those that a release brings. Needs the two base images.
 * @param releases default: all there are.
 */
export async function buildStandIns(
  docker: Docker,
  progress: Progress,
  releases?: readonly string[],
): Promise<readonly BuiltImage[]> {
  const images: BuiltImage[] = [];
  for (const release of releases ?? (await standInReleases())) {
    const tags = await imageTags(release);
    const isNew = (component: string): boolean => tags.get(component) === release;
    // Two at a time: what takes long is apt, once; the releases then share all its layers.
    const [databases, services] = await Promise.all([
      databaseStandIns(docker, progress, release, isNew),
      nodeStandIns(docker, progress, release, isNew),
    ]);
    images.push(...databases, ...services);
  }
  return images;
}

type IsNew = (component: string) => boolean;

/** acd-dbm with MariaDB 10.11, of Debian 12: for what must work across two series. */
export const olderDatabaseImage = 'jtel/acd-dbm:3.43.1-mariadb10';

/** Builds {@link olderDatabaseImage}. */
export async function buildOlderDatabase(docker: Docker, progress: Progress): Promise<BuiltImage> {
  await ensureBaseImage(docker, progress, 'bookworm');
  const base = baseImageOf('bookworm');
  const buildArgs = { BASE: base, ROLE: databaseRoles['acd-dbm'], RELEASE: '3.43.1' };
  return await step(docker, progress, {
    tag: olderDatabaseImage,
    context: join(standInsDirectory, 'database'),
    bases: [base],
    buildArgs,
  });
}

async function databaseStandIns(
  docker: Docker,
  progress: Progress,
  release: string,
  isNew: IsNew,
): Promise<readonly BuiltImage[]> {
  const images: BuiltImage[] = [];
  for (const [component, role] of Object.entries(databaseRoles)) {
    if (!isNew(component)) continue;
    const build = {
      context: join(standInsDirectory, 'database'),
      bases: [baseImage],
      buildArgs: { BASE: baseImage, ROLE: role, RELEASE: release },
    };
    images.push(await step(docker, progress, { tag: `jtel/${component}:${release}`, ...build }));
  }
  if (!isNew('acd-haproxy')) return images;
  const haproxy = {
    context: join(standInsDirectory, 'haproxy'),
    bases: [baseImage],
    buildArgs: { BASE: baseImage, RELEASE: release },
  };
  images.push(await step(docker, progress, { tag: `jtel/acd-haproxy:${release}`, ...haproxy }));
  return images;
}

async function nodeStandIns(
  docker: Docker,
  progress: Progress,
  release: string,
  isNew: IsNew,
): Promise<readonly BuiltImage[]> {
  const assemble = (context: string): Promise<void> => assembleNodeStandIns(release, context);
  return await withContext(`stand-ins-${release}`, assemble, async (context) => {
    const images: BuiltImage[] = [];
    for (const [component, service] of Object.entries(nodeServices)) {
      if (!isNew(component)) continue;
      const buildArgs = { NODE_BASE: nodeImage, RELEASE: release, SERVICE: service };
      images.push(
        await step(docker, progress, {
          tag: `jtel/${component}:${release}`,
          context,
          bases: [nodeImage],
          buildArgs,
        }),
      );
    }
    return images;
  });
}

/** The image of the jobs that the operator runs on hosts. */
export async function buildToolbox(docker: Docker, progress: Progress): Promise<BuiltImage> {
  return await withContext('toolbox', assembleToolbox, (context) =>
    step(docker, progress, {
      tag: toolboxImage,
      context,
      bases: [nodeImage],
      buildArgs: { BASE: nodeImage },
    }),
  );
}

/**
 * The operator's image: the repository's `Dockerfile` with production files only.
 * @param base an image with Node 24 that is here already.
 */
export async function buildOperator(
  docker: Docker,
  progress: Progress,
  base: string = nodeImage,
): Promise<BuiltImage> {
  return await withContext('operator', assembleOperator, (context) =>
    step(docker, progress, { tag: operatorImage, context, bases: [base], buildArgs: { BASE: base } }),
  );
}

async function step(
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
 * @param registry `host:port` as this machine's Docker Engine reaches it; log in before when it wants credentials.
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
  if (!['all', 'stand-ins', 'toolbox', 'operator'].includes(what))
    throw new Error(`${what}: build all, stand-ins, toolbox or operator`);
  const progress = lineProgress();
  const docker = await ensureDocker(progress);
  await ensureBaseImage(docker, progress);
  await ensureNodeImage(docker, progress);
  if (what === 'all' || what === 'stand-ins') await buildStandIns(docker, progress);
  if (what === 'all' || what === 'toolbox') await buildToolbox(docker, progress);
  if (what === 'all' || what === 'operator') await buildOperator(docker, progress, base);
}
