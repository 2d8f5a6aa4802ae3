/** The part of the caches that one shard works on. Objects are shared with the whole; only who finds them differs. */
import { ObjectStore } from '../../runtime/cache/object-store.ts';
import type { KubernetesObject, Store } from '../../runtime/index.ts';
import { optional } from '../../base/optional.ts';
import type { Caches } from '../caches.ts';

/**
 * @param whole synced already
 * @returns the caches, and a function that stops following the whole
 */
export function partOf(
  whole: Caches,
  isMine: (namespace: string) => boolean,
): { readonly caches: Caches; readonly close: () => void } {
  const closes: (() => void)[] = [];
  const part = <T extends KubernetesObject>(all: Store<T>): Store<T> => {
    const own = new ObjectStore<T>();
    const put = (object: T): void => {
      if (isMine(object.metadata?.namespace ?? '')) own.put(object);
    };
    for (const object of all.list()) put(object);
    own.markSynced();
    closes.push(
      all.onChange(({ type, object }) => {
        if (type === 'Deleted') own.remove(object);
        else put(object);
      }),
    );
    return own;
  };
  const { stacks, stores, backups, restores, channels, drills } = whole;
  return {
    caches: {
      stacks: part(stacks),
      stores: part(stores),
      backups: part(backups),
      restores: part(restores),
      // They are in no namespace.
      ...optional({ channels, drills }),
    },
    close: () => {
      for (const close of closes) close();
    },
  };
}
