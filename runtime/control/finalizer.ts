/**
 * A finalizer as one decision with four outcomes, so clean-up runs exactly as long as it is owed. The
 * finalizer is set before the first effect, and removed only after the clean-up succeeded.
 */
import type { ResourceKind } from '../kind.ts';
import { isNotFound } from '../client/api-error.ts';
import type { CallOptions, Cluster } from '../client/cluster.ts';
import { keyOf, type KubernetesObject } from '../objects.ts';

export type FinalizerStep =
  /** Alive without our finalizer: set it, then reconcile. */
  | 'Add'
  /** Alive with it. */
  | 'Reconcile'
  /** Being deleted, and we have to clean up. */
  | 'CleanUp'
  /** Being deleted, and nothing (more) is left for us. */
  | 'Leave';

export function finalizerStep(object: KubernetesObject, finalizer: string): FinalizerStep {
  const present = object.metadata?.finalizers?.includes(finalizer) ?? false;
  const deleted = object.metadata?.deletionTimestamp !== undefined;
  if (deleted) return present ? 'CleanUp' : 'Leave';
  return present ? 'Reconcile' : 'Add';
}

/**
 * Locked on the version that was decided upon. If the object changed meanwhile, that is a conflict, hence a
 * new reconcile.
 */
export async function addFinalizer<T extends KubernetesObject>(
  cluster: Pick<Cluster, 'patchFinalizers'>,
  kind: ResourceKind<T>,
  object: T,
  finalizer: string,
  options: CallOptions,
): Promise<T> {
  return cluster.patchFinalizers(kind, object, [...(object.metadata?.finalizers ?? []), finalizer], options);
}

/**
 * Clean-up can take long, so the list of finalizers is read from the server again. Finalizers of others stay
 * as they are now, and an object re-created under the same name keeps its own.
 */
export async function removeFinalizer<T extends KubernetesObject>(
  cluster: Pick<Cluster, 'find' | 'patchFinalizers'>,
  kind: ResourceKind<T>,
  object: T,
  finalizer: string,
  options: CallOptions,
): Promise<void> {
  const live = await cluster.find(kind, keyOf(object), options);
  if (live === undefined || live.metadata?.uid !== object.metadata?.uid) return;
  const finalizers = live.metadata?.finalizers ?? [];
  if (!finalizers.includes(finalizer)) return;
  try {
    await cluster.patchFinalizers(
      kind,
      live,
      finalizers.filter((name) => name !== finalizer),
      options,
    );
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
