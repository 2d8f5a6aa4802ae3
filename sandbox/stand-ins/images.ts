/**
 * Images of the stand-ins; by hand: `node sandbox/stand-ins/images.ts`. An image whose inputs have not
 * changed is not built again.
 */
import { join } from 'node:path';
import { buildStep } from '../../images/images.ts';
import { baseImage, baseImageOf, ensureBaseImage, ensureNodeImage, nodeImage } from '../../kit/base-image.ts';
import { withContext } from '../../kit/build-context.ts';
import { ensureDocker } from '../../kit/docker-daemon.ts';
import type { Docker } from '../../kit/docker.ts';
import type { BuiltImage } from '../../kit/image.ts';
import { lineProgress } from '../../kit/progress.ts';
import type { Progress } from '../../kit/progress.ts';
import { assembleNodeStandIns, imageTags, standInReleases, standInsDirectory } from './contexts.ts';

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
 * Builds the stand-ins that a release brings, under jtel's names `jtel/<component>:<release>`. Needs the two
 * base images.
 * @param releases default: all.
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
    // Two at a time: apt takes long once; the releases then share all its layers.
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
  return await buildStep(docker, progress, {
    tag: olderDatabaseImage,
    context: join(standInsDirectory, 'database'),
    bases: [base],
    buildArgs,
  });
}

/** A customer's file server: no part of a stack, so no release brings it. */
export const sambaImage = 'jtel-sandbox/samba:trixie';

/** Builds {@link sambaImage}. */
export async function buildSamba(docker: Docker, progress: Progress): Promise<BuiltImage> {
  await ensureBaseImage(docker, progress);
  return await buildStep(docker, progress, {
    tag: sambaImage,
    context: join(standInsDirectory, 'samba'),
    bases: [baseImage],
    buildArgs: { BASE: baseImage },
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
    images.push(await buildStep(docker, progress, { tag: `jtel/${component}:${release}`, ...build }));
  }
  if (!isNew('acd-haproxy')) return images;
  const haproxy = {
    context: join(standInsDirectory, 'haproxy'),
    bases: [baseImage],
    buildArgs: { BASE: baseImage, RELEASE: release },
  };
  images.push(await buildStep(docker, progress, { tag: `jtel/acd-haproxy:${release}`, ...haproxy }));
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
        await buildStep(docker, progress, {
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

if (import.meta.main) {
  const progress = lineProgress();
  const docker = await ensureDocker(progress);
  await ensureBaseImage(docker, progress);
  await ensureNodeImage(docker, progress);
  await buildStandIns(docker, progress);
}
