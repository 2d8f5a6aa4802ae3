/**
 * Asks Docker about a project: one round trip of parallel questions. A full look adds one question per
 * container.
 */
import type { ContainerInfo } from 'dockerode';
import { HostError } from '../host.ts';
import type { HostObservation } from '../host.ts';
import { bounded, dockerError } from './client.ts';
import type { Bridge, DockerClient, EngineVersion } from './client.ts';
import { listOf, observedContainer, observedJob, projectContainers, projectJobs } from './containers.ts';

export type DockerObservation = Pick<HostObservation, 'containers' | 'jobs' | 'volumes' | 'images'> & {
  readonly version?: EngineVersion;
  readonly bridges?: readonly Bridge[];
};

/**
 * @returns empty lists and no version if there is no Docker yet; @throws HostError when the host cannot be
 * asked.
 */
export async function observeDocker(
  docker: DockerClient,
  project: string,
  depth: 'quick' | 'full',
  signal: AbortSignal,
): Promise<DockerObservation> {
  const abortSignal = bounded(signal);
  try {
    await docker.ready(abortSignal);
    const asksVersion = depth === 'full' || docker.version === undefined;
    const [listed, listedJobs, volumes, version, bridges] = await Promise.all([
      docker.api.listContainers({ ...listOf('Containers', project), abortSignal }),
      docker.api.listContainers({ ...listOf('Jobs', project), abortSignal }),
      // By name, not by label: a volume that a person made and compose took over counts too.
      docker.api.listVolumes({ filters: { name: [`${project}_`] }, abortSignal }),
      asksVersion ? daemonVersion(docker, abortSignal) : undefined,
      asksVersion ? madeBridges(docker, abortSignal) : undefined,
    ]);
    if (bridges !== undefined) docker.bridges = bridges;
    if (version !== undefined) docker.version = version;
    const containers = projectContainers(listed, project);
    const jobs = projectJobs(listedJobs, project);
    const learned = {
      ...(docker.version && { version: docker.version }),
      ...(docker.bridges && { bridges: docker.bridges }),
    };
    const shared = {
      ...learned,
      volumes: volumes.Volumes.map((one) => one.Name)
        .filter((name) => name.startsWith(`${project}_`))
        .toSorted(),
    };
    if (depth === 'quick')
      return {
        ...shared,
        containers: containers.map((one) => observedContainer(one)),
        jobs: jobs.map((one) => observedJob(one)),
      };
    const [images, looked, lookedJobs] = await Promise.all([
      docker.api.listImages({ abortSignal }),
      Promise.all(containers.map((one) => inspected(docker, one, abortSignal, observedContainer))),
      Promise.all(jobs.map((one) => inspected(docker, one, abortSignal, observedJob))),
    ]);
    return {
      ...shared,
      containers: looked.filter((one) => one !== undefined),
      jobs: lookedJobs.filter((one) => one !== undefined),
      images: images
        .flatMap((one) => one.RepoDigests ?? [])
        .filter((one) => !one.startsWith('<none>'))
        .toSorted(),
    };
  } catch (error) {
    // Only "nobody answers" means that there is nothing. If a daemon answers with an error, the result must
    // not look like nothing.
    if (error instanceof HostError && error.reason === 'DockerUnavailable')
      return { containers: [], jobs: [], volumes: [] };
    throw dockerError(docker.host, 'the observation', error, signal);
  }
}

async function daemonVersion(docker: DockerClient, abortSignal: AbortSignal): Promise<EngineVersion> {
  // dockerode's version() takes the signal; its type does not say so.
  const version = docker.api.version.bind(docker.api) as (options: {
    abortSignal: AbortSignal;
  }) => Promise<{ Version: string; ApiVersion: string }>;
  const { Version, ApiVersion } = await version({ abortSignal });
  return { engine: Version, api: ApiVersion };
}

async function madeBridges(docker: DockerClient, abortSignal: AbortSignal): Promise<readonly Bridge[]> {
  const networks = await docker.api.listNetworks({ filters: { driver: ['bridge'] }, abortSignal });
  const bridges = networks.flatMap(({ Name, IPAM }) =>
    (IPAM?.Config ?? []).map(({ Subnet = '' }) => ({ name: Name, subnet: Subnet })),
  );
  return bridges.filter(({ subnet }) => subnet !== '').toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** @returns undefined if the container went away after the list was made. */
async function inspected<T>(
  docker: DockerClient,
  info: ContainerInfo,
  abortSignal: AbortSignal,
  observed: (
    info: ContainerInfo,
    details: Awaited<ReturnType<ReturnType<DockerClient['api']['getContainer']>['inspect']>>,
  ) => T,
): Promise<T | undefined> {
  try {
    return observed(info, await docker.api.getContainer(info.Id).inspect({ abortSignal }));
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}
