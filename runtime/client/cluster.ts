/**
 * What a controller may ask of the Kubernetes API. Every read and write goes through this port, so tests can
 * count them, fail them and stop the process around them. `cluster-client.ts` is the real one.
 */
import type { ResourceKind } from '../kind.ts';
import type { KubernetesObject, ObjectKey } from '../objects.ts';

/** Bounds of one call. A reconcile's context is one; pass it on. */
export interface CallOptions {
  readonly signal: AbortSignal;
  /** Default 15 s. */
  readonly timeoutSeconds?: number;
}

export interface ListQuery {
  /** One namespace; if absent, all. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/**
 * The life of the object that is meant. The server refuses (409, see `isConflict`) if it is another one by
 * now.
 */
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
  /** Text of a key. Throws an error that names Secret and key if it is missing or empty. */
  get(key: string): string;
  find(key: string): string | undefined;
  readonly keys: readonly string[];
  readonly uid: string;
  readonly resourceVersion: string;
  readonly type: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly finalizers: readonly string[];
  /** RFC 3339; set while it waits for its finalizers. */
  readonly deletionTimestamp?: string;
}

/**
 * Every method is bounded in time, ends with the signal's reason if that aborts, and otherwise fails with an
 * `ApiError`. Reads go to the server, but for those of `cache/cached-reads.ts`.
 */
export interface Cluster {
  /** Fails with an `ApiError` with `isNotFound` if there is none. */
  get<T extends KubernetesObject>(kind: ResourceKind<T>, key: ObjectKey, options: CallOptions): Promise<T>;
  /** Like `get`, but undefined if there is none. */
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
  /** Fails with `isAlreadyExists` if one of that name exists. */
  create<T extends KubernetesObject>(kind: ResourceKind<T>, object: T, options: CallOptions): Promise<T>;
  /** Replaces a whole object; its `metadata.resourceVersion` is the lock. For objects that are ours alone (Lease, Event series). */
  replace<T extends KubernetesObject>(kind: ResourceKind<T>, object: T, options: CallOptions): Promise<T>;
  /** An object that is already absent is success. */
  delete(
    kind: ResourceKind<KubernetesObject>,
    key: ObjectKey,
    query: DeleteQuery,
    options: CallOptions,
  ): Promise<void>;
  /**
   * Server-side apply of an object that we own (ConfigMap, Secret, ControllerRevision, CronJob). It removes
   * fields that we set before and left out now.
   */
  apply<T extends KubernetesObject>(kind: ResourceKind<T>, object: T, options: CallOptions): Promise<T>;
  /**
   * Server-side apply of the whole status, forced. `preconditions.resourceVersion` makes it an optimistic
   * lock. `preconditions.uid` protects an object that was re-created under the same name, and costs a read.
   * Both refuse with `isConflict`.
   */
  applyStatus<T extends KubernetesObject & { readonly status?: unknown }>(
    kind: ResourceKind<T>,
    key: ObjectKey,
    status: NonNullable<T['status']>,
    preconditions: Preconditions,
    options: CallOptions,
  ): Promise<T>;
  /**
   * The same as it is written into an object of that namespace, and compared with what is there; see
   * `report/presentable.ts`. `applyStatus` and `patchAnnotations` do it themselves.
   */
  presentable<T>(value: T, namespace: string): T;
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
  /** Reads a Secret, and lets the log mask its values. */
  getSecret(namespace: string, name: string, options: CallOptions): Promise<SecretValues>;
  /** The usual identity of a cluster: the uid of the namespace kube-system. */
  clusterID(options: CallOptions): Promise<string>;
}

/** What a controller does with the objects that it looks at. */
export type ObjectCluster = Pick<Cluster, 'find' | 'applyStatus' | 'patchFinalizers' | 'presentable'>;
