/**
 * Which changes of its own object wake a controller. Changes of status alone do not: the controller's own
 * status writes would wake it, and turn the growing pauses after a failure into a busy loop.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Change } from '../cache/store.ts';
import type { KubernetesObject } from '../objects.ts';

type Metadata = NonNullable<KubernetesObject['metadata']>;

/** @returns what a reconciler reads of labels and annotations */
export type ReadMetadata = (metadata: Pick<Metadata, 'labels' | 'annotations'>) => unknown;

const readAll: ReadMetadata = ({ labels, annotations }) => [labels, annotations];

export function meaningfulChange(change: Change<KubernetesObject>, read = readAll): boolean {
  if (change.type !== 'Modified') return true;
  const before = change.previous?.metadata;
  const after = change.object.metadata;
  return (
    before === undefined ||
    before.uid !== after?.uid ||
    // If a kind has the status subresource, the API server increments `generation` only for changes of spec.
    before.generation !== after?.generation ||
    after?.generation === undefined ||
    before.deletionTimestamp !== after.deletionTimestamp ||
    !isDeepStrictEqual(read(before), read(after)) ||
    !isDeepStrictEqual(before.finalizers, after.finalizers)
  );
}

/** Whether somebody asked for something while nobody looked: the status is not about the object as it is now. */
export function isUnanswered({
  metadata,
  status,
}: KubernetesObject & { readonly status?: unknown }): boolean {
  if (metadata?.deletionTimestamp !== undefined) return true;
  const { observedGeneration } = (status ?? {}) as { readonly observedGeneration?: unknown };
  return observedGeneration !== metadata?.generation;
}
