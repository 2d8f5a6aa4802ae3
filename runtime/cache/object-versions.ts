/**
 * Knows the version of each object of a kind without its content: one watch of the metadata in each scope,
 * which needs no right to list. For Secrets: one that has not changed need not be read again.
 */
import { isForbidden } from '../client/api-error.ts';
import type { KubeConnection } from '../client/connection.ts';
import { pauseSeconds, spread, type BackOff } from '../../base/back-off.ts';
import { sleep } from '../control/sleep.ts';
import type { ResourceKind } from '../kind.ts';
import { formatKey, keyOf, type KubernetesObject, type ObjectKey } from '../objects.ts';
import type { Logger } from '../report/logger.ts';
import { watchOnce, type WatchEnd } from './watch-once.ts';

/** As last heard. */
export interface Versions {
  /** Undefined if there is no such object, or if that is not known now: then it must be read. */
  versionOf(key: ObjectKey): string | undefined;
  /** Calls the listener for each object that is there at the beginning, then for each change. @returns a function that stops it */
  onChange(listener: (key: ObjectKey) => void): () => void;
}

export interface ObjectVersionsOptions {
  readonly connection: KubeConnection;
  readonly kind: ResourceKind<KubernetesObject>;
  /** The namespaces to watch, by one connection each; `All` takes one for the cluster. */
  readonly namespaces: readonly string[] | 'All';
  readonly logger: Logger;
  /** A dead watch is noticed after this time and {@link graceSeconds}; until then its versions are believed. Default 25 s. */
  readonly lastsSeconds?: number;
}

const graceSeconds = 5;
const pauses: BackOff = { firstSeconds: 0.5, longestSeconds: 30 };
/** A person may grant the missing right at any time. */
const forbiddenPauseSeconds = 300;

export class ObjectVersions implements Versions {
  readonly #options: ObjectVersionsOptions;
  readonly #versions = new Map<string, string>();
  readonly #listeners = new Set<(key: ObjectKey) => void>();

  constructor(options: ObjectVersionsOptions) {
    this.#options = options;
  }

  versionOf(key: ObjectKey): string | undefined {
    return this.#versions.get(formatKey(key));
  }

  onChange(listener: (key: ObjectKey) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Watches until the signal aborts; never throws. */
  async run(signal: AbortSignal): Promise<void> {
    const { namespaces } = this.#options;
    const scopes = namespaces === 'All' ? [undefined] : [...new Set(namespaces)];
    await Promise.all(scopes.map((scope) => this.#follow(scope, signal)));
  }

  async #follow(namespace: string | undefined, signal: AbortSignal): Promise<void> {
    for (let [version, failures] = ['', 0]; !signal.aborted;) {
      const [from, start] = [version, performance.now()];
      const end = await this.#watch(namespace, version, signal, (reached) => (version = reached));
      // A server that ends watches at once is going down; its end counts as a failure, to avoid a busy loop.
      const atOnce = performance.now() - start < 1000 && version === from;
      if (end.reason === 'Ended' && !atOnce) {
        failures = 0;
        continue;
      }
      // What changes from now on is not heard of, so nothing of before counts any more.
      this.#forget(namespace);
      version = '';
      // To begin anew cannot be too old, so a server that says so has trouble.
      if ((end.reason === 'Expired' && from !== '') || end.reason === 'Aborted') continue;
      failures += 1;
      this.#tell(end, namespace, failures);
      const isRefused = end.reason === 'Failed' && isForbidden(end.error);
      const pause = isRefused ? forbiddenPauseSeconds : pauseSeconds(pauses, failures);
      await sleep(spread(pause, [0.75, 1.25], Math.random), signal);
    }
  }

  #watch(
    namespace: string | undefined,
    resourceVersion: string,
    signal: AbortSignal,
    reached: (version: string) => void,
  ): Promise<WatchEnd> {
    const { connection, kind, lastsSeconds = 25 } = this.#options;
    const spreadSeconds = spread(lastsSeconds, [0.8, 1], Math.random);
    return watchOnce(
      connection,
      kind,
      { namespace, resourceVersion, metadataOnly: true, lastsSeconds: spreadSeconds, graceSeconds },
      {
        changed: (object) => this.#heard(object, object.metadata?.resourceVersion),
        deleted: (object) => this.#heard(object, undefined),
        reached,
      },
      signal,
    );
  }

  /** Only the version is kept: annotations of a Secret may repeat its content. */
  #heard(object: KubernetesObject, version: string | undefined): void {
    const key = keyOf(object);
    if (version === undefined) this.#versions.delete(formatKey(key));
    else this.#versions.set(formatKey(key), version);
    for (const listener of this.#listeners) listener(key);
  }

  #forget(namespace: string | undefined): void {
    if (namespace === undefined) this.#versions.clear();
    else
      for (const id of this.#versions.keys()) if (id.startsWith(`${namespace}/`)) this.#versions.delete(id);
  }

  #tell(end: WatchEnd, namespace: string | undefined, failures: number): void {
    const { kind, logger } = this.#options;
    const error = end.reason === 'Failed' ? end.error : undefined;
    if (failures === 1)
      logger.warn('versions are not followed now, so objects are read at each look', {
        kind: kind.kind,
        namespace,
        error,
      });
  }
}
