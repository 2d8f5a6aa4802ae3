/** The Docker API of one host: the client, how long a question may take, and what failures mean. */
import type Docker from 'dockerode';
import { FormatError } from '../../backup-format/schema.ts';
import { HostError } from '../host.ts';
import { diskError } from '../trouble.ts';

/** Seconds for a question to the daemon; a hanging dockerd must not hang the caller. */
const questionSeconds = 20;

/** The daemon's versions: of the engine, and the newest of its API, such as `1.41`. */
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
  /**
   * Await this before any question: it decides how many sockets there may be. @throws HostError
   * DockerUnavailable.
   */
  ready(signal: AbortSignal): Promise<void>;
  /** Learned from the daemon once per connection; see `observe`. */
  version?: EngineVersion;
  /** From the last full observation, or the first one. */
  bridges?: readonly Bridge[];
}

/** The time limit within a signal of {@link bounded}. */
const limits = new WeakMap<AbortSignal, AbortSignal>();

/** The signal of one question: the caller's signal with a time limit. */
export function bounded(signal: AbortSignal, seconds = questionSeconds): AbortSignal {
  const limit = AbortSignal.timeout(seconds * 1000);
  const both = AbortSignal.any([signal, limit]);
  limits.set(both, limit);
  return both;
}

/** Whether a signal of {@link bounded} ended by its own limit, and not by its caller. */
export function isLate(signal: AbortSignal): boolean {
  return signal.aborted && signal.reason === limits.get(signal)?.reason;
}

/** HTTP status of dockerode's errors. */
export function statusCode(error: unknown): number | undefined {
  const code = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof code === 'number' ? code : undefined;
}

/**
 * Turns a Docker API failure into a HostError. Without any answer, the cause is the host or the daemon. An
 * answer is passed on.
 * @param signal of the caller. Its abort stays an abort.
 */
export function dockerError(host: string, what: string, error: unknown, signal: AbortSignal): unknown {
  if (error instanceof HostError) return error;
  if (signal.aborted) return signal.reason;
  const message = error instanceof Error ? error.message.trim() : String(error);
  const disk = diskError(host, what, message, message, error);
  if (disk !== undefined) return disk;
  if (statusCode(error) !== undefined) {
    return new HostError('DockerUnavailable', host, `Docker on ${host} refused ${what}: ${message}`, error);
  }
  // A TypeError is a field that no list has a guard for. What the runtime says of it repeats the answer.
  if (error instanceof FormatError || error instanceof TypeError || error instanceof SyntaxError) {
    const where = error instanceof FormatError ? ` (${message})` : '';
    return new HostError(
      'DockerUnavailable',
      host,
      `Docker on ${host} answered ${what} with something else than Docker does${where}: look at what listens on its socket`,
      error,
    );
  }
  return new HostError(
    'HostUnreachable',
    host,
    `the connection to Docker on ${host} was lost at ${what}: ${message}`,
    error,
  );
}
