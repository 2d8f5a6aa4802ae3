/** The real host. A helper script over SSH changes files and runs compose; the Docker API does the rest. */
import { hostScript } from './bootstrap/script.ts';
import { composeUp, writeRelease } from './compose-up.ts';
import { containerEvents } from './docker/events.ts';
import { bounded, dockerError } from './docker/client.ts';
import type { DockerClient } from './docker/client.ts';
import type { RegistryLogin } from './registry-login.ts';
import { listOf, observedContainer, projectContainers } from './docker/containers.ts';
import { readJob, startJob } from './docker/jobs.ts';
import { serviceLog } from './docker/logs.ts';
import { pullImages } from './docker/pull.ts';
import { removeJob } from './docker/remove-job.ts';
import { ensureVolumes, pruneVolumes } from './docker/volumes.ts';
import { HostError, isSameStack } from './host.ts';
import type {
  DeployedFiles,
  Fence,
  Host,
  HostEvent,
  HostObservation,
  HostSetup,
  HostState,
  HostTarget,
  ImageReference,
  JobReport,
  JobSpec,
  PullProgress,
  RecordedChange,
  RenderedRelease,
} from './host.ts';
import { withLock } from './script/lock.ts';
import { observeHost, observeScript } from './observation.ts';
import { runStep } from './script/run.ts';
import { parseDeployedFiles } from './script/deployed-files.ts';
import type { Step, StepResult } from './script/run.ts';
import type { Session } from './session.ts';
import { setupDigest } from './bootstrap/digest.ts';
import { putState, recordedServices } from './record.ts';
import { ownerDigest } from './state.ts';
import type { StateChange } from './state.ts';
import { InvalidValue, valid, validInteger } from './values.ts';
import { optional } from '../base/optional.ts';

/** Limits on the host, in seconds. */
export interface RemoteHostLimits {
  readonly composeSeconds: number;
  readonly setupSeconds: number;
  readonly firewallRollbackSeconds: number;
}

export interface RemoteHostContext {
  readonly target: HostTarget;
  readonly limits: RemoteHostLimits;
  session(signal: AbortSignal): Promise<Session>;
  /** Ends the connection. The next session logs in again. */
  reset(): Promise<void>;
}

export class RemoteHost implements Host {
  readonly #context: RemoteHostContext;

  constructor(context: RemoteHostContext) {
    this.#context = context;
  }

  async observe(project: string, depth: 'quick' | 'full', signal: AbortSignal): Promise<HostObservation> {
    return await observeHost(await this.#context.session(signal), project, depth, signal);
  }

  async claim(project: string, fence: Fence, signal: AbortSignal): Promise<HostState> {
    const { connection } = await this.#context.session(signal);
    const claimed = async (after: readonly string[]): Promise<HostState> => {
      const read = async () => {
        const { stdout } = await runStep(
          connection,
          { verb: 'claim', project, fence, arguments: after, timeoutSeconds: 60 },
          signal,
        );
        const end = stdout.indexOf('\n');
        return { machineID: stdout.slice(0, end), stateText: stdout.slice(end + 1) };
      };
      return await putState(connection, project, fence, read, {}, signal);
    };
    try {
      return await claimed([]);
    } catch (error) {
      if (!(error instanceof HostError && error.reason === 'HostOwned')) throw error;
      const { state } = await this.observe(project, 'quick', signal);
      if (state === undefined || !isSameStack(state.owner, fence.owner)) throw error;
      return await claimed([ownerDigest(state.owner)]);
    }
  }

  async readDeployed(project: string, fence: Fence, signal: AbortSignal): Promise<DeployedFiles | undefined> {
    const step: Step = { verb: 'read-deployed', project, fence, timeoutSeconds: 60 };
    const { stdout } = await this.#step(step, signal);
    return parseDeployedFiles(this.#context.target.address, stdout);
  }

  async setUp(project: string, setup: HostSetup, fence: Fence, signal: AbortSignal): Promise<void> {
    await this.#step(
      {
        verb: 'setup',
        project,
        fence,
        stdin: hostScript(setup, this.#context.limits.firewallRollbackSeconds),
        arguments: [valid('user', this.#context.target.user)],
        timeoutSeconds: this.#context.limits.setupSeconds,
      },
      signal,
    );
    // A new login has the group docker. It also proves that the firewall lets us in; otherwise the host rolls
    // it back.
    await this.#context.reset();
    if (setup.firewall !== undefined)
      await this.#step({ verb: 'confirm-firewall', project, fence, timeoutSeconds: 30 }, signal);
    const docker = await this.#docker(signal);
    await docker.api.listContainers({ limit: 1, abortSignal: bounded(signal) }).catch((error: unknown) => {
      throw dockerError(docker.host, 'a question after the set-up', error, signal);
    });
    await this.#put(project, fence, { setupDigest: setupDigest(setup) }, signal);
  }

  async writeRelease(
    project: string,
    release: RenderedRelease,
    fence: Fence,
    signal: AbortSignal,
  ): Promise<void> {
    const { connection } = await this.#context.session(signal);
    await writeRelease({ connection, project, release, fence }, signal);
  }

  async pull(
    images: readonly ImageReference[],
    logins: readonly RegistryLogin[],
    onProgress: (progress: PullProgress) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const docker = await this.#docker(signal);
    const { connection } = await this.#context.session(signal);
    await connection.use(() => pullImages(docker, images, logins, onProgress, signal));
  }

  async composeUp(
    project: string,
    release: RenderedRelease,
    services: readonly string[] | 'all',
    fence: Fence,
    signal: AbortSignal,
  ): Promise<void> {
    const docker = await this.#docker(signal);
    const { connection } = await this.#context.session(signal);
    const target = { connection, project, release, fence };
    await composeUp(target, docker, services, this.#context.limits.composeSeconds, signal);
  }

  async composeStop(
    project: string,
    fence: Fence,
    signal: AbortSignal,
    keep: readonly string[] = [],
  ): Promise<void> {
    const kept = keep.map((service) => valid('service', service));
    await this.#step(
      {
        verb: 'stop',
        project,
        fence,
        arguments: kept,
        timeoutSeconds: this.#context.limits.composeSeconds,
        failure: 'ComposeFailed',
      },
      signal,
    );
  }

  async destroy(project: string, fence: Fence, signal: AbortSignal): Promise<void> {
    await this.#step({ verb: 'destroy', project, fence, timeoutSeconds: 600 }, signal);
  }

  async record(
    project: string,
    { applied, ...change }: RecordedChange,
    fence: Fence,
    signal: AbortSignal,
  ): Promise<HostState> {
    if (applied === undefined) return await this.#put(project, fence, change, signal);
    const { digest, version, series } = applied;
    valid('releaseDigest', digest);
    const session = await this.#context.session(signal);
    const docker = await this.#docker(signal);
    const all = await docker.api
      .listContainers({ ...listOf('Containers', project), abortSignal: bounded(signal) })
      .catch((error: unknown) => {
        throw dockerError(docker.host, 'reading the applied services', error, signal);
      });
    const services = recordedServices(projectContainers(all, project).map((one) => observedContainer(one)));
    const { lasting } = await observeScript(session, project, 'quick', signal);
    const { composeVersion } =
      lasting.composeVersion === undefined
        ? (await observeScript(session, project, 'full', signal)).lasting
        : lasting;
    if (composeVersion === undefined)
      throw new HostError(
        'OutcomeUnknown',
        docker.host,
        `docker compose on ${docker.host} does not tell its version, which is part of what is recorded: the next look asks again`,
      );
    return await this.#put(
      project,
      fence,
      {
        ...change,
        applied: { digest, version, ...optional({ series }), composeVersion, services },
      },
      signal,
    );
  }

  async markMoved(
    project: string,
    to: { readonly address: string } | undefined,
    fence: Fence,
    signal: AbortSignal,
  ): Promise<HostState> {
    // First record the refusal, then end what runs. If we are killed in between, nothing new starts, and the
    // next call continues.
    const state = await this.#put(project, fence, { moved: to ?? null }, signal);
    if (to !== undefined) {
      const timeoutSeconds = this.#context.limits.composeSeconds;
      await this.#step({ verb: 'retire', project, fence, timeoutSeconds, failure: 'ComposeFailed' }, signal);
    }
    return state;
  }

  async prune(project: string, keep: readonly string[], fence: Fence, signal: AbortSignal): Promise<void> {
    await this.#step(
      {
        verb: 'prune',
        project,
        fence,
        arguments: keep.map((digest) => valid('releaseDigest', digest)),
        timeoutSeconds: 300,
      },
      signal,
    );
  }

  async createVolumes(
    project: string,
    names: readonly string[],
    fence: Fence,
    signal: AbortSignal,
  ): Promise<void> {
    for (const name of names)
      if (!valid('dockerName', name).startsWith(`${project}_`))
        throw new InvalidValue(`volume ${name} is none of ${project}`);
    const docker = await this.#docker(signal);
    const { connection } = await this.#context.session(signal);
    await withLock(connection, project, fence, 'start', signal, () =>
      ensureVolumes(docker, project, names, signal),
    ).catch((error: unknown) => {
      throw dockerError(docker.host, 'the creation of volumes', error, signal);
    });
  }

  async pruneVolumes(project: string, fence: Fence, signal: AbortSignal): Promise<void> {
    const session = await this.#context.session(signal);
    const docker = await this.#docker(signal);
    await withLock(session.connection, project, fence, 'remove', signal, async () => {
      const { state } = await observeScript(session, project, 'quick', signal);
      if (state !== undefined) await pruneVolumes(docker, project, state, signal);
    });
  }

  async measureVolumes(
    project: string,
    volumes: readonly string[],
    fence: Fence,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const names = volumes.map((name) => valid('dockerName', name));
    const { stdout } = await this.#step(
      { verb: 'measure', project, fence, arguments: names, timeoutSeconds: 300 },
      signal,
    );
    const bytes = Number.parseInt(stdout, 10);
    return Number.isSafeInteger(bytes) ? bytes : undefined;
  }

  async startJob(project: string, job: JobSpec, fence: Fence, signal: AbortSignal): Promise<void> {
    const docker = await this.#docker(signal);
    const { connection } = await this.#context.session(signal);
    await withLock(connection, project, fence, 'start', signal, (proxy) =>
      startJob(docker, project, job, proxy, signal),
    );
  }

  async readJob(uid: string, signal: AbortSignal): Promise<JobReport | undefined> {
    const docker = await this.#docker(signal);
    return await readJob(docker, uid, signal);
  }

  async removeJob(uid: string, fence: Fence, signal: AbortSignal): Promise<void> {
    const docker = await this.#docker(signal);
    const { connection } = await this.#context.session(signal);
    await removeJob(docker, uid, signal, (project, remove) =>
      withLock(connection, project, fence, 'remove', signal, remove),
    );
  }

  async keepLogs(
    project: string,
    name: string,
    services: readonly string[],
    fence: Fence,
    signal: AbortSignal,
  ): Promise<void> {
    const given = services.map((service) => valid('service', service));
    await this.#step(
      {
        verb: 'keep-logs',
        project,
        fence,
        arguments: [valid('dockerName', name), ...given],
        timeoutSeconds: 120,
      },
      signal,
    );
  }

  async logs(project: string, service: string, lines: number, signal: AbortSignal): Promise<string> {
    validInteger('number of lines', lines, 1, 10_000);
    const docker = await this.#docker(signal);
    return await serviceLog(docker, valid('project', project), valid('service', service), lines, signal);
  }

  async *events(signal: AbortSignal, sinceSeconds?: number): AsyncIterable<HostEvent> {
    const docker = await this.#docker(signal);
    yield* containerEvents(docker, signal, optional({ sinceSeconds }));
  }

  async #docker(signal: AbortSignal): Promise<DockerClient> {
    const { docker } = await this.#context.session(signal);
    await docker.ready(bounded(signal)).catch((error: unknown) => {
      throw dockerError(docker.host, 'the first question', error, signal);
    });
    return docker;
  }

  async #step(step: Step, signal: AbortSignal): Promise<StepResult> {
    const { connection } = await this.#context.session(signal);
    return await runStep(connection, step, signal);
  }

  async #put(project: string, fence: Fence, change: StateChange, signal: AbortSignal): Promise<HostState> {
    const session = await this.#context.session(signal);
    return await putState(
      session.connection,
      project,
      fence,
      () => observeScript(session, project, 'quick', signal),
      change,
      signal,
    );
  }
}
