/** Whose host a place is. Nobody's backup may be restored for a test on a host of somebody else. Pure. */
import type { JtelDrill, JtelStack, StackHost } from '../../crds/index.ts';
import type { HostFacts } from '../../host-driver/host.ts';

export type HostOwner =
  | { readonly kind: 'JtelStack'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'JtelDrill'; readonly name: string };

interface Place {
  readonly host: StackHost;
  readonly machineID?: string | undefined;
}

/**
 * Compares the door, the pinned keys, and the machine itself once it was looked at. The hosts of a stack are also those that a move
 * leads to and from.
 * @returns the first that has it; undefined: nobody of these
 */
export function hostOwner(
  host: StackHost,
  stacks: readonly JtelStack[],
  drills: readonly JtelDrill[],
  facts?: HostFacts,
): HostOwner | undefined {
  const keys = new Set(host.hostKeyFingerprints);
  if (facts?.hostKey !== undefined) keys.add(facts.hostKey);
  const isSame = (other: StackHost): boolean =>
    doorOf(other) === doorOf(host) || other.hostKeyFingerprints.some((key) => keys.has(key));
  const stack = stacks.find((one) =>
    placesOf(one).some(
      (place) =>
        isSame(place.host) ||
        (facts !== undefined && place.machineID === facts.machineID && isSameKey(facts, place.host)),
    ),
  );
  if (stack !== undefined) {
    const { namespace, name } = stack.metadata;
    return { kind: 'JtelStack', namespace, name };
  }
  const drill = drills.find(({ spec }) => spec.hosts.some((one) => isSame(one.host)));
  return drill && { kind: 'JtelDrill', name: drill.metadata.name };
}

/** A former host that is fenced may be put to another use. */
function placesOf({ spec, status }: JtelStack): readonly Place[] {
  const { dataHost, newHost, formerHosts = [] } = status ?? {};
  return [
    { host: spec.host, machineID: status?.host?.machineID },
    ...[dataHost, newHost].filter((one) => one !== undefined),
    ...formerHosts.filter(({ state }) => state === 'Pending'),
  ];
}

/** Machines made from one template share a machine-id, so it counts only with a key. */
function isSameKey({ hostKey }: HostFacts, { hostKeyFingerprints }: StackHost): boolean {
  return hostKey === undefined || hostKeyFingerprints.includes(hostKey);
}

function doorOf({ address, port, jumpHost }: StackHost): string {
  const jump = jumpHost === undefined ? '' : `${jumpHost.address.toLowerCase()}:${jumpHost.port}`;
  return `${jump}/${address.toLowerCase()}:${port}`;
}
