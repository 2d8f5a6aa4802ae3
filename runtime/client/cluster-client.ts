/** The real {@link Cluster}: plain JSON over the shared connections, typed by the kinds. */
import { readAs, writtenAs, type ResourceKind } from '../kind.ts';
import { LeadershipLost } from '../errors.ts';
import { formatKey, keyOf, type KubernetesObject, type ObjectKey } from '../objects.ts';
import { presentable } from '../report/presentable.ts';
import { withoutEmpty } from '../report/without-empty.ts';
import type { SecretRegistry } from '../report/secret-registry.ts';
import { ApiError, isConflict, isNotFound } from './api-error.ts';
import type { CallOptions, Cluster, DeleteQuery, ListQuery, Preconditions, SecretValues } from './cluster.ts';
import type { KubeConnection } from './connection.ts';
import { apiVersionOf, namespaces, secrets } from './kinds.ts';
import { listPages } from './list-pages.ts';
import { collectionPath, objectPath } from './paths.ts';
import { decodeSecret, hiddenValues } from './secret-values.ts';
import { callApi, type ApiRequest, type CallObserver } from './transport.ts';

export interface ClusterClientOptions {
  readonly connection: KubeConnection;
  /** Owner of the fields that we set, in every write; the same in all releases. */
  readonly fieldManager: string;
  /** Learns every secret value that is read. */
  readonly secrets: SecretRegistry;
  readonly observe?: CallObserver;
  /** If given, writes are refused (`LeadershipLost`) as soon as it returns false. */
  readonly mayWrite?: () => boolean;
}

export class ClusterClient implements Cluster {
  readonly #options: ClusterClientOptions;

  constructor(options: ClusterClientOptions) {
    this.#options = options;
  }

  /** The same client for code that may write only while this leadership is held. */
  fencedBy(leadership: { isHeld(): boolean }): ClusterClient {
    return new ClusterClient({ ...this.#options, mayWrite: () => leadership.isHeld() });
  }

  async get<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    key: ObjectKey,
    options: CallOptions,
  ): Promise<T> {
    return readAs(
      kind,
      await this.#read<T>(
        { method: 'GET', path: objectPath(kind, key), purpose: purpose('get', kind, key) },
        options,
      ),
    );
  }

  async find<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    key: ObjectKey,
    options: CallOptions,
  ): Promise<T | undefined> {
    try {
      return await this.get(kind, key, options);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async list<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    query: ListQuery,
    options: CallOptions,
  ): Promise<readonly T[]> {
    const listing = await listPages(this.#options.connection, kind, query, options, this.#options.observe);
    return kind.asRead === undefined ? listing.items : listing.items.map((one) => readAs(kind, one));
  }

  async create<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    object: T,
    options: CallOptions,
  ): Promise<T> {
    const key = keyOf(object);
    const path = collectionPath(kind, key.namespace);
    return this.#writeOf<T>(
      kind,
      {
        method: 'POST',
        path,
        query: this.#manager(),
        body: typed(kind, object),
        purpose: purpose('create', kind, key),
      },
      options,
    );
  }

  async replace<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    object: T,
    options: CallOptions,
  ): Promise<T> {
    const key = keyOf(object);
    const path = objectPath(kind, key);
    return this.#writeOf<T>(
      kind,
      {
        method: 'PUT',
        path,
        query: this.#manager(),
        body: typed(kind, object),
        purpose: purpose('replace', kind, key),
      },
      options,
    );
  }

  async delete(
    kind: ResourceKind<KubernetesObject>,
    key: ObjectKey,
    query: DeleteQuery,
    options: CallOptions,
  ): Promise<void> {
    const { propagationPolicy = 'Background', ...preconditions } = query;
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy, preconditions };
    try {
      await this.#write(
        { method: 'DELETE', path: objectPath(kind, key), body, purpose: purpose('delete', kind, key) },
        options,
      );
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async apply<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    object: T,
    options: CallOptions,
  ): Promise<T> {
    const key = keyOf(object);
    const body = typed(kind, object);
    return this.#apply<T>(kind, objectPath(kind, key), body, purpose('apply', kind, key), options);
  }

  async applyStatus<T extends KubernetesObject & { readonly status?: unknown }>(
    kind: ResourceKind<T>,
    key: ObjectKey,
    status: NonNullable<T['status']>,
    preconditions: Preconditions,
    options: CallOptions,
  ): Promise<T> {
    const { uid, resourceVersion } = preconditions;
    if (uid === undefined || resourceVersion !== undefined)
      return this.#applyStatusAt(kind, key, status, resourceVersion, options);
    // A server-side apply ignores metadata.uid (seen with v1.37), so it is compared here, and the version is
    // locked.
    for (let attempt = 1; ; attempt++) {
      const live = await this.get(kind, key, options);
      if (live.metadata?.uid !== uid)
        throw new ApiError(
          409,
          'Conflict',
          `${purpose('apply status of', kind, key)}: it was re-created meanwhile`,
        );
      try {
        return await this.#applyStatusAt(kind, key, status, live.metadata.resourceVersion, options);
      } catch (error) {
        if (!isConflict(error) || attempt >= 5) throw error;
      }
    }
  }

  async #applyStatusAt<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    key: ObjectKey,
    status: unknown,
    resourceVersion: string | undefined,
    options: CallOptions,
  ): Promise<T> {
    const metadata = { ...metadataOf(kind, key), resourceVersion };
    const body = {
      apiVersion: apiVersionOf(kind),
      kind: kind.kind,
      metadata,
      status: this.presentable(withoutEmpty(status), key.namespace),
    };
    return this.#apply<T>(
      kind,
      objectPath(kind, key, 'status'),
      body,
      purpose('apply status of', kind, key),
      options,
    );
  }

  presentable<T>(value: T, namespace: string): T {
    return presentable(value, (text) => this.#options.secrets.redact(text, namespace));
  }

  async patchFinalizers<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    object: T,
    finalizers: readonly string[],
    options: CallOptions,
  ): Promise<T> {
    return this.#patchMetadata(kind, object, { finalizers }, options);
  }

  async patchAnnotations<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    object: T,
    annotations: Readonly<Record<string, string | null>>,
    options: CallOptions,
  ): Promise<T> {
    const shown = this.presentable(annotations, keyOf(object).namespace);
    return this.#patchMetadata(kind, object, { annotations: shown }, options);
  }

  async getSecret(namespace: string, name: string, options: CallOptions): Promise<SecretValues> {
    const values = decodeSecret(await this.get(secrets, { namespace, name }, options));
    this.#options.secrets.register(`${namespace}/${name}`, hiddenValues(values));
    return values;
  }

  async clusterID(options: CallOptions): Promise<string> {
    const namespace = await this.get(namespaces, { namespace: '', name: 'kube-system' }, options);
    const uid = namespace.metadata?.uid;
    if (uid === undefined) throw new Error('namespace kube-system has no uid');
    return uid;
  }

  async #patchMetadata<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    object: T,
    change: Readonly<Record<string, unknown>>,
    options: CallOptions,
  ): Promise<T> {
    const key = keyOf(object);
    const { uid, resourceVersion } = object.metadata ?? {};
    return this.#writeOf<T>(
      kind,
      {
        method: 'PATCH',
        path: objectPath(kind, key),
        query: this.#manager(),
        body: { metadata: { uid, resourceVersion, ...change } },
        contentType: 'application/merge-patch+json',
        purpose: purpose(`patch ${Object.keys(change).join(' and ')} of`, kind, key),
      },
      options,
    );
  }

  async #apply<T>(
    kind: ResourceKind<T>,
    path: string,
    body: unknown,
    what: string,
    options: CallOptions,
  ): Promise<T> {
    return this.#writeOf<T>(
      kind,
      {
        method: 'PATCH',
        path,
        query: { ...this.#manager(), force: true },
        body,
        contentType: 'application/apply-patch+yaml',
        purpose: what,
      },
      options,
    );
  }

  #manager(): { fieldManager: string } {
    return { fieldManager: this.#options.fieldManager };
  }

  async #read<T>(request: ApiRequest, options: CallOptions): Promise<T> {
    return (await callApi(this.#options.connection, request, options, this.#options.observe)) as T;
  }

  async #writeOf<T>(kind: ResourceKind<T>, request: ApiRequest, options: CallOptions): Promise<T> {
    return readAs(kind, await this.#write<T>(request, options));
  }

  async #write<T>(request: ApiRequest, options: CallOptions): Promise<T> {
    if (this.#options.mayWrite?.() === false)
      throw new LeadershipLost(`${request.purpose}: not done, this process is no longer the leader`);
    return this.#read<T>(request, options);
  }
}

function purpose(verb: string, kind: ResourceKind<unknown>, key: ObjectKey): string {
  return `${verb} ${kind.plural} ${formatKey(key)}`;
}

function metadataOf(kind: ResourceKind<unknown>, key: ObjectKey): { name: string; namespace?: string } {
  return kind.namespaced ? { namespace: key.namespace, name: key.name } : { name: key.name };
}

/** Adds the two fields that the server insists on; an apply must not send managedFields. */
function typed<T extends KubernetesObject>(kind: ResourceKind<T>, object: T): T {
  return { ...writtenAs(kind, object), apiVersion: apiVersionOf(kind), kind: kind.kind };
}
