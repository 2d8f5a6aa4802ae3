/**
 * Puts together the directories for `jtel-operator release publish DIR`: manifest, templates, vanilla data.
 */
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Docker } from '../../kit/docker.ts';
import { imageTags, releasesDirectory, standInReleases } from './contexts.ts';
import { makeVanilla } from './vanilla.ts';

/**
 * Makes `directory/<release>/` for each stand-in release. Needs the acd-dbm stand-in that the release names.
 * @returns absolute path by release.
 */
export async function assembleReleases(
  docker: Docker,
  directory: string,
  releases?: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const made = new Map<string, string>();
  for (const release of releases ?? (await standInReleases())) {
    const target = join(directory, release);
    await rm(target, { recursive: true, force: true });
    await cp(join(releasesDirectory, release, 'release.yaml'), join(target, 'release.yaml'));
    await cp(join(releasesDirectory, release, 'config'), join(target, 'config'), { recursive: true });
    await makeVanilla(
      docker,
      `jtel/acd-dbm:${(await imageTags(release)).get('acd-dbm')}`,
      release,
      join(target, 'vanilla'),
    );
    made.set(release, target);
  }
  return made;
}
