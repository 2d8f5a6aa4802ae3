/** Helm, built from the Go module that is pinned beside this file, and kept in the cache. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from '../../kit/paths.ts';
import { run, type RunOptions } from '../../kit/process.ts';
import type { Progress } from '../../kit/progress.ts';
import { ensureGoProgram } from '../kubernetes/go-cache.ts';
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
  return (args, options = {}) => run([file, ...args], { timeoutSeconds: 600, ...options, env });
}

async function ensureBinary(progress: Progress): Promise<string> {
  const version = /^require helm\.sh\/helm\/v4 (v\S+)/m.exec(
    await readFile(join(module, 'go.mod'), 'utf8'),
  )?.[1];
  if (version === undefined) throw new Error('sandbox/helm/go.mod does not require helm.sh/helm/v4');
  return await ensureGoProgram(
    {
      module,
      path,
      kubernetesVersion: await pinnedVersion(),
      kept: `helm/${version}/helm`,
      title: `Helm ${version} built from source (minutes, once)`,
    },
    progress,
  );
}
