/** krew, and the program that checks manifests for krew's own index, from krew's Go module (test/judges/krew). */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryDirectory } from '../../kit/paths.ts';
import { lineProgress } from '../../kit/progress.ts';
import { ensureGoProgram } from '../../sandbox/kubernetes/go-cache.ts';
import { pinnedVersion } from '../../sandbox/kubernetes/kubernetes.ts';

const module = join(repositoryDirectory, 'test/judges/krew');

/** Builds both, the first time: half a minute. @returns their files; the first is for the PATH of kubectl. */
export async function ensureKrew(): Promise<{ readonly krew: string; readonly validator: string }> {
  const requirements = await readFile(join(module, 'go.mod'), 'utf8');
  const version = /sigs\.k8s\.io\/krew (v\S+)/.exec(requirements)?.[1];
  if (version === undefined) throw new Error('test/judges/krew/go.mod does not require sigs.k8s.io/krew');
  const build = async (command: string, name: string): Promise<string> =>
    await ensureGoProgram(
      {
        module,
        path: `sigs.k8s.io/krew/cmd/${command}`,
        kubernetesVersion: await pinnedVersion(),
        kept: `krew/${version}/${name}`,
        title: `${command} ${version} built from source (once)`,
      },
      lineProgress(),
    );
  return {
    krew: await build('krew', 'kubectl-krew'),
    validator: await build('validate-krew-manifest', 'validate-krew-manifest'),
  };
}
