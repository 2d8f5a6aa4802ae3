/** The last looks, live, before something is done that cannot be taken back: to a host that is not the stack's own, or to data. */

import { restoreKind, type JtelStack } from '../../../crds/index.ts';
import { HostError, type Fence, type Host, type ObservedJob } from '../../../host-driver/host.ts';
import type { Cluster } from '../../../runtime/client/cluster.ts';
import { formatKey, type ObjectKey } from '../../../runtime/objects.ts';
import type { HostClaims } from '../../hosts/claims.ts';
import { InputError } from '../../inputs/input-error.ts';
import { answersAs } from '../../hosts/machine.ts';
import { isOrdered } from '../../loading/restore-orders.ts';
import type { Gathered } from '../look.ts';

export interface OtherClaim {
  readonly project: string;
  readonly gathered: Gathered;
  readonly stack: JtelStack;
  readonly clusterID: string;
  readonly claims: HostClaims;
  readonly signal: AbortSignal;
}

export interface ClaimedOther {
  readonly host: Host;
  readonly fence: Fence;
  /** Of the stack, that were there right before. */
  readonly jobs: readonly ObservedJob[];
}

/** Looks again right before: it must be that machine, and it must be ours. Both hosts of a move share one epoch. */
export async function claimOther(
  machineID: string,
  { project, gathered, stack, clusterID, claims, signal }: OtherClaim,
): Promise<ClaimedOther> {
  const host = gathered.others.get(machineID);
  if (host === undefined) throw new Error(`machine ${machineID} was planned with and not looked at`);
  const { namespace, name, uid } = stack.metadata;
  const owner = { clusterID, namespace, name, uid };
  const { facts, state, jobs } = await host.observe(project, 'quick', signal);
  if (!answersAs(machineID, facts))
    throw new HostError(
      'MachineChanged',
      machineID,
      `machine ${machineID} was expected and ${facts.machineID} answers: nothing is done there`,
    );
  const held = claims.held(uid, machineID);
  if (held !== undefined && held >= (state?.epoch ?? 0)) return { host, fence: { owner, epoch: held }, jobs };
  const epoch = claims.next(uid, { host: state?.epoch, status: stack.status?.operation?.epoch });
  const fence = { owner, epoch };
  await claims.claim(host, project, fence, machineID, signal);
  return { host, fence, jobs };
}

/** Reads the JtelRestore live: an order that was taken back must not overwrite anything. */
export async function confirmOrder(
  cluster: Cluster,
  key: ObjectKey,
  requestUID: string,
  signal: AbortSignal,
): Promise<void> {
  const restore = await cluster.find(restoreKind, key, { signal });
  if (
    restore !== undefined &&
    restore.metadata.uid === requestUID &&
    restore.metadata.deletionTimestamp === undefined &&
    isOrdered(restore)
  )
    return;
  throw new InputError(
    'RestoreFailed',
    `JtelRestore ${formatKey(key)} is gone or has ended: nothing of it is done any more.`,
  );
}
