/** What a start of a release does to the fake machine: compares each service's definition and recreates what differs. */
import { createHash } from 'node:crypto';
import { parse } from 'yaml';
import { changedVolumes } from '../docker/volumes.ts';
import type { RenderedRelease } from '../host.ts';
import type { FakeMachine, FakeProject } from './machine.ts';

interface ComposeModel {
  readonly services?: Readonly<Record<string, ComposeService>>;
  readonly volumes?: Readonly<
    Record<
      string,
      {
        readonly name?: string;
        readonly driver?: string;
        readonly driver_opts?: Record<string, string>;
        readonly external?: boolean;
      } | null
    >
  >;
}

interface ComposeService {
  readonly image: string;
  readonly healthcheck?: unknown;
  readonly volumes?: readonly (string | { readonly source?: string })[];
}

/** @throws HostError VolumeChanged or ComposeFailed; the machine is as before then. */
export function applyRelease(
  machine: FakeMachine,
  project: string,
  found: FakeProject,
  release: RenderedRelease,
  services: readonly string[] | 'all',
): void {
  const existing = [...found.volumes].map(([name, volume]) => ({ name, ...volume }));
  const changed = changedVolumes(release.composeVolumes, project, existing);
  if (changed.length > 0)
    throw machine.error(
      'VolumeChanged',
      `${project} is not started, because data would be lost: ${changed.join('; ')}`,
    );
  const model = (parse(release.start.createYaml) ?? {}) as ComposeModel;
  const definitions = model.services ?? {};
  const wanted = services === 'all' ? Object.keys(definitions) : withDependencies(machine, release, services);
  for (const name of wanted) {
    const image = definitions[name]?.image ?? '';
    if (!machine.images.has(image)) throw machine.error('ComposeFailed', `No such image: ${image}`);
  }
  for (const [key, volume] of Object.entries(model.volumes ?? {})) {
    const name = volume?.name ?? `${project}_${key}`;
    if (volume?.external !== true && !found.volumes.has(name))
      found.volumes.set(name, {
        driver: volume?.driver ?? 'local',
        options: volume?.driver_opts ?? {},
        ...(isWhole(found.state) ? { content: 'Empty' } : {}),
      });
    if (volume?.external === true && ![...machine.projects.values()].some(({ volumes }) => volumes.has(name)))
      throw machine.error('ComposeFailed', `external volume "${name}" not found`);
  }
  for (const [name] of found.containers) {
    if (definitions[name] !== undefined) continue;
    found.containers.delete(name);
    machine.emit(project, name, 'destroy');
  }
  for (const name of wanted)
    startService(machine, project, found, release.version, name, definitions[name], model.volumes);
  found.current = release.digest;
}

/** Volumes that are made after the data were loaded did not exist then. */
function isWhole(state: FakeProject['state']): boolean {
  return state?.data !== undefined && state.data.state === undefined;
}

function startService(
  machine: FakeMachine,
  project: string,
  found: FakeProject,
  version: string,
  name: string,
  definition: ComposeService | undefined,
  volumes: ComposeModel['volumes'],
): void {
  if (definition === undefined) return;
  const configHash = createHash('sha256')
    .update(
      JSON.stringify([
        definition,
        (definition.volumes ?? []).map((mount) => volumes?.[sourceOf(mount)]?.name),
      ]),
    )
    .digest('hex');
  const container = found.containers.get(name);
  const now = machine.now();
  if (container?.configHash === configHash) {
    if (container.state === 'running') return;
    container.state = 'running';
    container.startedAt = now;
  } else {
    found.containers.set(name, {
      id: machine.newID(),
      service: name,
      image: definition.image,
      configHash,
      hasHealthCheck: definition.healthcheck !== undefined,
      createdAt: now,
      startedAt: now,
      state: 'running',
      exitCode: 0,
      restarts: 0,
      broken: machine.breaks?.(name, version) ?? false,
    });
  }
  machine.emit(project, name, 'start');
}

function withDependencies(
  machine: FakeMachine,
  release: RenderedRelease,
  services: readonly string[],
): string[] {
  const result = new Set<string>();
  const visit = (name: string) => {
    if (!release.services.includes(name)) throw machine.error('ComposeFailed', `no such service: ${name}`);
    if (result.has(name)) return;
    for (const { service, need } of release.start.edges) if (service === name) visit(need);
    result.add(name);
  };
  for (const service of services) visit(service);
  return [...result];
}

/** Volume or path of a mount in its short or long form. */
function sourceOf(mount: string | { readonly source?: string }): string {
  return typeof mount === 'string' ? (mount.split(':')[0] ?? '') : (mount.source ?? '');
}
