/** Paths of the Kubernetes API. Names come from users, so each segment is encoded. */
import type { ResourceKind } from '../kind.ts';
import type { ObjectKey } from '../objects.ts';

/** Path of all objects of a kind, or of those in one namespace. */
export function collectionPath(kind: ResourceKind<unknown>, namespace?: string): string {
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const inNamespace =
    kind.namespaced && namespace !== undefined && namespace !== ''
      ? `/namespaces/${encodeURIComponent(namespace)}`
      : '';
  return `${root}${inNamespace}/${kind.plural}`;
}

/**
 * Path of one object, or of its subresource. Throws for a key that cannot name one, because the path would
 * address the collection.
 */
export function objectPath(kind: ResourceKind<unknown>, key: ObjectKey, subresource?: 'status'): string {
  if (key.name === '') throw new Error(`${kind.plural}: an object needs a name`);
  if (kind.namespaced && key.namespace === '')
    throw new Error(`${kind.plural} ${key.name}: an object of a namespaced kind needs a namespace`);
  // URL parsers resolve these, encoded or not; no Kubernetes name may be one.
  if (['.', '..'].includes(key.name) || ['.', '..'].includes(key.namespace))
    throw new Error(`${kind.plural}: "${key.namespace}/${key.name}" is no valid name`);
  const path = `${collectionPath(kind, key.namespace)}/${encodeURIComponent(key.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}
