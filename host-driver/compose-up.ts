/** Starts a release on a real host: the checks through the Docker API, then the step `up` of the host's script. */
import type { DockerClient } from './docker/client.ts';
import { removeStaleContainers } from './docker/stale-containers.ts';
import { refuseChangedVolumes } from './docker/volumes.ts';
import { HostError } from './host.ts';
import type { DataVolume, Fence, RenderedFile, RenderedRelease } from './host.ts';
import { releaseArchive } from './script/archive.ts';
import { withLock } from './script/lock.ts';
import { runStep } from './script/run.ts';
import type { Step } from './script/run.ts';
import type { Connection } from './ssh/connection.ts';
import { valid } from './values.ts';

/** A shorter one may be part of an ordinary word. */
const shortestSecret = 6;
const writeSeconds = 300;

export interface ReleaseOnHost {
  readonly connection: Connection;
  readonly project: string;
  readonly release: RenderedRelease;
  readonly fence: Fence;
}

/** @throws HostError, InvalidValue before anything is sent. */
export async function writeRelease(target: ReleaseOnHost, signal: AbortSignal): Promise<void> {
  const { connection, project, release, fence } = target;
  const step: Step = {
    verb: 'write-release',
    project,
    fence,
    stdin: await releaseArchive(release),
    arguments: [release.digest],
    timeoutSeconds: writeSeconds,
  };
  await runStep(connection, step, signal);
}

/**
 * @param composeSeconds limits the start on the host. @throws HostError, InvalidValue before anything is
 * sent.
 */
export async function composeUp(
  target: ReleaseOnHost,
  docker: DockerClient,
  services: readonly string[] | 'all',
  composeSeconds: number,
  signal: AbortSignal,
): Promise<void> {
  const { connection, project, release, fence } = target;
  const wanted = services === 'all' ? [] : services.map((service) => valid('service', service));
  const step: Step = {
    verb: 'up',
    project: valid('project', project),
    fence,
    arguments: [valid('releaseDigest', release.digest), ...wanted],
    stdin: dataLines(release.data ?? []),
    timeoutSeconds: composeSeconds,
    failure: 'ComposeFailed',
  };
  await refuseChangedVolumes(docker, project, release.composeVolumes, signal);
  await removeStaleContainers(docker, project, release.composeVolumes, signal, (remove) =>
    withLock(connection, project, fence, 'start', signal, remove),
  );
  try {
    await runStep(connection, step, signal);
  } catch (error) {
    throw withoutSecrets(error, release.files);
  }
}

/** In the form that script/host-common.sh reads. @throws InvalidValue */
function dataLines(places: readonly DataVolume[]): string {
  return places
    .map(
      ({ kind, set, volume, directory }) =>
        `${kind} ${valid('dockerName', set)} ${valid('dockerName', volume)}${directory === undefined ? '' : ` ${valid('relativePath', directory)}`}\n`,
    )
    .join('');
}

/** A container's last words may be its password. */
function withoutSecrets(error: unknown, files: readonly RenderedFile[]): unknown {
  if (!(error instanceof HostError)) return error;
  const secrets = files
    .filter(({ mode }) => mode === 0o600)
    .flatMap(({ content }) => content.toString('utf8').split('\n'))
    .map((line) => line.trim());
  const message = secrets
    .filter(({ length }) => length >= shortestSecret)
    .reduce((text, secret) => text.replaceAll(secret, '***'), error.message);
  return new HostError(error.reason, error.host, message, error.cause);
}
