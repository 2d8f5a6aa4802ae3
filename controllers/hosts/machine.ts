/**
 * Recognises the machine that answers; pure. The machine-id alone is not enough: machines made from one template share it,
 * and perhaps their host keys, too. So machine-id and host key together are compared with the stack's machines in the
 * status. A machine that shares only the machine-id gets a name of its own, `<machine-id>+<digest of its host key>`.
 */

import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { JtelStack, JtelStackStatus, StackHost } from '../../crds/index.ts';
import type { HostFacts, HostObservation } from '../../host-driver/host.ts';

type DataHost = NonNullable<JtelStackStatus['dataHost']>;

/** The spec names the same place with the same keys, so nobody asked for another machine. */
export function samePlace(a: StackHost, b: StackHost): boolean {
  const place = ({ address, port, hostKeyFingerprints, jumpHost }: StackHost): unknown => [
    address,
    port,
    hostKeyFingerprints.toSorted(),
    jumpHost?.address,
    jumpHost?.port,
  ];
  return isDeepStrictEqual(place(a), place(b));
}

/** Adds the name that the machine has among those of the stack. @param place where the host was reached */
export function recognise(stack: JtelStack, place: StackHost, observation: HostObservation): HostObservation {
  const { facts } = observation;
  const namesakes = sharing(stack, facts);
  if (namesakes.length === 0 || facts.hostKey === undefined) return observation;
  const known = namesakes.find((one) => isThat(one, place, observation, stack));
  const machineID = known?.machineID ?? `${facts.machineID}+${digestOf(facts.hostKey)}`;
  return { ...observation, facts: { ...facts, machineID } };
}

/** Whether the machine with that name answers. The connection has compared its host key with the pinned ones. */
export function answersAs(name: string, { machineID, hostKey }: HostFacts): boolean {
  const [id, key] = partsOf(name);
  return id === machineID && (key === undefined || hostKey === undefined || key === digestOf(hostKey));
}

/** The addresses of the stack's other machines that have the same machine-id as the recognised one. */
export function clonesOf(stack: JtelStack, { machineID }: HostFacts): readonly string[] {
  return sharing(stack, { machineID: partsOf(machineID)[0] })
    .filter((one) => one.machineID !== machineID)
    .map(({ host }) => host.address);
}

function sharing({ status }: JtelStack, { machineID }: Pick<HostFacts, 'machineID'>): readonly DataHost[] {
  const { dataHost, newHost, formerHosts = [] } = status ?? {};
  return [dataHost, newHost, ...formerHosts].flatMap((one) =>
    one !== undefined && partsOf(one.machineID)[0] === machineID ? [one] : [],
  );
}

/** A machine's keys change. Then its own record of the stack, at a known place or with a known key, decides. */
function isThat(
  known: DataHost,
  place: StackHost,
  { facts, state }: HostObservation,
  { metadata }: JtelStack,
): boolean {
  const { hostKey = '' } = facts;
  if (
    known.hostKey === hostKey ||
    partsOf(known.machineID)[1] === digestOf(hostKey) ||
    samePlace(known.host, place)
  )
    return true;
  const isRecorded =
    state?.data !== undefined &&
    state.owner.namespace === metadata.namespace &&
    state.owner.name === metadata.name;
  const isSameAddress = known.host.address === place.address && known.host.port === place.port;
  return isRecorded && (isSameAddress || known.host.hostKeyFingerprints.includes(hostKey));
}

function partsOf(name: string): readonly [id: string, key: string | undefined] {
  const [id = '', key] = name.split('+');
  return [id, key];
}

function digestOf(hostKey: string): string {
  return createHash('sha256').update(hostKey).digest('hex').slice(0, 16);
}
