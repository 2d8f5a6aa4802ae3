/**
 * Runs long work in detached containers, which outlive SSH drops and operator restarts. The name is made from
 * the request's uid, so a second start finds the first container and adopts it. Input goes in as files before
 * the start, never into argv, environment or labels. Companions are started first: if the main container was
 * started, the job is whole.
 */
import type Docker from 'dockerode';
import { pack } from 'tar-stream';
import { HostError } from '../host.ts';
import type { JobReport, JobSpec } from '../host.ts';
import { valid } from '../values.ts';
import { bounded, dockerError, statusCode } from './client.ts';
import type { DockerClient } from './client.ts';
import { inspectedJob, labels } from './containers.ts';
import { jobContainers, jobLabels, jobName } from './job-containers.ts';
import type { JobContainer, JobFile } from './job-containers.ts';
import { proxyFile } from './job-proxy.ts';
import { JobWords } from './job-report.ts';
import { logPieces } from './logs.ts';
import { removeParts } from './remove-job.ts';
import { ensureVolumes, missingVolume } from './volumes.ts';

/** How much of a job's log is read: enough for its last progress and result. */
const reportLines = 200;

/**
 * Call it with the host's lock held. Succeeds if the job exists already, running or ended.
 * @param proxy the host's proxy, as the lock says it
 */
export async function startJob(
  docker: DockerClient,
  project: string,
  job: JobSpec,
  proxy: string,
  signal: AbortSignal,
): Promise<void> {
  const name = jobName(job.uid);
  const wayOut = proxyFile(proxy);
  const parts = (weighted: boolean): JobContainer[] => jobContainers(project, job, weighted, wayOut);
  parts(true);
  try {
    const status = await containerStatus(docker, name, signal);
    if (status !== undefined && status !== 'created') return;
    // It was never started. Companions of an earlier try may have done their part already, so everything
    // begins again.
    const alone = (job.companions ?? []).length === 0 && job.exchange === undefined;
    if (!alone) await removeParts(docker, job.uid, signal);
    await makeVolumes(docker, project, job, signal);
    try {
      for (const [index, part] of parts(true).entries())
        await startPart(docker, part, () => parts(false)[index] ?? part, signal);
    } catch (error) {
      // Otherwise companions would wait for ever for a main container that never comes.
      if (!alone) await removeParts(docker, job.uid, signal).catch(() => undefined);
      throw error;
    }
  } catch (error) {
    if (statusCode(error) === 404) {
      throw new HostError(
        'ImageNotFound',
        docker.host,
        `job ${name} needs its images on ${docker.host}: pull them before (${String(error)})`,
        error,
      );
    }
    if (statusCode(error) !== undefined && !/no space left/i.test(String(error))) {
      throw new HostError(
        'JobFailed',
        docker.host,
        `job ${name} cannot be started on ${docker.host}: ${String(error)}`,
        error,
      );
    }
    throw dockerError(docker.host, `the start of ${name}`, error, signal);
  }
}

/** @returns undefined if there is no such container. */
async function containerStatus(
  docker: DockerClient,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return (await docker.api.getContainer(name).inspect({ abortSignal: bounded(signal) })).State.Status;
  } catch (error) {
    if (statusCode(error) === 404) return undefined;
    throw error;
  }
}

/**
 * Makes the job's exchange volume, and volumes of the project that compose has not made yet: data are loaded
 * before the first start.
 */
async function makeVolumes(
  docker: DockerClient,
  project: string,
  job: JobSpec,
  signal: AbortSignal,
): Promise<void> {
  const mounted = [job, ...(job.companions ?? [])].flatMap(({ volumes }) =>
    volumes.map(({ volume }) => valid('dockerName', volume)),
  );
  const own = [...new Set(mounted)].filter((name) => name.startsWith(`${project}_`));
  // A job that reads existing data must not find an empty volume that it made itself.
  const missing = job.type === 'backup' ? await missingVolume(docker, own, signal) : undefined;
  if (missing !== undefined)
    throw new HostError(
      'DataMissing',
      docker.host,
      `job ${jobName(job.uid)} is to read volume ${missing}, which does not exist on ${docker.host}`,
    );
  await ensureVolumes(docker, project, own, signal);
  if (job.exchange !== undefined) {
    await docker.api.createVolume({
      Name: jobName(job.uid),
      Labels: jobLabels(project, job),
      abortSignal: bounded(signal),
    });
  }
}

/**
 * @param plain the same without I/O weight. With it, the start fails on a kernel whose I/O scheduler has no
 * weights.
 */
async function startPart(
  docker: DockerClient,
  part: JobContainer,
  plain: () => JobContainer,
  signal: AbortSignal,
): Promise<void> {
  try {
    await createAndStart(docker, part, signal);
  } catch (error) {
    if (!/io\.(bfq\.)?weight|blkio/i.test(String(error))) throw error;
    await docker.api.getContainer(part.options.name).remove({ force: true, abortSignal: bounded(signal) });
    await createAndStart(docker, plain(), signal);
  }
}

async function createAndStart(docker: DockerClient, part: JobContainer, signal: AbortSignal): Promise<void> {
  const { options } = part;
  try {
    await docker.api.createContainer({ ...options, abortSignal: bounded(signal) });
  } catch (error) {
    if (statusCode(error) !== 409) throw error;
  }
  const container = docker.api.getContainer(options.name);
  const { State, Config } = await container.inspect({ abortSignal: bounded(signal) });
  // Names are not enough: job `a` with companion `b` and job `a-b` have the same name.
  const same = [labels.jobUID, labels.jobRole].every(
    (label) => Config.Labels[label] === options.Labels?.[label],
  );
  if (!same)
    throw new HostError(
      'JobFailed',
      docker.host,
      `container ${options.name} on ${docker.host} belongs to another job: remove that one first`,
    );
  // It runs or ran, so it is adopted. One that was created and never started gets its files again, and is
  // started.
  if (State.Status !== 'created') return;
  await container.putArchive(await fileArchive(part.files, Config.User), {
    path: '/',
    abortSignal: bounded(signal),
  });
  await container.start({ abortSignal: bounded(signal) });
}

/** Files belong to the container's user, if that is a number. */
async function fileArchive(files: readonly JobFile[], user: string): Promise<Buffer> {
  const [uid = 0, gid = 0] = /^\d+(:\d+)?$/.test(user) ? user.split(':').map(Number) : [];
  const archive = pack();
  archive.entry({ name: 'run/job/', type: 'directory', mode: 0o700, uid, gid });
  for (const { path, content, mode } of files)
    archive.entry({ name: path.slice(1), mode, uid, gid }, content);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** @returns undefined if there is no such job. */
export async function readJob(
  docker: DockerClient,
  uid: string,
  signal: AbortSignal,
): Promise<JobReport | undefined> {
  const name = jobName(uid);
  try {
    const details: Docker.ContainerInspectInfo = await docker.api
      .getContainer(name)
      .inspect({ abortSignal: bounded(signal) });
    const job = inspectedJob(details);
    const words = new JobWords();
    for await (const piece of logPieces(docker, name, reportLines, signal)) words.add(piece);
    return words.report(job);
  } catch (error) {
    if (statusCode(error) === 404) return undefined;
    throw dockerError(docker.host, `the report of ${name}`, error, signal);
  }
}
