/**
 * Which changes of its own object wake a controller. Changes of status alone do not: the controller's own
 * status writes would wake it, and turn the growing pauses after a failure into a busy loop.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Change } from '../cache/store.ts';
import type { KubernetesObject } from '../objects.ts';

export function meaningfulChange(change: Change<KubernetesObject>): boolean {
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
    !isDeepStrictEqual(before.annotations, after.annotations) ||
    !isDeepStrictEqual(before.labels, after.labels) ||
    !isDeepStrictEqual(before.finalizers, after.finalizers)
  );
}
