/**
 * Flux itself: source-controller and kustomize-controller of one release, and sops and age for the secrets in git. They are
 * built from the Go modules that `controllers/go.mod` pins, and kept in the cache.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Docker } from '../../../kit/docker.ts';
import { ensureDocker } from '../../../kit/docker-daemon.ts';
import { lineProgress } from '../../../kit/progress.ts';
import { fetchGoModule } from '../../../sandbox/kubernetes/go-build.ts';
import { ensureGoProgram } from '../../../sandbox/kubernetes/go-cache.ts';

const folder = join(import.meta.dirname, 'controllers');

/** By the module's last part: the package that is built. */
const packages = {
  'source-controller': 'github.com/fluxcd/source-controller',
  'kustomize-controller': 'github.com/fluxcd/kustomize-controller',
  sops: 'github.com/getsops/sops/v3/cmd/sops',
  'age-keygen': 'filippo.io/age/cmd/age-keygen',
} as const;

export type FluxProgram = keyof typeof packages;

/** @returns their files. The first time it takes ten minutes on 2 cores, and downloads. */
export async function ensureFlux(): Promise<Readonly<Record<FluxProgram, string>>> {
  const requirements = await readFile(join(folder, 'go.mod'), 'utf8');
  const digest = createHash('sha256').update(requirements).digest('hex').slice(0, 16);
  const files = new Map<FluxProgram, string>();
  // One by one: what was compiled for one is used again for the next.
  for (const name of Object.keys(packages) as FluxProgram[])
    files.set(name, await ensureProgram(name, digest, requirements));
  return Object.fromEntries(files) as Record<FluxProgram, string>;
}

async function ensureProgram(name: FluxProgram, digest: string, requirements: string): Promise<string> {
  const path = packages[name];
  return await ensureGoProgram(
    {
      module: folder,
      path,
      kubernetesVersion: '',
      kept: `flux/${digest}/${name}`,
      title: `${name} ${versionOf(path, requirements)} built from source (minutes, once)`,
    },
    lineProgress(),
  );
}

/** The manifests of what Flux keeps in the API, as each controller's module has them. @returns the folders with them */
export async function fluxDefinitions(): Promise<readonly string[]> {
  const requirements = await readFile(join(folder, 'go.mod'), 'utf8');
  const docker = (): Promise<Docker> => ensureDocker(lineProgress());
  const found: string[] = [];
  for (const module of [packages['source-controller'], packages['kustomize-controller']]) {
    const sources = await fetchGoModule(
      docker,
      `${module}@${versionOf(module, requirements)}`,
      lineProgress(),
    );
    found.push(join(sources, 'config/crd/bases'));
  }
  return found;
}

function versionOf(path: string, requirements: string): string {
  const found = [...requirements.matchAll(/^\t(\S+) (v\S+)$|^\t(\S+) (v\S+) \/\//gm)].find(
    ([, direct = '', , indirect = '']) => `${path}/`.startsWith(`${direct || indirect}/`),
  );
  const version = found?.[2] ?? found?.[4];
  if (version === undefined) throw new Error(`controllers/go.mod does not require ${path}`);
  return version;
}
