/**
 * A Kubernetes API in memory for tests of controllers. Versions, generations, finalizers, conflicts and the
 * status subresource work as in the real one (`test/contract/cluster.ts` checks both). It has no schemas.
 */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { readAs, writtenAs, type ResourceKind } from '../kind.ts';
import { ApiError } from '../client/api-error.ts';
import type { ObjectStore } from '../cache/object-store.ts';
import type { Versions } from '../cache/object-versions.ts';
import type {
  CallOptions,
  Cluster,
  DeleteQuery,
  ListQuery,
  Preconditions,
  SecretValues,
} from '../client/cluster.ts';
import { apiVersionOf, namespaces, secrets } from '../client/kinds.ts';
import { presentable } from '../report/presentable.ts';
import { SecretRegistry } from '../report/secret-registry.ts';
import { withoutEmpty } from '../report/without-empty.ts';
import { decodeSecret, hiddenValues } from '../client/secret-values.ts';
import { formatKey, keyOf, type KubernetesObject, type ObjectKey, type ObjectMeta } from '../objects.ts';

type Body = KubernetesObject & {
  readonly spec?: unknown;
  readonly status?: unknown;
  readonly stringData?: Readonly<Record<string, string>>;
};

/**
 * One write, before and after its effect. A throw in the hook is a failure (or a crash) at exactly this
 * point.
 */
export interface MemoryWrite {
  readonly verb: 'create' | 'replace' | 'delete' | 'apply' | 'applyStatus' | 'patch';
  readonly kind: string;
  readonly key: ObjectKey;
  readonly phase: 'before' | 'after';
}

export class MemoryCluster implements Cluster {
  readonly #objects = new Map<string, Body>();
  readonly #followers = new Set<(kind: ResourceKind<unknown>, key: ObjectKey) => void>();
  readonly #secrets = new SecretRegistry();
  #version = 0;
  onWrite: ((write: MemoryWrite) => void) | undefined;

  constructor() {
    this.#put(namespaces, { metadata: { name: 'kube-system' } }, undefined);
  }

  /**
   * Fills a store with all objects of a kind and keeps it up to date, as an informer would but without delay.
   * @returns a function that stops it.
   */
  follow<T extends KubernetesObject>(kind: ResourceKind<T>, store: ObjectStore<T>): () => void {
    const take = (id: string): T | undefined => {
      const object = structuredClone(this.#objects.get(id)) as T | undefined;
      return object === undefined ? undefined : readAs(kind, object);
    };
    const prefix = `${apiVersionOf(kind)}/${kind.plural}/`;
    for (const id of this.#objects.keys()) {
      const object = id.startsWith(prefix) ? take(id) : undefined;
      if (object !== undefined) store.put(object);
    }
    store.markSynced();
    const tell = (changed: ResourceKind<unknown>, key: ObjectKey): void => {
      if (idOf(changed, key) !== idOf(kind, key)) return;
      const [object, known] = [take(idOf(kind, key)), store.get(key)];
      if (object !== undefined) store.put(object);
      else if (known !== undefined) store.remove(known);
    };
    this.#followers.add(tell);
    return () => this.#followers.delete(tell);
  }

  /** As `ObjectVersions`, without delay. */
  versions(kind: ResourceKind<KubernetesObject>): Versions {
    return {
      versionOf: (key) => this.#objects.get(idOf(kind, key))?.metadata?.resourceVersion,
      onChange: (listener) => {
        const tell = (changed: ResourceKind<unknown>, key: ObjectKey): void => {
          if (idOf(changed, key) === idOf(kind, key)) listener(key);
        };
        this.#followers.add(tell);
        return () => this.#followers.delete(tell);
      },
    };
  }

  /** As a backup of etcd. @returns brings all objects back as they are now; no operator may run meanwhile. */
  snapshot(): () => void {
    const copy = structuredClone([...this.#objects]);
    return () => {
      this.#objects.clear();
      for (const [id, object] of structuredClone(copy)) this.#objects.set(id, object);
    };
  }

  async get<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    key: ObjectKey,
    { signal }: CallOptions,
  ): Promise<T> {
    signal.throwIfAborted();
    const found = this.#objects.get(idOf(kind, key));
    if (found === undefined)
      throw new ApiError(404, 'NotFound', `${kind.plural} "${formatKey(key)}" not found`);
    return readAs(kind, structuredClone(found) as KubernetesObject as T);
  }

  async find<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    key: ObjectKey,
    options: CallOptions,
  ): Promise<T | undefined> {
    return this.#objects.has(idOf(kind, key)) ? this.get(kind, key, options) : undefined;
  }

  async list<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    query: ListQuery,
    { signal }: CallOptions,
  ): Promise<readonly T[]> {
    signal.throwIfAborted();
    const prefix = `${apiVersionOf(kind)}/${kind.plural}/`;
    const found = [...this.#objects].filter(
      ([id, { metadata }]) =>
        id.startsWith(prefix) && [undefined, metadata?.namespace].includes(query.namespace),
    );
    return found.map(([, object]) => readAs(kind, structuredClone(object) as KubernetesObject as T));
  }

  create<T extends KubernetesObject>(kind: ResourceKind<T>, object: T, options: CallOptions): Promise<T> {
    const key = keyOf(object);
    return this.#write('create', kind, key, options, () => {
      if (this.#objects.has(idOf(kind, key)))
        throw new ApiError(409, 'AlreadyExists', `${kind.plural} "${formatKey(key)}" already exists`);
      return this.#put(kind, object, undefined);
    });
  }

  replace<T extends KubernetesObject>(kind: ResourceKind<T>, object: T, options: CallOptions): Promise<T> {
    const key = keyOf(object);
    return this.#write('replace', kind, key, options, () => {
      const live = this.#live(kind, key, object.metadata ?? {});
      return this.#put(kind, object, live);
    });
  }

  async delete(
    kind: ResourceKind<KubernetesObject>,
    key: ObjectKey,
    query: DeleteQuery,
    options: CallOptions,
  ): Promise<void> {
    if (!this.#objects.has(idOf(kind, key))) return;
    await this.#write('delete', kind, key, options, () => {
      const live = this.#live(kind, key, query);
      if ((live.metadata?.finalizers ?? []).length === 0) this.#objects.delete(idOf(kind, key));
      else if (live.metadata?.deletionTimestamp === undefined)
        this.#change(kind, live, { deletionTimestamp: new Date().toISOString() });
      return live;
    });
  }

  apply<T extends KubernetesObject>(kind: ResourceKind<T>, object: T, options: CallOptions): Promise<T> {
    const key = keyOf(object);
    return this.#write('apply', kind, key, options, () => {
      const live = this.#objects.get(idOf(kind, key));
      if (live !== undefined)
        this.#live(kind, key, {
          resourceVersion: object.metadata?.resourceVersion ?? live.metadata?.resourceVersion ?? '',
        });
      return this.#put(kind, object, live);
    });
  }

  applyStatus<T extends KubernetesObject & { readonly status?: unknown }>(
    kind: ResourceKind<T>,
    key: ObjectKey,
    status: NonNullable<T['status']>,
    preconditions: Preconditions,
    options: CallOptions,
  ): Promise<T> {
    return this.#write('applyStatus', kind, key, options, () => {
      const live = this.#live(kind, key, preconditions);
      const next = this.presentable(withoutEmpty(status), key.namespace);
      if (isDeepStrictEqual(next, live.status ?? {})) return live;
      return this.#store(kind, { ...live, status: next }, live.metadata?.generation);
    });
  }

  presentable<T>(value: T, namespace: string): T {
    return presentable(value, (text) => this.#secrets.redact(text, namespace));
  }

  patchFinalizers<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    object: T,
    finalizers: readonly string[],
    options: CallOptions,
  ): Promise<T> {
    return this.#write('patch', kind, keyOf(object), options, () =>
      this.#change(kind, this.#live(kind, keyOf(object), object.metadata ?? {}), { finalizers }),
    );
  }

  patchAnnotations<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    object: T,
    annotations: Readonly<Record<string, string | null>>,
    options: CallOptions,
  ): Promise<T> {
    return this.#write('patch', kind, keyOf(object), options, () => {
      const live = this.#live(kind, keyOf(object), object.metadata ?? {});
      const shown = this.presentable(annotations, keyOf(object).namespace);
      const merged = Object.entries({ ...live.metadata?.annotations, ...shown }).filter(
        (entry): entry is [string, string] => entry[1] !== null,
      );
      return this.#change(kind, live, { annotations: Object.fromEntries(merged) });
    });
  }

  async getSecret(namespace: string, name: string, options: CallOptions): Promise<SecretValues> {
    const values = decodeSecret(await this.get(secrets, { namespace, name }, options));
    this.#secrets.register(`${namespace}/${name}`, hiddenValues(values));
    return values;
  }

  async clusterID(options: CallOptions): Promise<string> {
    const namespace = await this.get(namespaces, { namespace: '', name: 'kube-system' }, options);
    return namespace.metadata?.uid ?? '';
  }

  async #write<T extends KubernetesObject>(
    verb: MemoryWrite['verb'],
    kind: ResourceKind<T>,
    key: ObjectKey,
    { signal }: CallOptions,
    effect: () => Body,
  ): Promise<T> {
    signal.throwIfAborted();
    this.onWrite?.({ verb, kind: kind.kind, key, phase: 'before' });
    const result = readAs(kind, structuredClone(effect()) as KubernetesObject as T);
    for (const notify of this.#followers) notify(kind, key);
    this.onWrite?.({ verb, kind: kind.kind, key, phase: 'after' });
    return result;
  }

  #live(kind: ResourceKind<unknown>, key: ObjectKey, { uid, resourceVersion }: Preconditions): Body {
    const live = this.#objects.get(idOf(kind, key));
    if (live === undefined)
      throw new ApiError(404, 'NotFound', `${kind.plural} "${formatKey(key)}" not found`);
    const isOther =
      (uid !== undefined && uid !== live.metadata?.uid) ||
      (resourceVersion !== undefined && resourceVersion !== live.metadata?.resourceVersion);
    if (isOther)
      throw new ApiError(409, 'Conflict', `${kind.plural} "${formatKey(key)}": the object has been modified`);
    return live;
  }

  /**
   * Changes metadata only, and leaves the generation. Removing the last finalizer of a deleted object removes
   * the object.
   */
  #change(kind: ResourceKind<unknown>, live: Body, metadata: Partial<ObjectMeta>): Body {
    const changed = this.#store(
      kind,
      { ...live, metadata: { ...live.metadata, ...metadata } },
      live.metadata?.generation,
    );
    const isGone =
      changed.metadata?.deletionTimestamp !== undefined && (changed.metadata.finalizers ?? []).length === 0;
    if (isGone) this.#objects.delete(idOf(kind, keyOf(changed)));
    return changed;
  }

  /** Changes everything but the status, which only its own subresource changes. */
  #put(kind: ResourceKind<unknown>, object: KubernetesObject, live: Body | undefined): Body {
    const { stringData, ...body } = structuredClone(writtenAs<unknown>(kind, object)) as Body & {
      data?: Record<string, string>;
    };
    const encoded = Object.fromEntries(
      Object.entries(stringData ?? {}).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
    );
    const data = stringData === undefined ? {} : { data: { ...body.data, ...encoded } };
    const metadata: ObjectMeta = {
      ...live?.metadata,
      ...body.metadata,
      uid: live?.metadata?.uid ?? randomUUID(),
      creationTimestamp: live?.metadata?.creationTimestamp ?? new Date().toISOString(),
    };
    const previous = live?.metadata?.generation ?? 0;
    const generation =
      live !== undefined && isDeepStrictEqual(live.spec, body.spec) ? previous : previous + 1;
    const status = live?.status === undefined ? {} : { status: live.status };
    const { status: _ignored, ...rest } = body;
    return this.#store(kind, { ...rest, ...data, ...status, metadata }, generation);
  }

  #store(kind: ResourceKind<unknown>, object: Body, generation = 1): Body {
    this.#version += 1;
    const metadata = { ...object.metadata, generation, resourceVersion: String(this.#version) };
    const stored: Body = { ...object, apiVersion: apiVersionOf(kind), kind: kind.kind, metadata };
    this.#objects.set(idOf(kind, keyOf(stored)), stored);
    return stored;
  }
}

function idOf(kind: ResourceKind<unknown>, key: ObjectKey): string {
  return `${apiVersionOf(kind)}/${kind.plural}/${formatKey(key)}`;
}
