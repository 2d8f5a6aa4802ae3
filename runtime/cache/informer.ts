/**
 * Keeps a kind in memory: one store, filled by one reflector for the whole cluster or one for each namespace.
 */
import type { ResourceKind } from '../kind.ts';
import type { KubeConnection } from '../client/connection.ts';
import type { CallObserver } from '../client/transport.ts';
import type { KubernetesObject } from '../objects.ts';
import type { Logger } from '../report/logger.ts';
import type { RuntimeMetrics } from '../report/metrics.ts';
import { ObjectStore } from './object-store.ts';
import { Reflector, type ReflectorTimes } from './reflector.ts';
import type { Store } from './store.ts';

export interface InformerOptions extends ReflectorTimes {
  readonly connection: KubeConnection;
  /** The namespaces to watch; `All` watches the cluster, which needs a ClusterRole. */
  readonly namespaces: readonly string[] | 'All';
  readonly logger: Logger;
  readonly metrics?: RuntimeMetrics;
  readonly observe?: CallObserver;
  /** A watch could not begin or go on; lists are observed. */
  readonly onFailed?: (error: unknown) => void;
  /** Objects per page of a list. Default 500. */
  readonly pageSize?: number;
}

export class Informer<T extends KubernetesObject> {
  readonly kind: ResourceKind<T>;
  readonly #store = new ObjectStore<T>();
  readonly #reflectors: readonly Reflector<T>[];
  readonly #synced = Promise.withResolvers<void>();

  constructor(kind: ResourceKind<T>, options: InformerOptions) {
    const { namespaces, metrics, ...others } = options;
    this.kind = kind;
    const scopes = namespaces === 'All' ? [undefined] : [...new Set(namespaces)];
    if (scopes.length === 0)
      throw new Error(`${kind.plural}: no namespace to watch; name at least one, or "All"`);
    const unlisted = new Set(scopes);
    metrics?.watchCache(kind.kind, () => this.#store.size);
    this.#reflectors = scopes.map(
      (namespace) =>
        new Reflector<T>({
          ...others,
          kind,
          namespace,
          store: this.#store,
          onRestart: (reason) => metrics?.watchRestarted(kind.kind, reason),
          onListed: () => {
            unlisted.delete(namespace);
            if (unlisted.size > 0) return;
            this.#store.markSynced();
            this.#synced.resolve();
          },
        }),
    );
  }

  get store(): Store<T> {
    return this.#store;
  }

  /** Lists and watches until the signal aborts; never throws. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#reflectors.map((reflector) => reflector.run(signal)));
  }

  /** Resolves once all existing objects were read; rejects with the signal's reason if that aborts first. */
  async synced(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => aborted.reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      await Promise.race([this.#synced.promise, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }
}
