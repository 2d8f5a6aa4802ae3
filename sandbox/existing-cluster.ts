/**
 * A sandbox may use an existing cluster instead of its own control plane. It remembers the cluster for
 * `attach`.
 */
import { access, constants, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writePrivate } from './secrets.ts';

function noteFile(directory: string): string {
  return join(directory, 'existing-cluster');
}

/**
 * Checks the kubeconfig of an existing cluster and notes it. Undefined: the sandbox has its own control
 * plane.
 */
export async function chooseCluster(
  directory: string,
  kubeconfig: string | undefined,
): Promise<string | undefined> {
  if (kubeconfig === undefined) {
    await rm(noteFile(directory), { force: true });
    return undefined;
  }
  const path = resolve(kubeconfig);
  await access(path, constants.R_OK).catch((cause: unknown) => {
    throw new Error(
      `The kubeconfig ${path} cannot be read; without --kubeconfig and JTEL_SANDBOX_KUBECONFIG the sandbox makes its own cluster.`,
      { cause },
    );
  });
  await writePrivate(noteFile(directory), path);
  return path;
}

/** The kubeconfig that the last `up` used, if it was that of an existing cluster. */
export async function chosenCluster(directory: string): Promise<string | undefined> {
  return (await readFile(noteFile(directory), 'utf8').catch(() => '')) || undefined;
}
