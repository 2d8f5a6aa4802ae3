/** The stages before anything runs: inputs are there, the host is ours, reachable, good enough, and set up. */

import { isSameStack, type HostObservation } from '../../../../host-driver/host.ts';
import type { Verdict, PlanInput } from '../../model.ts';
import { isMoving } from '../../relocation.ts';
import { act } from './act.ts';

/** How long to wait before looking again at something that a person has to change; a watch usually wakes us sooner. */
const inputRetrySeconds = 60;

export function hostStage({ stack, observed, identity }: PlanInput): Verdict | undefined {
  if (!observed.host.ok) {
    const { reason, message } = observed.host;
    const stalled =
      reason === 'HostKeyMismatch' || reason === 'AuthenticationFailed' || reason === 'HostOwned';
    return {
      kind: 'Blocked',
      step: 'Host',
      condition: 'HostReachable',
      reason,
      message,
      stalled,
      afterSeconds: stalled ? 120 : 15,
    };
  }
  const { facts, state } = observed.host.value;
  const known = expectedMachine(stack);
  // A changed spec.host moves the stack; another machine in the old one's place was not asked for.
  if (known !== undefined && known !== facts.machineID && !isMoving(stack, facts.machineID)) {
    return {
      kind: 'Blocked',
      step: 'Host',
      condition: 'HostReachable',
      reason: 'MachineChanged',
      message:
        `${stack.spec.host.address} is now machine ${facts.machineID}, but this stack runs on machine ${known}: nothing is touched. ` +
        'Bring that machine back; to move the stack to this one, give spec.host its own address or host keys.',
      stalled: true,
      afterSeconds: inputRetrySeconds,
    };
  }
  if (state !== undefined && !isOurs(state, stack, identity.clusterID)) {
    const { owner } = state;
    return {
      kind: 'Blocked',
      step: 'Host',
      condition: 'HostReachable',
      reason: 'HostOwned',
      message:
        `The host's directory of this stack belongs to ${owner.namespace}/${owner.name} of cluster ${owner.clusterID}: nothing is touched. ` +
        'Use another host, or delete that stack there first.',
      stalled: true,
      afterSeconds: 120,
    };
  }
  return undefined;
}

/** Until there are data, a host can be exchanged for another one freely. */
function expectedMachine({ status }: PlanInput['stack']): string | undefined {
  if (status?.dataHost !== undefined) return status.dataHost.machineID;
  const loaded =
    status?.conditions?.some(({ type, status: is }) => type === 'DataLoaded' && is === 'True') ??
    status?.data === undefined;
  return loaded ? status?.host?.machineID : undefined;
}

/** Same cluster and name: a stack that was deleted with `Orphan` and applied again takes its containers back. */
export function isOurs(
  state: NonNullable<HostObservation['state']>,
  stack: PlanInput['stack'],
  clusterID: string,
): boolean {
  const { namespace, name } = stack.metadata;
  return isSameStack(state.owner, { clusterID, namespace, name });
}

export function setUpStage(input: PlanInput): Verdict | undefined {
  const { desired, observed } = input;
  if (!observed.host.ok || desired === undefined) return undefined;
  const { state, facts, changed = [] } = observed.host.value;
  // Without its own rules Docker cannot start a container that publishes a port: a change would fail in its middle.
  const lacksRules = changed.includes('docker-rules') && state?.applied?.digest !== desired.release.digest;
  if (state?.setupDigest === desired.setupDigest && facts.dockerVersion !== undefined && !lacksRules)
    return undefined;
  return act(input, 'SetUp', [{ type: 'SetUpHost' }], 'setting the host up');
}
