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
   * @param hostKey fingerprint of the key that it proved to have
   */
  watch(key: ObjectKey, project: string, place: StackHost, hostKey: string, host: Host): void {
    const id = formatKey(key);
    const connection = connectionTo(place, hostKey);
    if (this.#places.get(id) !== connection) this.forget(key);
    this.#places.set(id, connection);
    const known = this.#hosts.get(connection);
    if (known !== undefined) {
      known.stacks.set(project, key);
      return;
    }
    const watched: Watched = { abort: new AbortController(), stacks: new Map([[project, key]]) };
    this.#hosts.set(connection, watched);
    void this.#follow(connection, watched, host);
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
  async #follow(connection: string, watched: Watched, host: Host): Promise<void> {
    try {
      for await (const event of host.events(watched.abort.signal)) {
        const key = watched.stacks.get(event.project);
        if (key !== undefined) this.#options.happened(key);
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

function connectionTo({ address, port, jumpHost }: StackHost, hostKey: string): string {
  const through = jumpHost === undefined ? '' : ` through ${jumpHost.address}:${jumpHost.port}`;
  return `${address}:${port}${through} ${hostKey}`;
}
