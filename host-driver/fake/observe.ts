/** What an observation of the fake machine shows. */
import { createHash } from 'node:crypto';
import type { DeployedFiles, HostObservation, JobReport, ObservedContainer, ObservedJob } from '../host.ts';
import type { RenderedRelease } from '../rendered-release.ts';
import { longestSecretBytes } from '../script/deployed-files.ts';
import type { FakeContainer, FakeJob, FakeMachine, FakeProject } from './machine.ts';
import { optional } from '../../base/optional.ts';

export function observed(machine: FakeMachine, project: string, depth: 'quick' | 'full'): HostObservation {
  const found = machine.projects.get(project);
  const docker = machine.facts.dockerVersion !== undefined;
  const { state } = found ?? {};
  return {
    facts: machine.facts,
    ...(state === undefined || found === undefined
      ? {}
      : { state: { ...state, epoch: Math.max(state.epoch, found.epoch) } }),
    containers:
      found === undefined || !docker
        ? []
        : [...found.containers.values()].map((one) => containerOf(machine, project, one, depth)),
    jobs: [...machine.jobs.values()]
      .filter((job) => job.project === project)
      .map((job) => jobOf(machine, job)),
    releases: [...(found?.releases.keys() ?? [])],
    ...(found?.current === undefined ? {} : { currentRelease: found.current }),
    volumes: [...(found?.volumes.keys() ?? [])].toSorted(),
    ...(depth === 'full' && docker
      ? { images: [...machine.images].toSorted(), changed: [...machine.changed], contents: contentsOf(found) }
      : {}),
  };
}

function contentsOf(found: FakeProject | undefined): NonNullable<HostObservation['contents']> {
  return Object.fromEntries(
    [...(found?.volumes ?? [])].flatMap(([name, { content }]) =>
      content === undefined ? [] : [[name, content] as const],
    ),
  );
}

function containerOf(
  machine: FakeMachine,
  project: string,
  one: FakeContainer,
  depth: 'quick' | 'full',
): ObservedContainer {
  const settled = machine.now() - one.startedAt >= machine.healthMilliseconds;
  const health = !settled ? 'starting' : one.broken ? 'unhealthy' : 'healthy';
  const running = one.state === 'running';
  return {
    id: one.id,
    name: `${project}-${one.service}-1`,
    service: one.service,
    image: one.image,
    imageID: `sha256:${createHash('sha256').update(one.image).digest('hex')}`,
    state: one.state,
    health: !one.hasHealthCheck || !running ? 'none' : health,
    createdSeconds: Math.floor(one.createdAt / 1000),
    configHash: one.configHash,
    ...(depth === 'quick'
      ? {}
      : { restarts: one.restarts, startedSeconds: Math.floor(one.startedAt / 1000) }),
    ...(depth === 'quick' || running ? {} : { exitCode: one.exitCode }),
  };
}

function jobOf(machine: FakeMachine, job: FakeJob): ObservedJob {
  const { outcome, spec, startedAt } = job;
  const about = { name: `jtel-job-${spec.uid}`, uid: spec.uid, type: spec.type };
  if (machine.now() - startedAt < (outcome.durationMilliseconds ?? 0)) return { ...about, state: 'Running' };
  if (outcome.oomKilled === true) return { ...about, state: 'Failed', exitCode: 137, oomKilled: true };
  if (outcome.error !== undefined) return { ...about, state: 'Failed', exitCode: 1, oomKilled: false };
  return { ...about, state: 'Succeeded', exitCode: 0, oomKilled: false };
}

export function reportOf(machine: FakeMachine, fake: FakeJob): JobReport {
  const seen = jobOf(machine, fake);
  const { progress, result, error, durationMilliseconds = 0 } = fake.outcome;
  const ended = seen.state === 'Succeeded' || seen.state === 'Failed';
  const job = ended
    ? { ...seen, finishedSeconds: Math.floor((fake.startedAt + durationMilliseconds) / 1000) }
    : seen;
  return {
    job,
    ...optional({ progress }),
    ...(job.state === 'Succeeded' ? { result } : {}),
    ...(job.state === 'Failed'
      ? {
          error: error ?? {
            reason: 'OutOfMemory',
            message: `${job.name} needed more memory than it was given`,
          },
        }
      : {}),
  };
}

/** What the script prints of the release that runs. */
export function deployedFiles({ composeYaml, files }: RenderedRelease): DeployedFiles {
  const secrets = files.filter(({ mode }) => mode === 0o600);
  const short = secrets.filter(({ content }) => content.length <= longestSecretBytes);
  return {
    composeYaml,
    secrets: new Map(short.map(({ name, content }) => [name, content.toString()])),
    digests: new Map(secrets.map(({ name, sha256 }) => [name, sha256])),
  };
}
