/**
 * The sources of a release: exactly what the commit has, in a directory of its own, with the version written
 * into the files that name one. What lies in the working tree beside it goes into no release.
 */
import { mkdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crdFiles } from '../../crds/crd.ts';
import { repositoryDirectory } from '../../kit/paths.ts';
import { run } from '../../kit/process.ts';

const crdFolders = ['crds', 'charts/jtel-operator/files/crds'];

/** What is written where, behind the first group. */
const stamps: readonly (readonly [file: string, before: RegExp])[] = [
  ['package.json', /^(  "version": ")[^"]+/m],
  ['package-lock.json', /^(  "version": ")[^"]+/m],
  ['package-lock.json', /^(      "version": ")[^"]+/m],
  ['charts/jtel-operator/Chart.yaml', /^(version: ).+$/m],
  ['charts/jtel-operator/Chart.yaml', /^(appVersion: ).+$/m],
  ['deploy/kustomization.yaml', /^(    newTag: ).+$/m],
  ['deploy/kustomization.yaml', /( registry\.example\.com\/jtel\/jtel-operator:).+$/m],
  ['Dockerfile', /^(ARG VERSION=).+$/m],
  ['toolbox/Dockerfile', /^(ARG VERSION=).+$/m],
  ['docs/install.md', /((?:jtel-operator|toolbox):)\d\S*/g],
  ...crdFolders.flatMap((folder) =>
    crdFiles.map((file) => [`${folder}/${file}`, /^(    app\.kubernetes\.io\/version: ).+$/m] as const),
  ),
];

export interface Staging {
  readonly version: string;
  readonly commit: string;
  /** Seconds since 1970: when the commit was made. All files have this time. */
  readonly epoch: number;
}

/** Fills an empty directory. Its node_modules are those of this repository. */
export async function stage(directory: string, { version, commit, epoch }: Staging): Promise<void> {
  await mkdir(directory, { recursive: true });
  const archive = join(directory, '.archive.tar');
  await run(['git', '-C', repositoryDirectory, 'archive', '--output', archive, commit]);
  await run(['tar', '-xf', archive, '-C', directory]);
  await run(['rm', archive]);
  for (const path of await stamp(directory, version)) await utimes(path, epoch, epoch);
  await symlink(join(repositoryDirectory, 'node_modules'), join(directory, 'node_modules'));
}

/**
 * Writes the version into the files of a checkout that name it. `deploy/` follows by `make manifests`.
 * @returns their paths
 */
export async function stamp(directory: string, version: string): Promise<readonly string[]> {
  for (const [file, before] of stamps) {
    const path = join(directory, file);
    const text = await readFile(path, 'utf8');
    if (text.search(before) < 0)
      throw new Error(`${file} has no version where ${String(before)} looks for it`);
    await writeFile(
      path,
      text.replace(before, (_, group: string) => `${group}${version}`),
    );
  }
  return stamps.map(([file]) => join(directory, file));
}

/** When a commit was made, in seconds since 1970. */
export async function epochOf(commit: string): Promise<number> {
  return Number(await run(['git', '-C', repositoryDirectory, 'show', '-s', '--format=%ct', commit]));
}

/** The commit that is checked out. */
export async function commitOfHead(): Promise<string> {
  return (await run(['git', '-C', repositoryDirectory, 'rev-parse', 'HEAD'])).trim();
}
