/** Removes containers that compose would start again on volumes that the release no longer names. */
import { bounded, dockerError, statusCode } from './client.ts';
import type { DockerClient } from './client.ts';
import { listOf, projectContainers } from './containers.ts';
import type { ComposeVolume } from '../rendered-release.ts';

/** Must be less than the time for which the lock is held. */
const stopSeconds = 100;

/** The part of a listed container that matters here. */
export interface MountingContainer {
  readonly Id: string;
  readonly Mounts?: readonly { readonly Type: string; readonly Name?: string | undefined }[];
}

/**
 * Finds containers with another volume than the compose file names now. Compose (2.26) compares the key of a
 * volume and not its name, so it would start them again on the old data.
 */
export function staleContainers(
  volumes: Readonly<Record<string, ComposeVolume>>,
  project: string,
  containers: readonly MountingContainer[],
): string[] {
  const wanted = new Map(
    Object.entries(volumes).map(([key, definition]) => [key, definition.name ?? `${project}_${key}`]),
  );
  const isOther = (name: string): boolean => {
    const key = name.startsWith(`${project}_`) ? (name.slice(project.length + 1).split('.')[0] ?? '') : '';
    return wanted.has(key) && wanted.get(key) !== name;
  };
  return containers
    .filter(({ Mounts = [] }) => Mounts.some(({ Type, Name = '' }) => Type === 'volume' && isOther(Name)))
    .map(({ Id }) => Id);
}

/**
 * Removes them. Compose makes them again from the release, so nothing is lost.
 *
 * @param locked runs the removal with the host's lock held; it is not called when there is nothing to remove
 * @throws HostError
 */
export async function removeStaleContainers(
  docker: DockerClient,
  project: string,
  volumes: Readonly<Record<string, ComposeVolume>>,
  signal: AbortSignal,
  locked: (remove: () => Promise<unknown>) => Promise<unknown>,
): Promise<void> {
  const all = await docker.api
    .listContainers({ ...listOf('Containers', project), abortSignal: bounded(signal) })
    .catch((error: unknown) => {
      throw dockerError(docker.host, 'a look at the containers', error, signal);
    });
  const stale = staleContainers(volumes, project, projectContainers(all, project));
  if (stale.length === 0) return;
  const remove = async (id: string): Promise<void> => {
    const container = docker.api.getContainer(id);
    try {
      // As a rule it is stopped already. A database that still runs gets time to stop.
      await container.stop({ abortSignal: bounded(signal, stopSeconds) }).catch((error: unknown) => {
        if (statusCode(error) !== 304) throw error;
      });
      await container.remove({ force: true, v: false, abortSignal: bounded(signal) });
    } catch (error) {
      if (statusCode(error) !== 404)
        throw dockerError(docker.host, 'the removal of a container on other volumes', error, signal);
    }
  };
  await locked(() => Promise.all(stale.map(remove)));
}
