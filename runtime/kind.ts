/**
 * Names a kind of object together with its TypeScript type, so one generic client serves all kinds. It also
 * has the part of Kubernetes' object metadata that this project reads.
 */

/** Where the API server serves a kind; `__type` exists for the compiler only. */
export interface ResourceKind<T> {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** What the code gets in the place of what the API server sends; default: the same. */
  asRead?(object: T): T;
  /** The way back, before a whole object is written. */
  asWritten?(object: T): T;
  readonly __type?: T;
}

/** @param object as the API server sent it */
export function readAs<T>(kind: ResourceKind<T>, object: T): T {
  return kind.asRead === undefined ? object : kind.asRead(object);
}

/** @returns it as the API server is to have it */
export function writtenAs<T>(kind: ResourceKind<T>, object: T): T {
  return kind.asWritten === undefined ? object : kind.asWritten(object);
}

/** Metadata of a namespaced object from the API server, which fills in all fields that are required here. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  /** Opaque; only compared for equality and sent back. */
  readonly resourceVersion: string;
  /** Counts changes of `spec`; starts at 1. */
  readonly generation: number;
  /** RFC 3339. */
  readonly creationTimestamp: string;
  /** RFC 3339; set while the object waits for its finalizers. */
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
  readonly managedFields?: readonly ManagedFields[];
}

/** Which program set which fields, and when. */
export interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  /** RFC 3339. */
  readonly time?: string;
  readonly fieldsV1?: Readonly<Record<string, unknown>>;
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}
