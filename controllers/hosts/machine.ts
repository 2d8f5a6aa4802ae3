/**
 * Which machine answers. Its machine-id alone does not say: machines that were made from one template share it, and perhaps their host keys,
 * too. So machine-id and host key together are compared with what the status knows of the stack's machines. One that only shares the
 * machine-id gets a name of its own, `<machine-id>+<digest of its host key>`, under which it is another machine like any other. Pure.
 */

import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { JtelStack, JtelStackStatus, StackHost } from '../../crds/index.ts';
import type { HostFacts, HostObservation } from '../../host-driver/host.ts';

type DataHost = NonNullable<JtelStackStatus['dataHost']>;

/** The same place with the same keys: another machine there was not asked for. */
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

/** The observation of a host that was reached at `place`, with the name of its machine among those of the stack. */
export function recognise(stack: JtelStack, place: StackHost, observation: HostObservation): HostObservation {
  const { facts } = observation;
  const namesakes = sharing(stack, facts);
  if (namesakes.length === 0 || facts.hostKey === undefined) return observation;
  const known = namesakes.find((one) => isThat(one, place, observation, stack));
  const machineID = known?.machineID ?? `${facts.machineID}+${digestOf(facts.hostKey)}`;
  return { ...observation, facts: { ...facts, machineID } };
}

/** Whether the machine that is known under that name answers; its host key was compared with the pinned ones already. */
export function answersAs(name: string, { machineID, hostKey }: HostFacts): boolean {
  const [id, key] = partsOf(name);
  return id === machineID && (key === undefined || hostKey === undefined || key === digestOf(hostKey));
}

/** Addresses of other machines of the stack that have the same machine-id as the one that was recognised. */
export function clonesOf(stack: JtelStack, { machineID }: HostFacts): readonly string[] {
  return sharing(stack, { machineID: partsOf(machineID)[0] })
    .filter((one) => one.machineID !== machineID)
    .map(({ host }) => host.address);
}

function sharing({ status }: JtelStack, { machineID }: Pick<HostFacts, 'machineID'>): readonly DataHost[] {
  const all = [...(status?.dataHost === undefined ? [] : [status.dataHost]), ...(status?.formerHosts ?? [])];
  return all.filter((one) => partsOf(one.machineID)[0] === machineID);
}

/** Keys are renewed, and a machine has several: then its own record of the stack, at a known place or with a known key, speaks for it. */
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
