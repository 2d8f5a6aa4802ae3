/**
 * The containers of a job, in the form that Docker takes. Pure. Every value is checked before it goes
 * anywhere.
 */
import type Docker from 'dockerode';
import type { ImageReference, JobSpec, JobVolume } from '../host.ts';
import { InvalidValue, valid, validInteger } from '../values.ts';
import { labels, mainRole } from './containers.ts';

/** A quarter of what other containers have by default (1024 and 500). */
const cpuShares = 256;
const blockIOWeight = 125;
const leastMemoryBytes = 16 * 1024 * 1024;

export interface JobFile {
  readonly path: string;
  readonly content: string;
  readonly mode: number;
}

export interface JobContainer {
  /** {@link mainRole} or the companion's name. */
  readonly role: string;
  readonly options: Docker.ContainerCreateOptions & { readonly name: string };
  /** Copied in before the start. */
  readonly files: readonly JobFile[];
}

export function jobName(uid: string): string {
  return `jtel-job-${valid('uid', uid)}`;
}

/**
 * Companions in the order of the spec, then the main container. They are started in this order.
 * @param proxy goes into the main container, the only one that talks to the outside.
 * @param weighted is false if the kernel has no I/O scheduler that supports weights.
 * @throws InvalidValue.
 */
export function jobContainers(
  project: string,
  job: JobSpec,
  weighted: boolean,
  proxy?: JobFile,
): JobContainer[] {
  const name = jobName(job.uid);
  const companions = job.companions ?? [];
  if (new Set(companions.map((one) => one.name)).size !== companions.length)
    throw new InvalidValue(`job ${name} has two companions of the same name`);
  const parts = companions.map((one): JobContainer => {
    const role = valid('companion', one.name);
    const files = one.files.map((file) => ({
      ...file,
      path: valid('containerPath', file.path),
      mode: validInteger('file mode', file.mode, 0, 0o777),
    }));
    const ownWay = {
      ...(one.entrypoint === undefined ? {} : { Entrypoint: [...one.entrypoint] }),
      ...(one.user === undefined ? {} : { User: valid('numericUser', one.user) }),
      // The image's own health check is for what the image runs by default.
      Healthcheck: { Test: ['NONE'] },
    };
    return {
      role,
      files,
      options: { ...container(`${name}-${role}`, role, project, job, one, weighted), ...ownWay },
    };
  });
  const input = { path: '/run/job/spec.json', content: JSON.stringify(job.input), mode: 0o600 };
  return [
    ...parts,
    {
      role: mainRole,
      files: proxy === undefined ? [input] : [input, proxy],
      options: container(name, mainRole, project, job, job, weighted),
    },
  ];
}

interface Part {
  readonly image: ImageReference;
  readonly command: readonly string[];
  readonly network?: string;
  readonly volumes: readonly JobVolume[];
  readonly memoryBytes: number;
}

function container(
  name: string,
  role: string,
  project: string,
  job: JobSpec,
  part: Part,
  weighted: boolean,
): JobContainer['options'] {
  const exchange =
    job.exchange === undefined ? [] : [{ volume: jobName(job.uid), target: job.exchange, readOnly: false }];
  return {
    name: valid('dockerName', name),
    Image: imageName(part.image),
    Cmd: [...part.command],
    Labels: { ...jobLabels(project, job), [labels.jobRole]: role },
    HostConfig: {
      NetworkMode: part.network === undefined ? 'none' : valid('dockerName', part.network),
      Mounts: [...part.volumes, ...exchange].map((one) => ({
        Type: 'volume' as const,
        Source: valid('dockerName', one.volume),
        Target: valid('containerPath', one.target),
        ReadOnly: one.readOnly,
        // Otherwise Docker fills an empty volume with the image's files: data that nobody loaded.
        VolumeOptions: { NoCopy: true, Labels: {}, DriverConfig: { Name: '', Options: {} } },
      })),
      Memory: validInteger(
        'job memory in bytes',
        part.memoryBytes,
        leastMemoryBytes,
        Number.MAX_SAFE_INTEGER,
      ),
      CpuShares: cpuShares,
      ...(weighted ? { BlkioWeight: blockIOWeight } : {}),
      // After a reboot, the host does not start a job again. Whoever asked for the job looks at it and
      // decides.
      RestartPolicy: { Name: 'no' },
      AutoRemove: false,
      SecurityOpt: ['no-new-privileges'],
      // The log is the job's report. The API must be able to read it, and it must not fill the disk.
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '2' } },
    },
  };
}

/** Labels of everything that belongs to a job: its containers and its exchange volume. */
export function jobLabels(project: string, job: Pick<JobSpec, 'uid' | 'type'>): Record<string, string> {
  return {
    [labels.jobUID]: job.uid,
    [labels.jobType]: valid('jobType', job.type),
    [labels.jobProject]: valid('project', project),
  };
}

export function imageName(image: ImageReference): string {
  return `${valid('repository', image.repository)}@${valid('imageDigest', image.digest)}`;
}
