/**
 * The sources of a release: exactly what the commit has, in a directory of its own, with the version written
 * into the files that name one. What lies in the working tree beside it goes into no release.
 */
import { mkdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryDirectory } from '../../kit/paths.ts';
import { run } from '../../kit/process.ts';

/** What is written where; each expression meets once. */
const stamps: readonly { readonly file: string; readonly before: RegExp; readonly after: string }[] = [
  { file: 'package.json', before: /^(  "version": ")[^"]+/m, after: '$1' },
  { file: 'package-lock.json', before: /^(  "version": ")[^"]+/m, after: '$1' },
  { file: 'package-lock.json', before: /^(      "version": ")[^"]+/m, after: '$1' },
  { file: 'charts/jtel-operator/Chart.yaml', before: /^(version: ).+$/m, after: '$1' },
  { file: 'charts/jtel-operator/Chart.yaml', before: /^(appVersion: ).+$/m, after: '$1' },
  { file: 'deploy/kustomization.yaml', before: /^(    newTag: ).+$/m, after: '$1' },
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
  for (const { file, before, after } of stamps) {
    const path = join(directory, file);
    const text = await readFile(path, 'utf8');
    if (!before.test(text)) throw new Error(`${file} has no version where ${String(before)} looks for it`);
    await writeFile(path, text.replace(before, `${after}${version}`));
    await utimes(path, epoch, epoch);
  }
  await symlink(join(repositoryDirectory, 'node_modules'), join(directory, 'node_modules'));
}

/** When a commit was made, in seconds since 1970. */
export async function epochOf(commit: string): Promise<number> {
  return Number(await run(['git', '-C', repositoryDirectory, 'show', '-s', '--format=%ct', commit]));
}

/** The commit that is checked out. */
export async function commitOfHead(): Promise<string> {
  return (await run(['git', '-C', repositoryDirectory, 'rev-parse', 'HEAD'])).trim();
}
