/**
 * Long work as detached containers: they outlive SSH drops and operator restarts. The name is made from the request's uid, so
 * starting twice finds the first one and adopts it. Input goes in as a file before the start, never into argv, environment or
 * labels.
 */
import type Docker from 'dockerode';
import { pack } from 'tar-stream';
import { HostError } from '../host.ts';
import type { JobReport, JobSpec } from '../host.ts';
import { valid, validInteger } from '../values.ts';
import { bounded, dockerError, statusCode } from './client.ts';
import type { DockerClient } from './client.ts';
import { inspectedJob, labels } from './containers.ts';
import { jobReport } from './job-report.ts';
import { containerLog } from './logs.ts';

/** How much of a job's log is read back: enough for its last progress and result. */
const reportLines = 200;
/** A quarter of what telephony's containers have by default (1024 and 500). */
const cpuShares = 256;
const blockIOWeight = 125;

export function jobName(uid: string): string {
  return `jtel-job-${valid('uid', uid)}`;
}

/** The container that the job becomes. @throws InvalidValue. */
export function jobContainer(project: string, job: JobSpec, weighted: boolean): Docker.ContainerCreateOptions & { name: string } {
  return {
    name: jobName(job.uid),
    Image: `${valid('repository', job.image.repository)}@${valid('imageDigest', job.image.digest)}`,
    Cmd: [...job.command],
    Labels: {
      [labels.jobUID]: job.uid,
      [labels.jobType]: valid('jobType', job.type),
      [labels.jobProject]: valid('project', project),
    },
    HostConfig: {
      NetworkMode: job.network === undefined ? 'none' : valid('dockerName', job.network),
      Mounts: job.volumes.map((one) => ({
        Type: 'volume' as const,
        Source: valid('dockerName', one.volume),
        Target: valid('containerPath', one.target),
        ReadOnly: one.readOnly,
      })),
      Memory: validInteger('job memory in bytes', job.memoryBytes, 16 * 1024 * 1024, Number.MAX_SAFE_INTEGER),
      CpuShares: cpuShares,
      ...(weighted ? { BlkioWeight: blockIOWeight } : {}),
      RestartPolicy: { Name: 'no' },
      AutoRemove: false,
      SecurityOpt: ['no-new-privileges'],
      // The log is the job's report: it must not go where the API cannot read it, nor fill the disk.
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '2' } },
    },
  };
}

/** Call with the host's lock held. Succeeds when the job is there already, started or ended. */
export async function startJob(docker: DockerClient, project: string, job: JobSpec, signal: AbortSignal): Promise<void> {
  const name = jobName(job.uid);
  try {
    await makeVolumes(docker, project, job, signal);
    try {
      await createAndStart(docker, jobContainer(project, job, true), job, signal);
    } catch (error) {
      // A kernel without an I/O scheduler that knows weights lets the start fail.
      if (!/io\.(bfq\.)?weight|blkio/i.test(String(error))) throw error;
      await docker.api.getContainer(name).remove({ force: true, abortSignal: bounded(signal) });
      await createAndStart(docker, jobContainer(project, job, false), job, signal);
    }
  } catch (error) {
    if (statusCode(error) === 404) {
      throw new HostError('ImageNotFound', docker.host, `job ${name} needs ${job.image.repository} on ${docker.host}: pull it before (${String(error)})`, error);
    }
    if (statusCode(error) !== undefined && !/no space left/i.test(String(error))) {
      throw new HostError('JobFailed', docker.host, `job ${name} cannot be started on ${docker.host}: ${String(error)}`, error);
    }
    throw dockerError(docker.host, `the start of ${name}`, error, signal);
  }
}

/**
 * Volumes of the project that compose has not made yet (data are loaded before the first start). Without compose's own labels
 * compose would take them for somebody else's.
 */
async function makeVolumes(docker: DockerClient, project: string, job: JobSpec, signal: AbortSignal): Promise<void> {
  for (const { volume } of job.volumes) {
    if (!volume.startsWith(`${project}_`)) continue;
    const name = valid('dockerName', volume);
    try {
      await docker.api.getVolume(name).inspect({ abortSignal: bounded(signal) });
    } catch (error) {
      if (statusCode(error) !== 404) throw error;
      const key = volume.slice(project.length + 1);
      const volumeLabels = { [labels.project]: project, [labels.volume]: key };
      await docker.api.createVolume({ Name: name, Labels: volumeLabels, abortSignal: bounded(signal) });
    }
  }
}

async function createAndStart(
  docker: DockerClient,
  options: Docker.ContainerCreateOptions & { name: string },
  job: JobSpec,
  signal: AbortSignal,
): Promise<void> {
  try {
    await docker.api.createContainer({ ...options, abortSignal: bounded(signal) });
  } catch (error) {
    if (statusCode(error) !== 409) throw error;
  }
  const container = docker.api.getContainer(options.name);
  const { State, Config } = await container.inspect({ abortSignal: bounded(signal) });
  // Adopted: it runs or ran. One that was created and never started gets its input (again) and its start.
  if (State.Status !== 'created') return;
  const archive = await inputArchive(job.input, Config.User);
  await container.putArchive(archive, { path: '/', abortSignal: bounded(signal) });
  await container.start({ abortSignal: bounded(signal) });
}

/** `/run/job/spec.json`, readable for the container's user only. */
async function inputArchive(input: unknown, user: string): Promise<Buffer> {
  const [uid = 0, gid = 0] = /^\d+(:\d+)?$/.test(user) ? user.split(':').map(Number) : [];
  const archive = pack();
  archive.entry({ name: 'run/job/', type: 'directory', mode: 0o700, uid, gid });
  archive.entry({ name: 'run/job/spec.json', mode: 0o600, uid, gid }, JSON.stringify(input));
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** @returns undefined when there is no such job. */
export async function readJob(docker: DockerClient, uid: string, signal: AbortSignal): Promise<JobReport | undefined> {
  const name = jobName(uid);
  try {
    const details = await docker.api.getContainer(name).inspect({ abortSignal: bounded(signal) });
    return jobReport(inspectedJob(details), await containerLog(docker, name, reportLines, signal));
  } catch (error) {
    if (statusCode(error) === 404) return undefined;
    throw dockerError(docker.host, `the report of ${name}`, error, signal);
  }
}

/**
 * Stops and removes it; gone already is success.
 * @param locked runs the removal under the lock of the project that the job belongs to, fence checked.
 */
export async function removeJob(
  docker: DockerClient,
  uid: string,
  signal: AbortSignal,
  locked: (project: string, remove: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const name = jobName(uid);
  const container = docker.api.getContainer(name);
  try {
    const { Config } = await container.inspect({ abortSignal: bounded(signal) });
    const project = Config.Labels[labels.jobProject] ?? '';
    await locked(project, () => container.remove({ force: true, v: true, abortSignal: bounded(signal, 60) }));
  } catch (error) {
    if (statusCode(error) === 404 || statusCode(error) === 409) return;
    throw dockerError(docker.host, `the removal of ${name}`, error, signal);
  }
}
