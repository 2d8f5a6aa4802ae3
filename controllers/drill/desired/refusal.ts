/** Whether a host may be used for tests. One that a customer uses must not see the data of others. Pure. */
import type { DrillHost, JtelDrill, JtelStack } from '../../../crds/index.ts';
import type { HostFacts } from '../../../host-driver/host.ts';
import { hostOwner } from '../../hosts/host-owner.ts';

/**
 * @param stacks all, whether the drill selects them or not
 * @param others drills that came first
 * @param facts of the host, once it was looked at
 * @returns a sentence; undefined: it may be used
 */
export function refusalOf(
  { name, host }: DrillHost,
  stacks: readonly JtelStack[],
  others: readonly JtelDrill[],
  facts?: HostFacts,
): string | undefined {
  const owner = hostOwner(host, stacks, others, facts);
  if (owner === undefined) return undefined;
  const where = `Host ${name} (${host.address})`;
  return owner.kind === 'JtelStack'
    ? `${where} is the host of JtelStack ${owner.namespace}/${owner.name}: a drill needs a host that no customer uses. Nothing begins on it.`
    : `${where} is a host of JtelDrill ${owner.name}, too: neither knows what room the other needs. Nothing begins on it.`;
}
