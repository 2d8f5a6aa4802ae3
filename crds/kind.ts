/**
 * Names a kind of object together with its TypeScript type, so that one generic client (`operator/runtime`) serves all
 * kinds. Also the part of Kubernetes' object metadata that this project reads: `crds` depends on nothing.
 */

/** Where the API server serves a kind; `__type` exists for the compiler only. */
export interface ResourceKind<T> {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly __type?: T;
}

/** Metadata of a namespaced object as read from the API server, which fills in everything that is required here. */
export interface ObjectMeta {
  name: string;
  namespace: string;
  uid: string;
  /** Opaque; only ever compared for equality and sent back. */
  resourceVersion: string;
  /** Counts changes of `spec`; starts at 1. */
  generation: number;
  /** RFC 3339. */
  creationTimestamp: string;
  /** RFC 3339; set while the object waits for its finalizers. */
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}
