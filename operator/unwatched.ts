/**
 * Tells of stacks that this operator was not told to look after. An operator that looked after all namespaces once, and
 * names some after an upgrade, would leave the others in silence: as long as it may still list them, it says so.
 */
import { stackKind } from '../crds/index.ts';
import type { CallOptions, Cluster } from '../runtime/client/cluster.ts';
import type { Logger } from '../runtime/report/logger.ts';

/** More are counted only. */
const mostNamed = 20;

export interface UnwatchedSearch {
  readonly cluster: Pick<Cluster, 'list'>;
  readonly namespaces: readonly string[] | 'All';
  /** Whether the operator may list the stacks of all namespaces. Asked first, so that nothing is refused. */
  readonly mayListAll: () => Promise<boolean>;
  readonly logger: Logger;
}

/** Never throws: the operator works without it. */
export async function warnOfUnwatched(
  { cluster, namespaces, mayListAll, logger }: UnwatchedSearch,
  options: CallOptions,
): Promise<void> {
  if (namespaces === 'All') return;
  try {
    if (!(await mayListAll())) return;
    const stacks = await cluster.list(stackKind, {}, options);
    const found = new Set(stacks.map(({ metadata }) => metadata.namespace));
    const unwatched = [...found].filter((namespace) => !namespaces.includes(namespace)).toSorted();
    if (unwatched.length === 0) return;
    logger.warn(
      'there are stacks in namespaces that this operator was not told to look after (--namespace)',
      {
        namespaces: unwatched.slice(0, mostNamed),
        count: unwatched.length,
      },
    );
  } catch (error) {
    logger.debug('stacks in other namespaces could not be listed', { error });
  }
}
