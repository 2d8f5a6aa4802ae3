/** Releases that have stand-ins, and the build context of their Node services. */
import { cp, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { repositoryDirectory } from '../../kit/paths.ts';
import { compareReleases } from './node/src/update/version.ts';
import { copyPackages, packagesNeeded, readLockFile } from '../../images/packages.ts';
import { releaseFiles } from './release-files.ts';

export const standInsDirectory = import.meta.dirname;
export const releasesDirectory = join(standInsDirectory, 'releases');

/** Releases that have stand-ins, oldest first. */
export async function standInReleases(): Promise<readonly string[]> {
  return (await readdir(releasesDirectory)).toSorted(compareReleases);
}

/** Tag by component: a component that did not change keeps the tag of the release that brought it. */
export async function imageTags(release: string): Promise<ReadonlyMap<string, string>> {
  const manifest = parse(await readFile(join(releasesDirectory, release, 'release.yaml'), 'utf8')) as {
    readonly components: readonly { readonly name: string; readonly image: { readonly tag: string } }[];
  };
  return new Map(manifest.components.map(({ name, image }) => [name, image.tag]));
}

/** Database updates of all releases up to this one: absolute paths, in order. */
export async function updateFiles(release: string): Promise<readonly string[]> {
  const releases = (await standInReleases()).filter((candidate) => compareReleases(candidate, release) <= 0);
  const files = await Promise.all(
    releases.map(async (candidate) => {
      const directory = join(releasesDirectory, candidate, 'updates');
      const names = await readdir(directory).catch(() => []);
      return names.toSorted().map((name) => join(directory, name));
    }),
  );
  return files.flat();
}

async function writeFiles(directory: string, files: ReadonlyMap<string, Buffer>): Promise<void> {
  for (const [path, content] of files) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), content);
  }
}

/** The context that all Node stand-ins of one release share. */
export async function assembleNodeStandIns(release: string, context: string): Promise<void> {
  await cp(join(standInsDirectory, 'node'), context, {
    recursive: true,
    filter: (path) => !path.endsWith('.test.ts'),
  });
  await copyPackages(
    repositoryDirectory,
    packagesNeeded(await readLockFile(repositoryDirectory), ['mariadb']),
    context,
  );
  await mkdir(join(context, 'updates'));
  for (const file of await updateFiles(release))
    await cp(file, join(context, 'updates', file.slice(file.lastIndexOf('/') + 1)));
  // A database is created with schema version 1. As an update it would be known but never run.
  await writeFile(join(context, 'updates/0001-base.sql'), '-- step: created with the database\nDO 0;\n');
  await writeFiles(join(context, 'release-files'), releaseFiles(release));
}
