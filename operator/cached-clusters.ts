/** The clusters of controllers that look again and again: what is known already is not asked for. */
import { stackKind, storeKind } from '../crds/index.ts';
import { cachedReads, controllerRevisions, type Cluster, type Versions } from '../runtime/index.ts';
import type { Caches } from './caches.ts';

interface CachedParts {
  readonly cluster: Cluster;
  readonly caches: Caches;
  readonly secretVersions: Versions;
}

/** The stack itself is read live. */
export function clusterForStacks({ cluster, caches, secretVersions: secrets }: CachedParts): Cluster {
  const stores = [{ kind: storeKind, store: caches.stores }];
  return cachedReads(cluster, { secrets, stores, ownKind: controllerRevisions });
}

/** A look at a schedule comes from a change in the cache, or from the clock. */
export function clusterForSchedules({ cluster, caches, secretVersions: secrets }: CachedParts): Cluster {
  return cachedReads(cluster, { secrets, stores: [{ kind: stackKind, store: caches.stacks }] });
}
