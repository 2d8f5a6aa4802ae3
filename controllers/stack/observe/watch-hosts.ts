/**
 * Wakes a stack when something happens to its containers, within a second instead of at the next resync. Events only say
 * *that* something changed; the reconcile looks again. One stream per host, however many stacks it has.
 */

import type { StackHost } from '../../../crds/index.ts';
import type { Host } from '../../../host-driver/host.ts';
import { formatKey, type ObjectKey } from '../../../runtime/objects.ts';
import type { Logger } from '../../../runtime/report/logger.ts';

interface Watched {
  readonly abort: AbortController;
  /** compose project → the stack to wake. */
  readonly stacks: Map<string, ObjectKey>;
  /** compose project that nobody is woken for yet → its last event, in seconds by the host's clock. */
  readonly unclaimed: Map<string, number>;
}

/** A host may make up projects; a stack's own is claimed soon after its first event. */
const mostUnclaimed = 256;
/** Its skew is known in whole seconds, and so are the times of events. */
const roundingSeconds = 2;

/** A host as a look found it. */
export interface Looked {
  readonly host: Host;
  /** Fingerprint of the key that it proved to have. */
  readonly hostKey: string;
  /** When the look began: what has happened since wakes the stack, too. */
  readonly since: Date;
  /** Host clock minus ours. */
  readonly clockSkewSeconds: number;
}

export interface HostWatcherOptions {
  /** Something happened to the containers of this stack. */
  readonly happened: (key: ObjectKey) => void;
  /** The host of this stack tells nothing any more. */
  readonly ended: (key: ObjectKey) => void;
  readonly logger: Logger;
}

export class HostWatcher {
  readonly #options: HostWatcherOptions;
  readonly #hosts = new Map<string, Watched>();
  /** Where each stack is watched, so that a moved one is no longer woken by its old host. */
  readonly #places = new Map<string, string>();

  constructor(options: HostWatcherOptions) {
    this.#options = options;
  }

  /**
   * Has this stack woken by its host from now on; called after each successful look, so that an ended stream comes back.
   * @param place where the host was reached. What it says of itself (its machine-id) does not count: a host that says
   * it is another one would have that one's stacks listen to it.
   */
  watch(
    key: ObjectKey,
    project: string,
    place: StackHost,
    { host, hostKey, since, clockSkewSeconds }: Looked,
  ): void {
    const sinceSeconds = Math.floor(since.getTime() / 1000) + clockSkewSeconds - roundingSeconds;
    const id = formatKey(key);
    const connection = connectionTo(place, hostKey);
    if (this.#places.get(id) !== connection) this.forget(key);
    this.#places.set(id, connection);
    const known = this.#hosts.get(connection);
    if (known !== undefined) {
      const isNew = !known.stacks.has(project);
      known.stacks.set(project, key);
      const happened = known.unclaimed.get(project);
      known.unclaimed.delete(project);
      if (isNew && happened !== undefined && happened >= sinceSeconds) this.#options.happened(key);
      return;
    }
    const stacks = new Map([[project, key]]);
    const watched: Watched = { abort: new AbortController(), stacks, unclaimed: new Map() };
    this.#hosts.set(connection, watched);
    void this.#follow(connection, watched, host, sinceSeconds);
  }

  forget(key: ObjectKey): void {
    const id = formatKey(key);
    const connection = this.#places.get(id);
    this.#places.delete(id);
    const watched = connection === undefined ? undefined : this.#hosts.get(connection);
    if (connection === undefined || watched === undefined) return;
    for (const [project, stack] of watched.stacks)
      if (formatKey(stack) === id) watched.stacks.delete(project);
    if (watched.stacks.size > 0) return;
    this.#hosts.delete(connection);
    watched.abort.abort();
  }

  close(): void {
    for (const { abort } of this.#hosts.values()) abort.abort();
    this.#hosts.clear();
    this.#places.clear();
  }

  /** Until the stream ends; then everybody on the host looks again, and the first who gets through starts a new stream. */
  async #follow(connection: string, watched: Watched, host: Host, sinceSeconds: number): Promise<void> {
    try {
      for await (const { project, timeSeconds } of host.events(watched.abort.signal, sinceSeconds)) {
        const key = watched.stacks.get(project);
        if (key === undefined) remember(watched.unclaimed, project, timeSeconds);
        else this.#options.happened(key);
      }
    } catch (error) {
      if (!watched.abort.signal.aborted)
        this.#options.logger.info('event stream of host ended', { host: connection, error });
    }
    if (this.#hosts.get(connection) !== watched) return;
    this.#hosts.delete(connection);
    for (const key of watched.stacks.values()) this.#options.ended(key);
  }
}

function remember(unclaimed: Map<string, number>, project: string, timeSeconds: number): void {
  unclaimed.delete(project);
  unclaimed.set(project, timeSeconds);
  const [oldest] = unclaimed.keys();
  if (unclaimed.size > mostUnclaimed && oldest !== undefined) unclaimed.delete(oldest);
}

function connectionTo({ address, port, jumpHost }: StackHost, hostKey: string): string {
  const through = jumpHost === undefined ? '' : ` through ${jumpHost.address}:${jumpHost.port}`;
  return `${address}:${port}${through} ${hostKey}`;
}
