/** Removes a job: everything with its uid, in whatever state an earlier try, a crash or a reboot left it. */
import type Docker from 'dockerode';
import { bounded, dockerError, statusCode } from './client.ts';
import type { DockerClient } from './client.ts';
import { labels, roleOf, mainRole } from './containers.ts';
import { jobName } from './job-containers.ts';

/** Time for a job to end by itself after SIGTERM, before it is killed. */
const graceSeconds = 10;
const removalSeconds = 60;

/**
 * Stops and removes the job. If it is gone already, that is success.
 * @param locked runs the removal under the lock of the job's project, after the fence was checked.
 */
export async function removeJob(
  docker: DockerClient,
  uid: string,
  signal: AbortSignal,
  locked: (project: string, remove: () => Promise<void>) => Promise<void>,
): Promise<void> {
  try {
    const project = await projectOf(docker, uid, signal);
    if (project !== undefined) await locked(project, () => removeParts(docker, uid, signal));
  } catch (error) {
    throw dockerError(docker.host, `the removal of ${jobName(uid)}`, error, signal);
  }
}

/**
 * Removes the containers, the main one first, then the exchange volume. Call it with the host's lock held.
 */
export async function removeParts(docker: DockerClient, uid: string, signal: AbortSignal): Promise<void> {
  const parts = await containersOf(docker, uid, signal);
  // The main container ends first, so it sees a stop and not a companion that died.
  const [main, companions] = [parts.filter(isMain), parts.filter((one) => !isMain(one))];
  for (const group of [main, companions])
    await Promise.all(group.map((one) => stopAndRemove(docker, one, signal)));
  await unlessGone(docker.api.getVolume(jobName(uid)).remove({ abortSignal: bounded(signal) }));
}

async function stopAndRemove(
  docker: DockerClient,
  info: Docker.ContainerInfo,
  signal: AbortSignal,
): Promise<void> {
  const container = docker.api.getContainer(info.Id);
  if (info.State === 'running') {
    // 304: it has already ended.
    await unlessGone(container.stop({ t: graceSeconds, abortSignal: bounded(signal, removalSeconds) }), 304);
  }
  try {
    await unlessGone(
      container.remove({ force: true, v: true, abortSignal: bounded(signal, removalSeconds) }),
    );
  } catch (error) {
    if (statusCode(error) !== 409) throw error;
    // An earlier try asked for its removal and did not see the answer. The removal is under way.
    await unlessGone(container.wait({ condition: 'removed', abortSignal: bounded(signal, removalSeconds) }));
  }
}

async function unlessGone(work: Promise<unknown>, alsoFine?: number): Promise<void> {
  try {
    await work;
  } catch (error) {
    const code = statusCode(error);
    if (code !== 404 && (code === undefined || code !== alsoFine)) throw error;
  }
}

async function containersOf(
  docker: DockerClient,
  uid: string,
  signal: AbortSignal,
): Promise<Docker.ContainerInfo[]> {
  jobName(uid);
  const filters = { label: [`${labels.jobUID}=${uid}`] };
  return await docker.api.listContainers({ all: true, filters, abortSignal: bounded(signal) });
}

function isMain(info: Docker.ContainerInfo): boolean {
  return roleOf(info.Labels) === mainRole;
}

/** @returns undefined if nothing of the job is left. */
async function projectOf(
  docker: DockerClient,
  uid: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const [first] = await containersOf(docker, uid, signal);
  if (first !== undefined) return first.Labels[labels.jobProject] ?? '';
  try {
    const { Labels } = await docker.api.getVolume(jobName(uid)).inspect({ abortSignal: bounded(signal) });
    return Labels[labels.jobProject] ?? '';
  } catch (error) {
    if (statusCode(error) === 404) return undefined;
    throw error;
  }
}
