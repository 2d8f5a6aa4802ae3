/** The Docker API of one host: what there is to ask with, how long a question may take, and what its failures mean. */
import type Docker from 'dockerode';
import { HostError } from '../host.ts';

/** Seconds for a question to the daemon; a hanging dockerd must not hang the caller. */
const questionSeconds = 20;

/** What the daemon says of itself: the engine's version, and the newest of its API, such as `1.41`. */
export interface EngineVersion {
  readonly engine: string;
  readonly api: string;
}

/** A network that Docker made on the host. */
export interface Bridge {
  readonly name: string;
  readonly subnet: string;
}

export interface DockerClient {
  readonly host: string;
  readonly api: Docker;
  readonly streams: Docker;
  /** Await it before questions: it settles how many sockets there may be. @throws HostError DockerUnavailable. */
  ready(signal: AbortSignal): Promise<void>;
  /** Learned from the daemon once per connection; see `observe`. */
  version?: EngineVersion;
  /** From the last full look, or the first one. */
  bridges?: readonly Bridge[];
}

/** The signal of one question: the caller's, and a bound in time. */
export function bounded(signal: AbortSignal, seconds = questionSeconds): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000)]);
}

/** HTTP status of dockerode's errors. */
export function statusCode(error: unknown): number | undefined {
  const code = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof code === 'number' ? code : undefined;
}

/**
 * A Docker API failure as HostError: no answer at all is the host's or the daemon's matter, an answer is passed on.
 * @param signal the caller's: its abort stays an abort.
 */
export function dockerError(host: string, what: string, error: unknown, signal: AbortSignal): unknown {
  if (error instanceof HostError) return error;
  if (signal.aborted) return signal.reason;
  const message = error instanceof Error ? error.message.trim() : String(error);
  if (/no space left on device/i.test(message)) {
    return new HostError(
      'DiskFull',
      host,
      `${host} has no disk space left for ${what}: free some or enlarge the disk`,
      error,
    );
  }
  if (statusCode(error) !== undefined) {
    return new HostError('DockerUnavailable', host, `Docker on ${host} refused ${what}: ${message}`, error);
  }
  return new HostError(
    'HostUnreachable',
    host,
    `the connection to Docker on ${host} was lost at ${what}: ${message}`,
    error,
  );
}
