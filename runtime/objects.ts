/**
 * The shape that every Kubernetes object shares, in JSON. All times are strings here, from lists, watches and
 * single reads alike (client-node's own models mix `Date` and string).
 */

import type { OwnerReference } from './kind.ts';

export interface ObjectMeta {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
}

export interface KubernetesObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: ObjectMeta;
}

/** Names an object of a kind: `namespace` is empty for cluster-scoped kinds. */
export interface ObjectKey {
  readonly namespace: string;
  readonly name: string;
}

/** The key of an object from the API server; throws if it has no name. */
export function keyOf(object: KubernetesObject): ObjectKey {
  const name = object.metadata?.name;
  if (name === undefined || name === '')
    throw new Error(`object of kind ${object.kind ?? 'unknown'} has no metadata.name`);
  return { namespace: object.metadata?.namespace ?? '', name };
}

/** `namespace/name`, or `name` for cluster-scoped objects: the form of keys in logs and maps. */
export function formatKey(key: ObjectKey): string {
  return key.namespace === '' ? key.name : `${key.namespace}/${key.name}`;
}

/** The inverse of {@link formatKey}. */
export function parseKey(text: string): ObjectKey {
  const slash = text.indexOf('/');
  return slash < 0
    ? { namespace: '', name: text }
    : { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}
