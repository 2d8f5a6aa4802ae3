/** Tells of requests and decisions, from the changes in the caches. */
import { backupKind, restoreKind, stackKind, storeKind, type ResourceKind } from '../../crds/index.ts';
import type { Change, Store } from '../../runtime/cache/store.ts';
import type { Cluster } from '../../runtime/client/cluster.ts';
import { phaseDecisions, requestLine, requestOf, stackDecisions, type Audited } from './changes.ts';
import type { Caches } from '../caches.ts';
import type { Audit, DecisionLine } from './lines.ts';

/**
 * Follows the caches until the signal aborts. Who wrote an object is read from the API, because the caches do
 * not hold it; if that fails, the line lacks it.
 */
export function followRequests(
  { stacks, backups, restores, stores }: Caches,
  cluster: Pick<Cluster, 'find'>,
  audit: Audit,
  signal: AbortSignal,
): void {
  const follow = <T extends Audited>(
    store: Store<T>,
    kind: ResourceKind<T>,
    decisions: (change: Pick<Change<T>, 'type' | 'object' | 'previous'>) => readonly DecisionLine[],
  ): void => {
    const tell = async (change: Pick<Change<T>, 'type' | 'object' | 'previous' | 'key'>): Promise<void> => {
      for (const line of decisions(change)) audit(line);
      const request = requestOf(change);
      if (request === undefined) return;
      const { object, key } = change;
      const live =
        request === 'Gone' ? undefined : await cluster.find(kind, key, { signal }).catch(() => undefined);
      const isSame = live?.metadata.uid === object.metadata.uid;
      audit(requestLine(kind.kind, object, request, isSame ? live : undefined));
    };
    const stop = store.onChange((change) => void tell(change));
    signal.addEventListener('abort', stop, { once: true });
    for (const object of store.list()) {
      const { namespace, name } = object.metadata;
      void tell({ type: 'Added', key: { namespace, name }, object });
    }
  };
  follow(stacks, stackKind, stackDecisions);
  follow(backups, backupKind, (change) => phaseDecisions(backupKind.kind, change));
  follow(restores, restoreKind, (change) => phaseDecisions(restoreKind.kind, change));
  follow(stores, storeKind, () => []);
}
