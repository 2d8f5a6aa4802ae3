/** Translates Docker's lists into the driver's terms. Pure. */
import type { ContainerInfo, ContainerInspectInfo, ContainerListOptions } from 'dockerode';
import type { ContainerHealth, ContainerState, ObservedContainer, ObservedJob } from '../host.ts';

export const labels = {
  project: 'com.docker.compose.project',
  service: 'com.docker.compose.service',
  configHash: 'com.docker.compose.config-hash',
  oneOff: 'com.docker.compose.oneoff',
  volume: 'com.docker.compose.volume',
  jobUID: 'jtel.de/job-uid',
  jobType: 'jtel.de/job-type',
  jobProject: 'jtel.de/project',
  jobRole: 'jtel.de/job-role',
} as const;

const longestHealthMessage = 200;

/** The role of a job's main container. The role of a companion is its name. */
export const mainRole = 'main';

export function roleOf(all: Readonly<Record<string, string>>): string {
  return all[labels.jobRole] ?? mainRole;
}

/**
 * What to ask Docker for. A host may have ten thousand containers of others, and its whole list may be 50 MB
 * long.
 */
export function listOf(of: 'Containers' | 'Jobs', project: string): ContainerListOptions {
  const label = of === 'Containers' ? labels.project : labels.jobProject;
  return { all: true, filters: { label: [`${label}=${project}`] } };
}

/** Containers of the compose project, without those that somebody ran with `compose run`. */
export function projectContainers(all: readonly ContainerInfo[], project: string): ContainerInfo[] {
  return all.filter((one) => one.Labels[labels.project] === project && one.Labels[labels.oneOff] !== 'True');
}

/** Jobs of the project, by their main containers. A companion is not a job. */
export function projectJobs(all: readonly ContainerInfo[], project: string): ContainerInfo[] {
  return all.filter(
    (one) =>
      one.Labels[labels.jobUID] !== undefined &&
      one.Labels[labels.jobProject] === project &&
      roleOf(one.Labels) === mainRole,
  );
}

/** @param details from an inspection. Without them, fields that only an inspection has are left out. */
export function observedContainer(info: ContainerInfo, details?: ContainerInspectInfo): ObservedContainer {
  return {
    id: info.Id,
    name: (info.Names[0] ?? '').replace(/^\//, ''),
    service: info.Labels[labels.service] ?? '',
    image: details?.Config.Image ?? info.Image,
    imageID: info.ImageID,
    state: info.State as ContainerState,
    health: healthOf(info.Status),
    createdSeconds: info.Created,
    configHash: info.Labels[labels.configHash] ?? '',
    ...(details === undefined ? {} : startOf(details)),
    ...(details === undefined ? {} : { restarts: details.RestartCount }),
    ...(details === undefined || details.State.Running ? {} : { exitCode: details.State.ExitCode }),
  };
}

function startOf({
  State: { StartedAt, Health, Running },
}: ContainerInspectInfo): Pick<ObservedContainer, 'startedSeconds' | 'healthMessage'> {
  // Docker says "never" with the year 1.
  const started = Date.parse(StartedAt);
  const said =
    Running && Health !== undefined && Health.Status !== 'healthy' ? Health.Log?.at(-1)?.Output : undefined;
  const line = said
    ?.trim()
    .split('\n')[0]
    ?.slice(0, longestHealthMessage)
    .replaceAll(/[^\P{C}]/gu, ' ');
  return {
    ...(started > 0 ? { startedSeconds: Math.floor(started / 1000) } : {}),
    ...(line === undefined || line === '' ? {} : { healthMessage: line }),
  };
}

/**
 * The list has the health only in its sentence for people: `Up 2 minutes (healthy)`, `Up 1 second (health:
 * starting)`.
 */
export function healthOf(status: string): ContainerHealth {
  const word = /\((?:health: )?(healthy|unhealthy|starting)\)/.exec(status)?.[1];
  return (word as ContainerHealth | undefined) ?? 'none';
}

export function observedJob(info: ContainerInfo, details?: ContainerInspectInfo): ObservedJob {
  const listed = /^Exited \((\d+)\)/.exec(info.Status)?.[1];
  return job({
    name: (info.Names[0] ?? '').replace(/^\//, ''),
    labels: info.Labels,
    state: info.State,
    exitCode: details?.State.ExitCode ?? (listed === undefined ? undefined : Number(listed)),
    oomKilled: details?.State.OOMKilled,
  });
}

export function inspectedJob(details: ContainerInspectInfo): ObservedJob {
  const inspected = job({
    name: details.Name.replace(/^\//, ''),
    labels: details.Config.Labels,
    state: details.State.Status,
    exitCode: details.State.ExitCode,
    oomKilled: details.State.OOMKilled,
  });
  const ended = inspected.state === 'Succeeded' || inspected.state === 'Failed';
  return ended
    ? { ...inspected, finishedSeconds: Math.floor(Date.parse(details.State.FinishedAt) / 1000) }
    : inspected;
}

function job(one: {
  name: string;
  labels: Readonly<Record<string, string>>;
  state: string;
  exitCode: number | undefined;
  oomKilled: boolean | undefined;
}): ObservedJob {
  const ended = one.state === 'exited' || one.state === 'dead';
  const running = one.state === 'running' || one.state === 'paused' || one.state === 'restarting';
  return {
    name: one.name,
    uid: one.labels[labels.jobUID] ?? '',
    type: one.labels[labels.jobType] ?? '',
    state: ended ? (one.exitCode === 0 ? 'Succeeded' : 'Failed') : running ? 'Running' : 'Created',
    ...(ended && one.exitCode !== undefined ? { exitCode: one.exitCode } : {}),
    ...(ended && one.oomKilled !== undefined ? { oomKilled: one.oomKilled } : {}),
  };
}
