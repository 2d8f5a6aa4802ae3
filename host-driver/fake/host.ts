/** Does to a {@link FakeMachine} what the real driver does to a host, with the same refusals (`test/contract/host.ts`). */
import { setTimeout as delay } from 'node:timers/promises';
import type { RegistryLogin } from '../registry-login.ts';
import { hostScript } from '../bootstrap/script.ts';
import { setupDigest } from '../bootstrap/digest.ts';
import { imageName, jobContainers, jobName } from '../docker/job-containers.ts';
import { isSameStack } from '../host.ts';
import type {
  DeployedFiles,
  Fence,
  Host,
  HostEvent,
  HostObservation,
  HostSetup,
  HostState,
  ImageReference,
  JobReport,
  JobSpec,
  PullProgress,
  RecordedChange,
  RenderedRelease,
} from '../host.ts';
import { describeMissing, missingData } from '../missing-data.ts';
import { releaseArchive } from '../script/archive.ts';
import { changedState, needlessVolumes } from '../state.ts';
import type { StateChange } from '../state.ts';
import { InvalidValue, valid, validInteger } from '../values.ts';
import { applyRelease } from './compose.ts';
import { machineEvents } from './events.ts';
import type { FakeMachine, FakeProject } from './machine.ts';
import { fenced, needDisk, needDocker, newProject, refuseMoved } from './refusals.ts';
import { deployedFiles, observed, reportOf } from './observe.ts';
import { recordedServices } from '../record.ts';

export class FakeHost implements Host {
  readonly #find: () => FakeMachine;

  /** @param find returns the machine that has the address now. The address can move to another machine. */
  constructor(find: () => FakeMachine) {
    this.#find = find;
  }

  get #machine(): FakeMachine {
    return this.#find();
  }

  observe(project: string, depth: 'quick' | 'full', signal: AbortSignal): Promise<HostObservation> {
    return this.#call('observe', project, signal, () =>
      observed(this.#machine, valid('project', project), depth),
    );
  }

  claim(project: string, fence: Fence, signal: AbortSignal): Promise<HostState> {
    return this.#call('claim', project, signal, () => {
      const known = this.#machine.projects.get(valid('project', project));
      if (known === undefined) newProject(this.#machine, project, fence);
      else if (
        isSameStack(known.owner, fence.owner) &&
        fence.epoch > known.epoch &&
        known.machineID === this.#machine.facts.machineID
      )
        known.owner = fence.owner;
      return this.#put(fenced(this.#machine, project, fence), project, fence, {});
    });
  }

  readDeployed(project: string, fence: Fence, signal: AbortSignal): Promise<DeployedFiles | undefined> {
    return this.#call('readDeployed', project, signal, () => {
      const { current, releases } = fenced(this.#machine, project, fence);
      const release = releases.get(current ?? '');
      return release === undefined ? undefined : deployedFiles(release);
    });
  }

  setUp(project: string, setup: HostSetup, fence: Fence, signal: AbortSignal): Promise<void> {
    return this.#call('setUp', project, signal, () => {
      hostScript(setup);
      const found = fenced(this.#machine, project, fence);
      const machine = this.#machine;
      if (machine.facts.dockerVersion === undefined) {
        if (setup.mode === 'Preinstalled')
          throw machine.error(
            'HostSetupFailed',
            'no Docker daemon answers: start it, or use bootstrap: Managed',
          );
        machine.facts = {
          ...machine.facts,
          dockerVersion: '26.1.5',
          apiVersion: '1.45',
          composeVersion: '2.26.1',
        };
      }
      if (setup.timeZone !== undefined) machine.facts = { ...machine.facts, timeZone: setup.timeZone };
      machine.firewall = setup.firewall ?? machine.firewall;
      machine.setups.push(setup);
      machine.changed = machine.changed.filter((what) => what !== 'firewall' && what !== 'docker-rules');
      this.#put(found, project, fence, { setupDigest: setupDigest(setup) });
    });
  }

  async writeRelease(
    project: string,
    release: RenderedRelease,
    fence: Fence,
    signal: AbortSignal,
  ): Promise<void> {
    await releaseArchive(release);
    await this.#call('writeRelease', project, signal, () => {
      const found = fenced(this.#machine, project, fence);
      needDisk(this.#machine, 'the release');
      found.releases.set(release.digest, release);
      this.#machine.changed = this.#machine.changed.filter(
        (what) => what === 'firewall' || what === 'docker-rules',
      );
    });
  }

  pull(
    images: readonly ImageReference[],
    _logins: readonly RegistryLogin[],
    onProgress: (progress: PullProgress) => void,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#call('pull', undefined, signal, () => {
      const names = images.map(
        (image) => `${valid('repository', image.repository)}@${valid('imageDigest', image.digest)}`,
      );
      needDocker(this.#machine);
      let imagesDone = 0;
      for (const name of new Set(names)) {
        if (!this.#machine.images.has(name)) {
          needDisk(this.#machine, `image ${name}`);
          const failure = this.#machine.pullFailure(name);
          if (failure !== undefined) throw this.#machine.error(failure, `cannot pull ${name}`);
          this.#machine.images.add(name);
        }
        imagesDone += 1;
        onProgress({
          imagesDone,
          imagesTotal: new Set(names).size,
          bytesDone: imagesDone * 1000,
          bytesTotal: imagesDone * 1000,
        });
      }
    });
  }

  composeUp(
    project: string,
    release: RenderedRelease,
    services: readonly string[] | 'all',
    fence: Fence,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#call('composeUp', project, signal, () => {
      const wanted = services === 'all' ? services : services.map((service) => valid('service', service));
      const found = fenced(this.#machine, project, fence);
      refuseMoved(this.#machine, found, project);
      needDocker(this.#machine);
      if (!found.releases.has(valid('releaseDigest', release.digest))) {
        throw this.#machine.error('ComposeFailed', `releases/${release.digest} does not lie on the host`);
      }
      const missing = missingData(found.state, release, observed(this.#machine, project, 'full'));
      if (missing.length > 0)
        throw this.#machine.error('DataMissing', `${project} is not started: ${describeMissing(missing)}`);
      applyRelease(this.#machine, project, found, release, wanted);
    });
  }

  composeStop(
    project: string,
    fence: Fence,
    signal: AbortSignal,
    keep: readonly string[] = [],
  ): Promise<void> {
    return this.#call('composeStop', project, signal, () => {
      const found = fenced(this.#machine, project, fence);
      needDocker(this.#machine);
      for (const container of [...found.containers.values()].toReversed()) {
        if (container.state !== 'running' || keep.includes(container.service)) continue;
        container.state = 'exited';
        container.exitCode = 0;
        this.#machine.emit(project, container.service, 'die');
      }
    });
  }

  destroy(project: string, fence: Fence, signal: AbortSignal): Promise<void> {
    return this.#call('destroy', project, signal, () => {
      if (!this.#machine.projects.has(valid('project', project))) return;
      fenced(this.#machine, project, fence);
      for (const [uid, job] of this.#machine.jobs)
        if (job.project === project) this.#machine.jobs.delete(uid);
      this.#machine.projects.delete(project);
    });
  }

  record(
    project: string,
    { applied, ...change }: RecordedChange,
    fence: Fence,
    signal: AbortSignal,
  ): Promise<HostState> {
    return this.#call('record', project, signal, () => {
      const found = fenced(this.#machine, project, fence);
      if (applied === undefined) return this.#put(found, project, fence, change);
      valid('releaseDigest', applied.digest);
      const services = recordedServices(observed(this.#machine, project, 'quick').containers);
      const composeVersion = this.#machine.facts.composeVersion ?? '';
      return this.#put(found, project, fence, {
        ...change,
        applied: { ...applied, composeVersion, services },
      });
    });
  }

  markMoved(
    project: string,
    to: { readonly address: string } | undefined,
    fence: Fence,
    signal: AbortSignal,
  ): Promise<HostState> {
    return this.#call('markMoved', project, signal, () => {
      const found = fenced(this.#machine, project, fence);
      const state = this.#put(found, project, fence, { moved: to ?? null });
      if (to === undefined) return state;
      needDocker(this.#machine);
      for (const { service } of found.containers.values()) this.#machine.emit(project, service, 'destroy');
      found.containers.clear();
      return state;
    });
  }

  prune(project: string, keep: readonly string[], fence: Fence, signal: AbortSignal): Promise<void> {
    return this.#call('prune', project, signal, () => {
      for (const digest of keep) valid('releaseDigest', digest);
      const found = fenced(this.#machine, project, fence);
      const gone = [...found.releases.values()].filter(
        ({ digest }) => digest !== found.current && !keep.includes(digest),
      );
      for (const { digest } of gone) found.releases.delete(digest);
      const used = new Set(
        [...this.#machine.projects.values()]
          .flatMap((one) => [...one.releases.values()])
          .flatMap(({ images }) => images.map(imageName)),
      );
      for (const name of gone.flatMap(({ images }) => images.map(imageName)))
        if (!used.has(name)) this.#machine.images.delete(name);
    });
  }

  createVolumes(project: string, names: readonly string[], fence: Fence, signal: AbortSignal): Promise<void> {
    return this.#call('createVolumes', project, signal, () => {
      const found = fenced(this.#machine, project, fence);
      refuseMoved(this.#machine, found, project);
      needDocker(this.#machine);
      for (const name of names) {
        if (!valid('dockerName', name).startsWith(`${project}_`))
          throw new InvalidValue(`volume ${name} is none of ${project}`);
        if (!found.volumes.has(name)) found.volumes.set(name, { driver: 'local', options: {} });
      }
    });
  }

  pruneVolumes(project: string, fence: Fence, signal: AbortSignal): Promise<void> {
    return this.#call('pruneVolumes', project, signal, () => {
      const found = fenced(this.#machine, project, fence);
      for (const name of needlessVolumes(project, [...found.volumes.keys()], found.state ?? {}))
        found.volumes.delete(name);
    });
  }

  measureVolumes(
    project: string,
    volumes: readonly string[],
    _fence: Fence,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    return this.#call('measureVolumes', project, signal, () => {
      const found = this.#machine.projects.get(valid('project', project));
      const there = volumes.filter((name) => found?.volumes.has(valid('dockerName', name)) === true);
      return there.length === volumes.length ? there.length * 4096 : undefined;
    });
  }

  startJob(project: string, job: JobSpec, fence: Fence, signal: AbortSignal): Promise<void> {
    return this.#call('startJob', project, signal, () => {
      jobContainers(project, job, true);
      const found = fenced(this.#machine, project, fence);
      refuseMoved(this.#machine, found, project);
      needDocker(this.#machine);
      if (this.#machine.jobs.has(job.uid)) return;
      const parts = [job, ...(job.companions ?? [])];
      const missing = parts
        .map(({ image }) => imageName(image))
        .find((image) => !this.#machine.images.has(image));
      if (missing !== undefined)
        throw this.#machine.error('ImageNotFound', `job ${job.uid} needs ${missing}`);
      for (const { volume } of parts.flatMap(({ volumes }) => volumes)) {
        if (!volume.startsWith(`${project}_`) || found.volumes.has(volume)) continue;
        if (job.type === 'backup')
          throw this.#machine.error(
            'DataMissing',
            `job ${job.uid} is to read volume ${volume}, which does not exist`,
          );
        found.volumes.set(volume, { driver: 'local', options: {} });
      }
      this.#machine.startJob(project, job);
    });
  }

  readJob(uid: string, signal: AbortSignal): Promise<JobReport | undefined> {
    return this.#call('readJob', undefined, signal, () => {
      jobName(uid);
      const job = this.#machine.jobs.get(uid);
      return job === undefined ? undefined : reportOf(this.#machine, job);
    });
  }

  removeJob(uid: string, fence: Fence, signal: AbortSignal): Promise<void> {
    return this.#call('removeJob', undefined, signal, () => {
      jobName(uid);
      const job = this.#machine.jobs.get(uid);
      if (job === undefined) return;
      fenced(this.#machine, job.project, fence);
      this.#machine.jobs.delete(uid);
    });
  }

  keepLogs(
    project: string,
    name: string,
    services: readonly string[],
    fence: Fence,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#call('keepLogs', valid('project', project), signal, () => {
      const found = fenced(this.#machine, project, fence);
      for (const service of services)
        if (found.containers.has(valid('service', service)))
          found.failures.add(`${valid('dockerName', name)}-${service}.log`);
    });
  }

  logs(project: string, service: string, lines: number, signal: AbortSignal): Promise<string> {
    return this.#call('logs', project, signal, () => {
      validInteger('number of lines', lines, 1, 10_000);
      const container = this.#machine.projects
        .get(valid('project', project))
        ?.containers.get(valid('service', service));
      return container === undefined ? '' : `${service} started\n`;
    });
  }

  async *events(signal: AbortSignal, sinceSeconds?: number): AsyncIterable<HostEvent> {
    const machine = this.#machine;
    await this.#call('events', undefined, signal, () => needDocker(this.#machine));
    yield* machineEvents(machine, signal, sinceSeconds);
  }

  async #call<T>(
    method: keyof Host,
    project: string | undefined,
    signal: AbortSignal,
    effect: () => T,
  ): Promise<T> {
    const machine = this.#machine;
    const about = project === undefined ? { method } : { method, project };
    signal.throwIfAborted();
    if (machine.latencyMilliseconds > 0)
      await delay(machine.latencyMilliseconds, undefined, { signal }).catch(() => signal.throwIfAborted());
    if (machine.unreachable !== undefined) {
      machine.refused.push(about);
      throw machine.error(machine.unreachable, `${method} failed`);
    }
    await machine.onCall?.({ ...about, phase: 'before' });
    machine.calls.push(about);
    const result = effect();
    await machine.onCall?.({ ...about, phase: 'after' });
    return result;
  }

  #put(found: FakeProject, project: string, fence: Fence, change: StateChange): HostState {
    needDisk(this.#machine, 'state.json');
    const { data } = change;
    if (data !== undefined && data !== null && data.state === undefined)
      for (const [name, { content: _lost, ...volume }] of found.volumes) found.volumes.set(name, volume);
    found.state = changedState(
      found.state,
      { project, fence, machineID: found.machineID, time: new Date(this.#machine.now()).toISOString() },
      change,
    );
    return found.state;
  }
}
