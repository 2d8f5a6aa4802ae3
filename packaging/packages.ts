/**
 * Makes what people install the command line from (docs/packages.md), in one directory:
 *   jtel-operator-VERSION.tgz              the npm package, for every platform
 *   kubectl-jtel-VERSION-PLATFORM.tar.gz   single executables of the plug-in
 *   jtel.yaml                              the manifest for krew, if `uri` is given
 * Two calls with the same sources, packages and time on one platform write the same bytes. `make packages` calls
 * it; `make release` does, too. The version is that of package.json, which both programs print, so a release sets
 * it there.
 *
 *   node packaging/packages.ts DIRECTORY [--platform PLATFORM…] [--uri URI]
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryDirectory } from '../kit/paths.ts';
import { run } from '../kit/process.ts';
import manifest from '../package.json' with { type: 'json' };
import { archive } from './archive.ts';
import { executablePackage } from './executable.ts';
import { krewManifest, type KrewArchive } from './krew.ts';
import { platforms as everyPlatform, type Platform } from './node-binaries.ts';
import { npmPackage } from './npm-package.ts';

export interface PackagesOptions {
  /** Where to write; made if it is missing. */
  readonly directory: string;
  /** When the release was committed; everything in the packages bears it. */
  readonly time: Date;
  /** Executables to make; by default all. */
  readonly platforms?: readonly Platform[];
  /** Where people will download the files from, for krew. */
  readonly uri?: string;
}

/** @returns the names of the written files, sorted. */
export async function makePackages(options: PackagesOptions): Promise<readonly string[]> {
  const { directory, time, platforms = everyPlatform, uri } = options;
  const { version } = manifest;
  const edition = { version, time };
  await mkdir(directory, { recursive: true });
  const made: string[] = [];
  const write = async (name: string, content: string | Uint8Array): Promise<void> => {
    await writeFile(join(directory, name), content);
    made.push(name);
  };
  const npm: KrewArchive = {
    name: `${manifest.name}-${version}.tgz`,
    content: await archive(await npmPackage(edition), time),
  };
  await write(npm.name, npm.content);
  const executables = new Map<Platform, KrewArchive>();
  for (const platform of platforms) {
    const name = `kubectl-jtel-${version}-${platform}.tar.gz`;
    const content = await archive(await executablePackage(platform, edition), time);
    await write(name, content);
    executables.set(platform, { name, content });
  }
  if (uri !== undefined) await write('jtel.yaml', krewManifest({ version, uri, executables, npm }));
  return made.toSorted();
}

/** When the commit was made that is checked out. */
async function commitTime(): Promise<Date> {
  const seconds = await run(['git', 'log', '-1', '--format=%ct'], { cwd: repositoryDirectory });
  return new Date(Number(seconds) * 1000);
}

function isPlatform(name: string): name is Platform {
  return everyPlatform.some((platform) => platform === name);
}

async function main(argv: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { platform: { type: 'string', multiple: true }, uri: { type: 'string' } },
  });
  const [directory = 'packages'] = positionals;
  const wanted = values.platform?.filter(isPlatform);
  if (wanted?.length !== values.platform?.length)
    throw new Error(`a platform is one of ${everyPlatform.join(', ')}`);
  const names = await makePackages({
    directory: resolve(directory),
    time: await commitTime(),
    ...(wanted === undefined ? {} : { platforms: wanted }),
    ...(values.uri === undefined ? {} : { uri: values.uri }),
  });
  for (const name of names) console.log(join(directory, name));
}

if (import.meta.main) await main(process.argv.slice(2));
