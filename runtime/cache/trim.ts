/**
 * Removes what a cache need not hold: bookkeeping of writers, which is most of a small object (22 kB → 6 kB
 * measured).
 */
import type { KubernetesObject } from '../objects.ts';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** The object without managedFields and without kubectl's copy of it. */
export function trim<T extends KubernetesObject>(object: T): T {
  const {
    managedFields: _,
    annotations,
    ...metadata
  } = (object.metadata ?? {}) as NonNullable<T['metadata']> & { managedFields?: unknown };
  if (annotations === undefined) return { ...object, metadata };
  const { [LAST_APPLIED]: __, ...others } = annotations;
  return { ...object, metadata: { ...metadata, annotations: others } };
}
