/** Reads the change log of a stack. */

import { labels, type JtelStack } from '../../../crds/index.ts';
import type { CallOptions, Cluster } from '../../../runtime/client/cluster.ts';
import { controllerRevisions, type ControllerRevision } from '../../../runtime/client/kinds.ts';

/** Also those of a former object of the same name. */
export async function listRevisions(
  cluster: Cluster,
  stack: JtelStack,
  options: CallOptions,
): Promise<readonly ControllerRevision[]> {
  const { name, namespace } = stack.metadata;
  const listed = await cluster.list(
    controllerRevisions,
    { namespace, labelSelector: `${labels.stack}=${name}` },
    options,
  );
  return listed.filter(({ metadata }) => metadata?.labels?.[labels.stack] === name);
}
