/**
 * Which changes of its own object wake a controller. Not those of status alone: a controller's own status writes would
 * wake it, and turn a failure's growing pauses into a busy loop.
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
    // The API server counts `generation` up for changes of spec only, where a kind has the status subresource.
    before.generation !== after?.generation ||
    after?.generation === undefined ||
    before.deletionTimestamp !== after.deletionTimestamp ||
    !isDeepStrictEqual(before.annotations, after.annotations) ||
    !isDeepStrictEqual(before.labels, after.labels) ||
    !isDeepStrictEqual(before.finalizers, after.finalizers)
  );
}
