/**
 * Where the control plane's binaries come from, in this order: `KUBEBUILDER_ASSETS`, the cache, the official
 * download, a build from the pinned Go modules in `sandbox/kubernetes`.
 */
import { access, constants, copyFile, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from '../../kit/lock.ts';
import { cacheDirectory, lockFile, sandboxDirectory } from '../../kit/paths.ts';
import type { Progress } from '../../kit/progress.ts';
import { tryRun } from '../../kit/process.ts';
import type { Docker } from '../../kit/docker.ts';
import { buildGoProgram, type GoProgram } from './go-build.ts';
import { downloadKubernetes } from './kubernetes-download.ts';

export const binaryNames = ['kube-apiserver', 'kube-controller-manager', 'kubectl'] as const;
export type BinaryName = (typeof binaryNames)[number];

export interface KubernetesBinaries {
  /** Has all of {@link binaryNames}. */
  readonly directory: string;
  readonly version: string;
}

export interface KubernetesOptions {
  /** Default: the variable `KUBEBUILDER_ASSETS`. */
  readonly assets?: string | undefined;
  readonly cache?: string;
  /** Where the official binaries are downloaded from. */
  readonly origin?: string;
}

/** The version that `sandbox/kubernetes/go.mod` pins, e.g. `v1.37.2`. */
export async function pinnedVersion(): Promise<string> {
  const text = await readFile(join(sandboxDirectory, 'kubernetes/go.mod'), 'utf8');
  const version = /^\s*(?:require )?k8s\.io\/kubernetes (v\S+)/m.exec(text)?.[1];
  if (version === undefined) throw new Error('sandbox/kubernetes/go.mod does not require k8s.io/kubernetes');
  return version;
}

/** Takes 20 s (kubectl) to 5 minutes (kube-apiserver) on 2 cores. */
export function kubernetesProgram(version: string, name: BinaryName): GoProgram {
  const path = `k8s.io/kubernetes/cmd/${name}`;
  return { module: join(sandboxDirectory, 'kubernetes'), path, kubernetesVersion: version };
}

/**
 * Finds or makes the binaries. The first time on a machine this can take a minute (download) or six (build).
 */
export async function ensureKubernetes(
  docker: () => Promise<Docker>,
  progress: Progress,
  options: KubernetesOptions = {},
): Promise<KubernetesBinaries> {
  const assets = 'assets' in options ? options.assets : process.env['KUBEBUILDER_ASSETS'];
  const cache = options.cache ?? join(cacheDirectory, 'kubernetes');
  // Assets as envtest ships them lack kube-controller-manager. The rest is fetched in the assets' own
  // version.
  const version = (assets === undefined ? undefined : await assetsVersion(assets)) ?? (await pinnedVersion());
  const directory = join(cache, assets === undefined ? version : `${version}-assets`);
  if ((await missing(directory)).length === 0) return { directory, version };
  return await withLock(lockFile(`kubernetes-${version}`), async () => {
    await mkdir(directory, { recursive: true });
    if (assets !== undefined) await adopt(assets, directory);
    await progress.step(`Kubernetes ${version}`, async (note) => {
      for (const name of await missing(directory)) {
        const temporary = await mkdtemp(join(directory, '.making-'));
        try {
          const file = join(temporary, name);
          if (await downloadKubernetes(version, name, file, progress, options.origin)) note('downloaded');
          else {
            if (version !== (await pinnedVersion())) {
              throw new Error(
                `${assets} lacks ${name}, and ${version} of it cannot be downloaded; unset KUBEBUILDER_ASSETS to build ${await pinnedVersion()}.`,
              );
            }
            await progress.step(`${name} built from source (minutes, once)`, () =>
              buildGoProgram(docker, kubernetesProgram(version, name), file, progress),
            );
            note('built from source');
          }
          await rename(file, join(directory, name));
        } finally {
          await rm(temporary, { recursive: true, force: true });
        }
      }
    });
    return { directory, version };
  });
}

async function missing(directory: string): Promise<BinaryName[]> {
  const checks = await Promise.all(
    binaryNames.map((name) =>
      access(join(directory, name), constants.X_OK).then(
        () => [],
        () => [name],
      ),
    ),
  );
  return checks.flat();
}

async function assetsVersion(assets: string): Promise<string> {
  const { code, stdout, stderr } = await tryRun([join(assets, 'kube-apiserver'), '--version']);
  const version = /v\d+\.\d+\.\d+\S*/.exec(stdout)?.[0];
  if (code === 0 && version !== undefined) return version;
  throw new Error(
    `KUBEBUILDER_ASSETS=${assets} has no kube-apiserver that shows its version: ${stderr.trim()}`,
  );
}

async function adopt(assets: string, directory: string): Promise<void> {
  for (const name of await missing(directory)) {
    const temporary = join(directory, `.${name}.${process.pid}`);
    await copyFile(join(assets, name), temporary).then(
      () => rename(temporary, join(directory, name)),
      () => {}, // not among the assets; comes from elsewhere
    );
  }
}
