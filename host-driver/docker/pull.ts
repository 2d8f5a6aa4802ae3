/**
 * Pulls images by digest through the API, so no registry credential ever lies on the host. It does not use
 * dockerode's followProgress, which keeps every event in memory.
 */
import type { ImageInspectOptions } from 'dockerode';
import { read } from '../../backup-format/schema.ts';
import { loginsFor, type RegistryLogin } from '../registry-login.ts';
import { HostError } from '../host.ts';
import type { HostErrorReason, ImageReference, PullProgress } from '../host.ts';
import { valid } from '../values.ts';
import { pullEvent } from './answers.ts';
import { bounded, dockerError, statusCode } from './client.ts';
import type { DockerClient } from './client.ts';
import { jsonLines } from './json-lines.ts';
import { PullSum } from './pull-progress.ts';

/** Images at the same time. Docker itself loads three layers of each. */
const imagesAtOnce = 3;
/** After so long without an event, the registry counts as gone. */
const silentSeconds = 300;
/** The shortest time between two progress reports. */
const progressMilliseconds = 250;

export async function pullImages(
  docker: DockerClient,
  images: readonly ImageReference[],
  logins: readonly RegistryLogin[],
  onProgress: (progress: PullProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  const wanted = [...new Map(images.map((image) => [imageName(image), image])).entries()];
  const sum = new PullSum(wanted.length);
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const queue = wanted.values();
  const worker = async () => {
    for (const [name, image] of queue) {
      either.throwIfAborted();
      if (!(await isPresent(docker, name, either)))
        await pullWithAny(docker, image, loginsFor(logins, image.repository), sum, onProgress, either);
      sum.imageDone();
      onProgress(sum.progress);
    }
  };
  const results = await Promise.allSettled(
    Array.from({ length: imagesAtOnce }, () =>
      worker().catch((error: unknown) => {
        // The first failure is reported. The others only stop because of it.
        failed.abort(error);
        throw error;
      }),
    ),
  );
  signal.throwIfAborted();
  if (results.some((one) => one.status === 'rejected')) throw failed.signal.reason;
}

function imageName(image: ImageReference): string {
  return `${valid('repository', image.repository)}@${valid('imageDigest', image.digest)}`;
}

async function isPresent(docker: DockerClient, name: string, signal: AbortSignal): Promise<boolean> {
  try {
    // dockerode passes the signal on only as an option; whole-answers.ts takes it from there.
    const options: ImageInspectOptions & { abortSignal: AbortSignal } = { abortSignal: bounded(signal) };
    await docker.api.getImage(name).inspect(options);
    return true;
  } catch (error) {
    if (statusCode(error) === 404) return false;
    throw dockerError(docker.host, `a look at image ${name}`, error, signal);
  }
}

/**
 * Tries the logins in turn while the registry refuses them. The last answer counts. @param logins if there
 * are none, pulls without one
 */
async function pullWithAny(
  docker: DockerClient,
  image: ImageReference,
  logins: readonly RegistryLogin[],
  sum: PullSum,
  onProgress: (progress: PullProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  const [login, ...others] = logins;
  try {
    await pullOne(docker, image, login, sum, onProgress, signal);
  } catch (error) {
    const isRefused = error instanceof HostError && error.reason === 'RegistryRefused';
    if (!isRefused || others.length === 0) throw error;
    await pullWithAny(docker, image, others, sum, onProgress, signal);
  }
}

async function pullOne(
  docker: DockerClient,
  image: ImageReference,
  login: RegistryLogin | undefined,
  sum: PullSum,
  onProgress: (progress: PullProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  const silence = new AbortController();
  const silent = () =>
    silence.abort(pullError(docker.host, image, `no sign of life from the registry for ${silentSeconds} s`));
  let timer = setTimeout(silent, silentSeconds * 1000);
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(silent, silentSeconds * 1000);
  };
  const abortSignal = AbortSignal.any([signal, silence.signal]);
  let told = 0;
  try {
    const options = { fromImage: image.repository, tag: image.digest, abortSignal };
    const stream = await docker.streams.createImage(authconfig(image, login), options);
    const destroy = () =>
      (stream as NodeJS.ReadableStream & { destroy?: (error: unknown) => void }).destroy?.(
        abortSignal.reason,
      );
    abortSignal.addEventListener('abort', destroy, { once: true });
    for await (const line of jsonLines(stream as AsyncIterable<Buffer>)) {
      heard();
      const event = read(pullEvent, line, 'a line');
      if (event.error !== undefined) throw pullError(docker.host, image, event.error);
      sum.add(event);
      if (Date.now() - told >= progressMilliseconds) {
        told = Date.now();
        onProgress(sum.progress);
      }
    }
  } catch (error) {
    if (silence.signal.aborted) throw silence.signal.reason;
    if (statusCode(error) !== undefined)
      throw pullError(docker.host, image, error instanceof Error ? error.message : String(error), error);
    throw dockerError(docker.host, `the pull of ${image.repository}`, error, signal);
  } finally {
    clearTimeout(timer);
  }
}

function authconfig({ repository }: ImageReference, login: RegistryLogin | undefined): object | undefined {
  if (login === undefined) return undefined;
  return { username: login.username, password: login.password, serveraddress: repository.split('/')[0] };
}

/** Registries word the same answer in many ways, and Docker passes it on only as text. */
export function pullReason(message: string): HostErrorReason {
  if (/no space left on device/i.test(message)) return 'DiskFull';
  if (/unauthorized|denied|forbidden|no basic auth|authentication required|\b40[13]\b/i.test(message))
    return 'RegistryRefused';
  if (/manifest unknown|not found|no such (image|manifest)|name unknown|\b404\b/i.test(message))
    return 'ImageNotFound';
  return 'RegistryUnreachable';
}

function pullError(host: string, image: ImageReference, message: string, cause?: unknown): HostError {
  const reason = pullReason(message);
  const advice =
    {
      DiskFull: 'free some disk space on the host',
      RegistryRefused: 'check imagePullSecretRef, and that the account may read this repository',
      ImageNotFound: 'the registry has no such image: check that the release was published there completely',
    }[reason as string] ?? 'check that the host reaches the registry (name, port, certificate)';
  return new HostError(
    reason,
    host,
    `${host} cannot pull ${image.repository}:${image.tag} (${image.digest}): ${message.trim()}; ${advice}`,
    cause,
  );
}
