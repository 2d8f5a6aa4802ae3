/**
 * Makes what needs no Docker: packages, chart, manifests, bills of materials, licences. `make.ts` runs it in a
 * staged copy of the sources, so everything bears the version of the release:
 *   SOURCE_DATE_EPOCH=… node packaging/release/artefacts.ts DIRECTORY [--executables] [--uri URI]
 * `--uri` is where the files will be fetched from, which a manifest for krew has to say.
 */
import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import manifest from '../../package.json' with { type: 'json' };
import { noticesFile } from '../../images/notices.ts';
import { bundleBoth, noticesOf } from '../../images/bundle.ts';
import { repositoryDirectory } from '../../kit/paths.ts';
import { lineProgress } from '../../kit/progress.ts';
import { run } from '../../kit/process.ts';
import { ensureHelm } from '../../sandbox/helm/helm.ts';
import { archive, type PackagedFile } from '../archive.ts';
import { makePackages } from '../packages.ts';
import { npmSBOM } from './sbom.ts';

const { name, version } = manifest;

interface Wanted {
  readonly directory: string;
  /** Seconds since 1970. */
  readonly epoch: number;
  readonly executables: boolean;
  readonly uri?: string | undefined;
}

async function makeArtefacts({ directory, epoch, executables, uri }: Wanted): Promise<void> {
  const time = new Date(epoch * 1000);
  const only = executables ? {} : { platforms: [] };
  await makePackages({ directory, time, ...only, ...(uri === undefined ? {} : { uri }) });
  await writeChart(directory);
  await writeManifests(directory, time);
  for (const [format, extension] of [
    ['cyclonedx', 'cdx'],
    ['spdx', 'spdx'],
  ] as const)
    await writeFile(
      join(directory, `sbom-npm.${extension}.json`),
      await npmSBOM(repositoryDirectory, format, epoch),
    );
  await writeFile(join(directory, noticesFile), await noticesOf(await bundleBoth()));
  await cp(join(repositoryDirectory, 'LICENSE'), join(directory, 'LICENSE'));
}

/** Helm keeps the times of the files, which are those of the commit. The npm package has the chart's name. */
async function writeChart(directory: string): Promise<void> {
  const helm = await ensureHelm(lineProgress());
  const work = await mkdtemp(join(directory, '.chart-'));
  await helm(['package', join(repositoryDirectory, 'charts', name), '--destination', work]);
  await rename(join(work, `${name}-${version}.tgz`), join(directory, `${name}-chart-${version}.tgz`));
  await rm(work, { recursive: true });
}

/** For `kubectl apply -k deploy`: rendered again, because they name the version. */
async function writeManifests(directory: string, time: Date): Promise<void> {
  await run([process.execPath, join(repositoryDirectory, 'scripts/manifests.ts')]);
  const files = new Map<string, PackagedFile>();
  for (const folder of ['crds', 'deploy', 'examples'])
    for (const entry of await readdir(join(repositoryDirectory, folder), {
      recursive: true,
      withFileTypes: true,
    })) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isFile() || !/\.(yaml|md|lua|json)$/.test(path)) continue;
      const content = await readFile(path);
      files.set(`${name}-${version}/${path.slice(repositoryDirectory.length + 1)}`, { content });
    }
  await writeFile(join(directory, `${name}-manifests-${version}.tgz`), await archive(files, time));
}

const { values, positionals } = parseArgs({
  options: { executables: { type: 'boolean', default: false }, uri: { type: 'string' } },
  allowPositionals: true,
});
const [directory = ''] = positionals;
const epoch = Number(process.env['SOURCE_DATE_EPOCH']);
if (directory === '' || !Number.isSafeInteger(epoch)) throw new Error('call it as its header says');
await makeArtefacts({ directory, epoch, ...values });
