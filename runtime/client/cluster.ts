/**
 * What a controller may ask of the Kubernetes API: the port through which every read and write goes, so that tests can
 * count them, fail them and stop the process around them. `cluster-client.ts` is the real one.
 */
import type { ResourceKind } from '../kind.ts';
import type { KubernetesObject, ObjectKey } from '../objects.ts';

/** Bounds of one call. A reconcile's context is one: pass it on as it is. */
export interface CallOptions {
  readonly signal: AbortSignal;
  /** Default 15 s. */
  readonly timeoutSeconds?: number;
}

export interface ListQuery {
  /** One namespace; left out: all. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** Which life of an object is meant; the server refuses (409, see `isConflict`) when it is another one by now. */
export interface Preconditions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

export interface DeleteQuery extends Preconditions {
  /** Default Background. */
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
}

/** Values of a Secret, decoded. */
export interface SecretValues {
  /** Text of a key; throws an error that names Secret and key when it is not there or empty. */
  get(key: string): string;
  find(key: string): string | undefined;
  readonly keys: readonly string[];
  readonly uid: string;
  readonly resourceVersion: string;
  readonly type: string;
}

/**
 * Every method: bounded in time, ends with the signal's reason when that aborts, otherwise fails with an `ApiError`.
 * Reads go to the server (caches are `Store`s).
 */
export interface Cluster {
  /** `ApiError` with `isNotFound` when there is none. */
  get<T extends KubernetesObject>(kind: ResourceKind<T>, key: ObjectKey, options: CallOptions): Promise<T>;
  /** Like `get`, undefined when there is none. */
  find<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    key: ObjectKey,
    options: CallOptions,
  ): Promise<T | undefined>;
  /** All matching objects, read page by page. */
  list<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    query: ListQuery,
    options: CallOptions,
  ): Promise<readonly T[]>;
  /** `isAlreadyExists` when one of that name is there. */
  create<T extends KubernetesObject>(kind: ResourceKind<T>, object: T, options: CallOptions): Promise<T>;
  /** Replaces a whole object; its `metadata.resourceVersion` is the lock. For objects that are ours alone (Lease, Event series). */
  replace<T extends KubernetesObject>(kind: ResourceKind<T>, object: T, options: CallOptions): Promise<T>;
  /** Absent already is success. */
  delete(
    kind: ResourceKind<KubernetesObject>,
    key: ObjectKey,
    query: DeleteQuery,
    options: CallOptions,
  ): Promise<void>;
  /** Server-side apply of an object we own (ConfigMap, Secret, ControllerRevision, CronJob): fields left out that we set before are removed. */
  apply<T extends KubernetesObject>(kind: ResourceKind<T>, object: T, options: CallOptions): Promise<T>;
  /**
   * Server-side apply of the whole status, forced. `preconditions.resourceVersion` makes it an optimistic lock;
   * `preconditions.uid` keeps a status from an object that was re-created under the same name, at the price of a read
   * (both refuse with `isConflict`).
   */
  applyStatus<T extends KubernetesObject & { readonly status?: unknown }>(
    kind: ResourceKind<T>,
    key: ObjectKey,
    status: NonNullable<T['status']>,
    preconditions: Preconditions,
    options: CallOptions,
  ): Promise<T>;
  /** Sets the list of finalizers, locked on the object's uid and resourceVersion. */
  patchFinalizers<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    object: T,
    finalizers: readonly string[],
    options: CallOptions,
  ): Promise<T>;
  /** Sets (string) or removes (null) annotations, locked on the object's uid and resourceVersion. */
  patchAnnotations<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    object: T,
    annotations: Readonly<Record<string, string | null>>,
    options: CallOptions,
  ): Promise<T>;
  /** Reads a Secret now (never cached) and makes its values known to the log's redaction. */
  getSecret(namespace: string, name: string, options: CallOptions): Promise<SecretValues>;
  /** The customary identity of a cluster: uid of the namespace kube-system. */
  clusterID(options: CallOptions): Promise<string>;
}
