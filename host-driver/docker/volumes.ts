/** Volumes hold the data. This finds those that compose would lose, and those that nobody needs any more. */
import { HostError } from '../host.ts';
import type { HostState } from '../host.ts';
import type { ComposeVolume } from '../rendered-release.ts';
import { needlessVolumes } from '../state.ts';
import { bounded, dockerError, statusCode } from './client.ts';
import type { DockerClient } from './client.ts';
import { labels } from './containers.ts';

/** Millions of files take long. */
const removalSeconds = 300;

export interface ExistingVolume {
  readonly name: string;
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
}

/**
 * Finds, before a start, the volumes that compose would recreate because their definition changed. That loses
 * data. Depending on its version, compose asks, warns or just does it.
 * @returns one sentence per existing volume whose driver or options differ from the compose file.
 */
export function changedVolumes(
  volumes: Readonly<Record<string, ComposeVolume>>,
  project: string,
  existing: readonly ExistingVolume[],
): string[] {
  const byName = new Map(existing.map((one) => [one.name, one]));
  const findings: string[] = [];
  for (const [key, definition] of Object.entries(volumes)) {
    if (definition.external === true) continue;
    const name = definition.name ?? `${project}_${key}`;
    const volume = byName.get(name);
    if (volume === undefined) continue;
    const wanted = describe(definition.driver ?? 'local', definition.driver_opts ?? {});
    const found = describe(volume.driver, volume.options);
    if (wanted !== found) findings.push(`volume ${name} is ${found}, the release wants ${wanted}`);
  }
  return findings;
}

/** @throws HostError VolumeChanged */
export async function refuseChangedVolumes(
  docker: DockerClient,
  project: string,
  wanted: Readonly<Record<string, ComposeVolume>>,
  signal: AbortSignal,
): Promise<void> {
  const { Volumes } = await docker.api
    .listVolumes({ abortSignal: bounded(signal) })
    .catch((error: unknown) => {
      throw dockerError(docker.host, 'a look at the volumes', error, signal);
    });
  const existing = Volumes.map((one) => ({ name: one.Name, driver: one.Driver, options: one.Options ?? {} }));
  const changed = changedVolumes(wanted, project, existing);
  if (changed.length > 0)
    throw new HostError(
      'VolumeChanged',
      docker.host,
      `${project} on ${docker.host} is not started, because data would be lost: ${changed.join('; ')}`,
    );
}

function describe(driver: string, options: Readonly<Record<string, string | number>>): string {
  const sorted = Object.entries(options)
    .map(([key, value]) => `${key}=${value}`)
    .toSorted();
  return sorted.length === 0 ? driver : `${driver} (${sorted.join(', ')})`;
}

/** @returns the first volume that Docker does not have. */
export async function missingVolume(
  docker: DockerClient,
  names: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  for (const name of names) {
    try {
      await docker.api.getVolume(name).inspect({ abortSignal: bounded(signal) });
    } catch (error) {
      if (statusCode(error) !== 404) throw error;
      return name;
    }
  }
  return undefined;
}

/**
 * Makes the missing volumes, with compose's own labels: without them, compose would not take them as its own.
 * Call it with the host's lock held.
 * @throws Docker's error
 */
export async function ensureVolumes(
  docker: DockerClient,
  project: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (const name of names) {
    if ((await missingVolume(docker, [name], signal)) === undefined) continue;
    const volumeLabels = { [labels.project]: project, [labels.volume]: name.slice(project.length + 1) };
    await docker.api.createVolume({ Name: name, Labels: volumeLabels, abortSignal: bounded(signal) });
  }
}

/** Call it with the host's lock held, and with the state that was read under the lock. @throws HostError */
export async function pruneVolumes(
  docker: DockerClient,
  project: string,
  state: HostState,
  signal: AbortSignal,
): Promise<void> {
  const listed = await docker.api
    .listVolumes({ filters: { label: [`${labels.project}=${project}`] }, abortSignal: bounded(signal) })
    .catch((error: unknown) => {
      throw dockerError(docker.host, 'a look at the volumes', error, signal);
    });
  for (const name of needlessVolumes(
    project,
    listed.Volumes.map((one) => one.Name),
    state,
  )) {
    // Docker itself refuses while any container has it, running or not.
    await docker.api
      .getVolume(name)
      .remove({ abortSignal: bounded(signal, removalSeconds) })
      .catch((error: unknown) => {
        if (statusCode(error) !== 404)
          throw dockerError(docker.host, `the removal of volume ${name}`, error, signal);
      });
  }
}
