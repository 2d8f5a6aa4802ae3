/** Helm, built from the Go module that is pinned beside this file, and kept in the cache. */
import { access, constants, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureDocker } from '../../kit/docker-daemon.ts';
import { withLock } from '../../kit/lock.ts';
import { cacheDirectory, lockFile } from '../../kit/paths.ts';
import { run, type RunOptions } from '../../kit/process.ts';
import type { Progress } from '../../kit/progress.ts';
import { buildGoProgram } from '../kubernetes/go-build.ts';
import { pinnedVersion } from '../kubernetes/kubernetes.ts';

const module = import.meta.dirname;
const path = 'helm.sh/helm/v4/cmd/helm';

/** `helm ARGS`, with neither settings nor plug-ins of the user. @returns what it printed. */
export type Helm = (args: readonly string[], options?: RunOptions) => Promise<string>;

/** Builds Helm unless the cache has it: two minutes on 2 cores, and downloads. */
export async function ensureHelm(progress: Progress): Promise<Helm> {
  const file = await ensureBinary(progress);
  const home = join(cacheDirectory, 'helm', 'home');
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    HELM_CONFIG_HOME: home,
    HELM_DATA_HOME: home,
    HELM_CACHE_HOME: home,
  };
  return (args, options = {}) => run([file, ...args], { timeoutSeconds: 120, ...options, env });
}

async function ensureBinary(progress: Progress): Promise<string> {
  const version = /^require helm\.sh\/helm\/v4 (v\S+)/m.exec(
    await readFile(join(module, 'go.mod'), 'utf8'),
  )?.[1];
  if (version === undefined) throw new Error('sandbox/helm/go.mod does not require helm.sh/helm/v4');
  const directory = join(cacheDirectory, 'helm', version);
  const file = join(directory, 'helm');
  return await withLock(lockFile(`helm-${version}`), async () => {
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
    await mkdir(directory, { recursive: true });
    const temporary = await mkdtemp(join(directory, '.making-'));
    try {
      const made = join(temporary, 'helm');
      const program = { module, path, kubernetesVersion: await pinnedVersion() };
      await progress.step(`Helm ${version} built from source (minutes, once)`, () =>
        buildGoProgram(() => ensureDocker(progress), program, made, progress),
      );
      await rename(made, file);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
    return file;
  });
}
