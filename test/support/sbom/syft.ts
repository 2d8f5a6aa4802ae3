/** syft, from its Go module (test/judges/syft): finds the packages of an image without asking dpkg. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureDocker } from '../../../kit/docker-daemon.ts';
import { cacheDirectory, repositoryDirectory } from '../../../kit/paths.ts';
import { run } from '../../../kit/process.ts';
import { lineProgress } from '../../../kit/progress.ts';
import { fetchGoModule } from '../../../sandbox/kubernetes/go-build.ts';
import { ensureGoProgram } from '../../../sandbox/kubernetes/go-cache.ts';
import { pinnedVersion } from '../../../sandbox/kubernetes/kubernetes.ts';

const module = join(repositoryDirectory, 'test/judges/syft');
const source = 'github.com/anchore/syft';

async function version(): Promise<string> {
  const requirements = await readFile(join(module, 'go.mod'), 'utf8');
  const found = new RegExp(`^\\s*(?:require )?${source} (v\\S+)`, 'm').exec(requirements)?.[1];
  if (found === undefined) throw new Error(`test/judges/syft/go.mod does not require ${source}`);
  return found;
}

/** A file of its sources. */
export async function fileOfSyft(path: string): Promise<string> {
  const progress = lineProgress();
  const directory = await fetchGoModule(
    () => ensureDocker(progress),
    `${source}@${await version()}`,
    progress,
  );
  return await readFile(join(directory, path), 'utf8');
}

interface Found {
  readonly artifacts: readonly {
    readonly type: string;
    readonly name: string;
    readonly version: string;
    readonly metadata?: { readonly architecture?: string };
  }[];
}

/** Builds it, the first time: two minutes. @returns `name version architecture` of each Debian package of an OCI archive */
export async function debianPackagesFoundBySyft(archive: string): Promise<readonly string[]> {
  const file = await ensureGoProgram(
    {
      module,
      path: `${source}/cmd/syft`,
      kubernetesVersion: await pinnedVersion(),
      kept: `syft/${await version()}/syft`,
      title: `syft ${await version()} built from source (once)`,
    },
    lineProgress(),
  );
  const home = join(cacheDirectory, 'syft', 'home');
  const printed = await run([file, 'scan', `oci-archive:${archive}`, '--output', 'syft-json', '--quiet'], {
    env: { PATH: process.env['PATH'], HOME: home, XDG_CACHE_HOME: home, SYFT_CHECK_FOR_APP_UPDATE: 'false' },
    timeoutSeconds: 300,
  });
  return (JSON.parse(printed) as Found).artifacts
    .filter(({ type }) => type === 'deb')
    .map(({ name, version: of, metadata }) => `${name} ${of} ${metadata?.architecture}`)
    .toSorted();
}
