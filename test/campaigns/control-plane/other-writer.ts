/** Another writer: sets an annotation of the stack again and again, as a controller that went wrong does. */
import { isConflict, isNotFound } from '../../../runtime/client/api-error.ts';
import { stackKind } from '../../../crds/index.ts';
import type { World } from '../../support/world/world.ts';

/** 200 patches in each second of ours, so that they meet the writes of the operator. */
const everyMilliseconds = 5;

/** @returns a function that ends it */
export function writeAllTheTime(world: World): () => void {
  let count = 0;
  const timer = setInterval(() => {
    void write();
  }, everyMilliseconds);
  const write = async (): Promise<void> => {
    const live = await world.find();
    if (live === undefined) return;
    count += 1;
    const { signal } = new AbortController();
    const annotation = { 'example.org/count': String(count) };
    await world.cluster.patchAnnotations(stackKind, live, annotation, { signal }).catch((error: unknown) => {
      if (!isConflict(error) && !isNotFound(error)) throw error;
    });
  };
  return () => clearInterval(timer);
}
