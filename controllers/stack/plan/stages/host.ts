/** The stages before anything runs: inputs are there, the host is ours, reachable, good enough, and set up. */

import { isSameStack, type HostObservation } from '../../../../host-driver/host.ts';
import { pauseWhileAway } from '../../../hosts/away.ts';
import { told } from '../../../inputs/outcome.ts';
import type { Finding } from '../../findings.ts';
import type { Verdict, PlanInput } from '../../model.ts';
import { isMoving } from '../../relocation.ts';
import { act } from './act.ts';

/** How long to wait before looking again at something that a person has to change; a watch usually wakes us sooner. */
const inputRetrySeconds = 60;

export function hostStage({ stack, observed, identity, now, awaySince }: PlanInput): Verdict | undefined {
  if (!observed.host.ok) {
    const { reason, facts } = told(observed.host);
    const stalled =
      reason === 'HostKeyMismatch' ||
      reason === 'AuthenticationFailed' ||
      reason === 'HostOwned' ||
      reason === 'HostStateInvalid';
    return {
      kind: 'Blocked',
      step: 'Host',
      condition: 'HostReachable',
      reason,
      facts,
      stalled,
      afterSeconds: stalled ? 120 : (pauseWhileAway(reason, stack, now, awaySince) ?? 15),
    };
  }
  const strange = strangeMachine(stack, observed.host.value, identity.clusterID);
  return strange === undefined
    ? undefined
    : {
        kind: 'Blocked',
        step: 'Host',
        condition: 'HostReachable',
        ...strange,
        stalled: true,
        afterSeconds: strange.reason === 'HostOwned' ? 120 : inputRetrySeconds,
      };
}

/** @returns why the machine that answers is not the stack's, whatever runs on it; undefined if it is */
export function strangeMachine(
  stack: PlanInput['stack'],
  { facts: machine, state }: HostObservation,
  clusterID: string,
): Finding | undefined {
  const known = expectedMachine(stack);
  // A changed spec.host moves the stack; another machine in the old one's place was not asked for.
  if (known !== undefined && known !== machine.machineID && !isMoving(stack, machine.machineID)) {
    const { address } = stack.spec.host;
    return {
      reason: 'MachineChanged',
      facts: { is: 'OtherMachine', address, found: machine.machineID, known },
    };
  }
  if (state !== undefined && !isOurs(state, stack, clusterID))
    return { reason: 'HostOwned', facts: { is: 'OtherOwner', owner: state.owner } };
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

/** A stack that was deleted and applied again takes its host back at once: until then it has no backups there. */
export function takeBackStage(input: PlanInput): Verdict | undefined {
  const { stack, observed } = input;
  if (!observed.host.ok) return undefined;
  const { state, facts, jobs } = observed.host.value;
  const isBefores = state !== undefined && state.owner.uid !== stack.metadata.uid;
  // A move claims its hosts itself.
  if (!isBefores || state.moved !== undefined || isMoving(stack, facts.machineID)) return undefined;
  // Its backups and its first load ended with the stack before. It did not wait for a host that was away, to remove their jobs.
  const left = jobs.filter(({ type }) => type === 'backup' || type === 'load');
  const removal = left.map(({ uid }) => ({ type: 'RemoveJob', uid, cause: 'JobLeft' }) as const);
  return act(input, 'SetUp', removal, { is: 'SettingUpHost' });
}

export function setUpStage(input: PlanInput): Verdict | undefined {
  const { desired, observed } = input;
  if (!observed.host.ok || desired === undefined) return undefined;
  const { state, facts, changed = [] } = observed.host.value;
  // Without its own rules Docker cannot start a container that publishes a port: a change would fail in its middle.
  const lacksRules = changed.includes('docker-rules') && state?.applied?.digest !== desired.release.digest;
  if (state?.setupDigest === desired.setupDigest && facts.dockerVersion !== undefined && !lacksRules)
    return undefined;
  return act(input, 'SetUp', [{ type: 'SetUpHost', cause: 'SetUpDiffers' }], { is: 'SettingUpHost' });
}
