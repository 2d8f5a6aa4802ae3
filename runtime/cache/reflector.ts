/**
 * Keeps a store equal to what the server has of one kind in one scope: it lists, then watches from there,
 * without end. A watch that ends continues from its last version. An expired version leads to a new list, and
 * so does the clock now and then, because watches lose events (etcd #17529, #18089). Listeners hear only the
 * differences.
 */
import { readAs, type ResourceKind } from '../kind.ts';
import { askedPauseSeconds, isGone } from '../client/api-error.ts';
import type { KubeConnection } from '../client/connection.ts';
import { listPages } from '../client/list-pages.ts';
import type { CallObserver } from '../client/transport.ts';
import { pauseSeconds, spread } from '../../base/back-off.ts';
import { sleep } from '../control/sleep.ts';
import type { KubernetesObject } from '../objects.ts';
import type { Logger } from '../report/logger.ts';
import type { ObjectStore } from './object-store.ts';
import { trim } from './trim.ts';
import { watchOnce } from './watch-once.ts';
import { optional } from '../../base/optional.ts';

export interface ReflectorTimes {
  /**
   * The server ends each watch after about this time; at most 27. Default 25 s: a dead watch is noticed
   * within 30 s.
   */
  readonly watchSeconds?: number;
  /** Default 5 s. */
  readonly silenceGraceSeconds?: number;
  /** A full list at least this often. Default 900 s. */
  readonly relistSeconds?: number;
  /** Longest pause after failures. Default 10 s. */
  readonly maxDelaySeconds?: number;
}

export interface ReflectorOptions<T extends KubernetesObject> extends ReflectorTimes {
  readonly connection: KubeConnection;
  readonly kind: ResourceKind<T>;
  /** Undefined: all namespaces. */
  readonly namespace: string | undefined;
  readonly store: ObjectStore<T>;
  readonly logger: Logger;
  /** The first list is in the store. */
  readonly onListed: () => void;
  /** A watch could not begin or go on. */
  readonly onFailed?: (error: unknown) => void;
  /** A watch ended in another way than agreed. */
  readonly onRestart?: (reason: string) => void;
  readonly observe?: CallObserver;
  readonly pageSize?: number;
}

export class Reflector<T extends KubernetesObject> {
  readonly #options: ReflectorOptions<T>;
  #failures = 0;
  #lastTrouble: string | undefined;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
  }

  /** Runs until the signal aborts; never throws. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#listAndWatch(signal);
      } catch (error) {
        if (!signal.aborted) await this.#failed('List', error, signal);
      }
    }
  }

  async #listAndWatch(signal: AbortSignal): Promise<void> {
    const { relistSeconds = 900, onListed } = this.#options;
    let version = await this.#list(signal);
    onListed();
    // If all reflectors listed at the same moment, that would be a burst.
    const relistAt = performance.now() + spread(relistSeconds, [0.9, 1.1], Math.random) * 1000;
    while (!signal.aborted && performance.now() < relistAt) {
      const next = await this.#watch(version, signal);
      if (next === undefined) return;
      version = next;
    }
  }

  /** In a separate function, so the untrimmed list is not held in memory while the watch lasts. */
  async #list(signal: AbortSignal): Promise<string> {
    const { connection, kind, namespace, store, observe, pageSize } = this.#options;
    // A busy server needs a while for a page of 500 large objects.
    const options = { signal, timeoutSeconds: 60, ...optional({ pageSize }) };
    const listing = await listPages(
      connection,
      kind,
      namespace === undefined ? {} : { namespace },
      options,
      observe,
    );
    store.replaceAll(
      listing.items.map((object) => trim(readAs(kind, object))),
      namespace,
    );
    return listing.resourceVersion;
  }

  /** The version to continue from; undefined to list again. */
  async #watch(from: string, signal: AbortSignal): Promise<string | undefined> {
    const {
      connection,
      kind,
      namespace,
      store,
      watchSeconds = 25,
      silenceGraceSeconds = 5,
      onRestart,
    } = this.#options;
    const start = performance.now();
    let version = from;
    const end = await watchOnce(
      connection,
      kind,
      {
        namespace,
        resourceVersion: from,
        lastsSeconds: spread(watchSeconds, [0.8, 1], Math.random),
        graceSeconds: silenceGraceSeconds,
      },
      {
        changed: (object) => store.put(trim(readAs(kind, object))),
        deleted: (object) => store.remove(trim(readAs(kind, object))),
        reached: (reached) => {
          version = reached;
        },
      },
      signal,
    );
    switch (end.reason) {
      case 'Aborted':
        return version;
      case 'Expired':
        onRestart?.(end.reason);
        return undefined;
      case 'Silent':
        onRestart?.(end.reason);
        this.#options.logger.warn('watch was silent, starting a new one', { kind: kind.kind, namespace });
        return version;
      case 'Failed':
        onRestart?.(end.reason);
        if (isGone(end.error)) return undefined;
        this.#options.onFailed?.(end.error);
        await this.#failed('Watch', end.error, signal);
        return version;
      case 'Ended':
        // A server that ends watches at once is going down; this avoids a busy loop.
        if (performance.now() - start < 1000 && version === from)
          await this.#failed('Watch', new Error('watch ended at once'), signal);
        else this.#healthy();
        this.#options.logger.debug('watch ended as agreed', { kind: kind.kind, namespace });
        return version;
    }
  }

  #healthy(): void {
    if (this.#lastTrouble !== undefined)
      this.#options.logger.info('watching again', { kind: this.#options.kind.kind });
    this.#failures = 0;
    this.#lastTrouble = undefined;
  }

  async #failed(what: 'List' | 'Watch', error: unknown, signal: AbortSignal): Promise<void> {
    const { kind, namespace, logger, maxDelaySeconds = 10 } = this.#options;
    const trouble = `${what} ${String(error)}`;
    if (trouble !== this.#lastTrouble)
      logger.warn(`${what.toLowerCase()} failed, will be tried again`, { kind: kind.kind, namespace, error });
    this.#lastTrouble = trouble;
    this.#failures += 1;
    const growing = pauseSeconds({ firstSeconds: 0.25, longestSeconds: maxDelaySeconds }, this.#failures);
    const pause = Math.max(askedPauseSeconds(error) * 2, growing);
    await sleep(spread(pause, [0.5, 1], Math.random), signal);
  }
}
