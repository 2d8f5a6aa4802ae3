/**
 * A cluster that does not ask again for what it knows: Secrets whose version a watch says is still the one that
 * was read, kinds that an informer holds, and lists of a kind that only this process writes. Everything else
 * goes to the server.
 *
 * What it returns may be as old as a watch is late: milliseconds, or 30 s when its connection died. So whoever
 * writes locks on the version that it read, as ever.
 */
import { ByteCache } from '../../base/byte-cache.ts';
import type { Cluster, SecretValues } from '../client/cluster.ts';
import type { ResourceKind } from '../kind.ts';
import { formatKey, type KubernetesObject, type ObjectKey } from '../objects.ts';
import { KnownLists } from './known-lists.ts';
import type { Versions } from './object-versions.ts';
import type { Store } from './store.ts';

export interface CachedReadsOptions {
  /** Of Secrets. */
  readonly secrets: Pick<Versions, 'versionOf'>;
  /** Kinds that are read from a store. */
  readonly stores: readonly CachedKind[];
  /** A kind that only this process writes, through this cluster. */
  readonly ownKind?: ResourceKind<KubernetesObject>;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
}

interface CachedKind {
  readonly kind: ResourceKind<KubernetesObject>;
  readonly store: Pick<Store<KubernetesObject>, 'synced' | 'get'>;
}

/** Values of Secrets, in characters. What does not fit is read again. */
const secretBytes = 16 * 2 ** 20;
const perSecretBytes = 1000;
/** A change that the watch lost is noticed by then. Whoever masks secrets forgets one that was not read for a day. */
const secretSeconds = 3600;

export function cachedReads(cluster: Cluster, options: CachedReadsOptions): Cluster {
  const { now = () => performance.now() } = options;
  const secrets = new KnownSecrets(cluster, options.secrets, now);
  const lists = new KnownLists(cluster, options.ownKind, now);
  const known = <T extends KubernetesObject>(kind: ResourceKind<T>, key: ObjectKey): T | undefined => {
    const cached = options.stores.find(
      ({ kind: { plural, group } }) => plural === kind.plural && group === kind.group,
    );
    return cached?.store.synced === true ? (cached.store.get(key) as T | undefined) : lists.find(kind, key);
  };
  return {
    get: async (kind, key, call) => known(kind, key) ?? (await cluster.get(kind, key, call)),
    find: async (kind, key, call) => known(kind, key) ?? (await cluster.find(kind, key, call)),
    list: (kind, query, call) => lists.list(kind, query, call),
    getSecret: (namespace, name, call) => secrets.get({ namespace, name }, call),
    clusterID: (call) => cluster.clusterID(call),
    presentable: (value, namespace) => cluster.presentable(value, namespace),
    create: (kind, object, call) =>
      lists.writing(kind, object.metadata?.namespace, cluster.create(kind, object, call)),
    replace: (kind, object, call) =>
      lists.writing(kind, object.metadata?.namespace, cluster.replace(kind, object, call)),
    delete: (kind, key, query, call) =>
      lists.deleting(kind, key.namespace, cluster.delete(kind, key, query, call)),
    apply: (kind, object, call) =>
      lists.writing(kind, object.metadata?.namespace, cluster.apply(kind, object, call)),
    applyStatus: (kind, key, status, preconditions, call) =>
      cluster.applyStatus(kind, key, status, preconditions, call),
    patchFinalizers: (kind, object, finalizers, call) =>
      lists.writing(
        kind,
        object.metadata?.namespace,
        cluster.patchFinalizers(kind, object, finalizers, call),
      ),
    patchAnnotations: (kind, object, annotations, call) =>
      lists.writing(
        kind,
        object.metadata?.namespace,
        cluster.patchAnnotations(kind, object, annotations, call),
      ),
  };
}

class KnownSecrets {
  readonly #cluster: Cluster;
  readonly #versions: Pick<Versions, 'versionOf'>;
  readonly #now: () => number;
  readonly #read = new ByteCache<{ readonly values: SecretValues; readonly time: number }>(secretBytes);

  constructor(cluster: Cluster, versions: Pick<Versions, 'versionOf'>, now: () => number) {
    this.#cluster = cluster;
    this.#versions = versions;
    this.#now = now;
  }

  async get(key: ObjectKey, call: Parameters<Cluster['getSecret']>[2]): Promise<SecretValues> {
    call.signal.throwIfAborted();
    const id = formatKey(key);
    const known = this.#read.get(id);
    if (known !== undefined && this.#isCurrent(key, known)) return known.values;
    // A change or an end meanwhile shows in the version.
    this.#read.delete(id);
    const values = await this.#cluster.getSecret(key.namespace, key.name, call);
    const characters = values.keys.reduce(
      (sum, name) => sum + name.length + (values.find(name)?.length ?? 0),
      0,
    );
    this.#read.set(id, { values, time: this.#now() }, characters + perSecretBytes);
    return values;
  }

  #isCurrent(
    key: ObjectKey,
    { values, time }: { readonly values: SecretValues; readonly time: number },
  ): boolean {
    return (
      values.resourceVersion !== '' &&
      values.resourceVersion === this.#versions.versionOf(key) &&
      this.#now() - time < secretSeconds * 1000
    );
  }
}
