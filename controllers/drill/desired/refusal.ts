/** Whether a host may be used for tests. One that a customer uses must not see the data of others. Pure. */
import type { DrillHost, JtelDrill, JtelStack, StackHost } from '../../../crds/index.ts';
import type { HostFacts } from '../../../host-driver/host.ts';

/**
 * Compares the door, the pinned keys, and the machine itself once it was looked at.
 * @param stacks all, whether the drill selects them or not
 * @param others drills that came first
 * @returns a sentence; undefined: it may be used
 */
export function refusalOf(
  { name, host }: DrillHost,
  stacks: readonly JtelStack[],
  others: readonly JtelDrill[],
  facts?: HostFacts,
): string | undefined {
  const keys = new Set(host.hostKeyFingerprints);
  if (facts?.hostKey !== undefined) keys.add(facts.hostKey);
  const isSame = (other: StackHost): boolean =>
    doorOf(other) === doorOf(host) || other.hostKeyFingerprints.some((key) => keys.has(key));
  const owner = stacks.find(
    ({ spec, status }) =>
      isSame(spec.host) ||
      (facts !== undefined && status?.host?.machineID === facts.machineID && isSameKey(facts, spec.host)),
  );
  if (owner !== undefined)
    return `Host ${name} (${host.address}) is the host of JtelStack ${owner.metadata.namespace}/${owner.metadata.name}: a drill needs a host that no customer uses. Nothing begins on it.`;
  const other = others.find(({ spec }) => spec.hosts.some((one) => isSame(one.host)));
  return other === undefined
    ? undefined
    : `Host ${name} (${host.address}) is a host of JtelDrill ${other.metadata.name}, too: neither knows what room the other needs. Nothing begins on it.`;
}

/** Machines made from one template share a machine-id, so it counts only with a key. */
function isSameKey({ hostKey }: HostFacts, { hostKeyFingerprints }: StackHost): boolean {
  return hostKey === undefined || hostKeyFingerprints.includes(hostKey);
}

function doorOf({ address, port, jumpHost }: StackHost): string {
  const jump = jumpHost === undefined ? '' : `${jumpHost.address.toLowerCase()}:${jumpHost.port}`;
  return `${jump}/${address.toLowerCase()}:${port}`;
}
