/** The stages before anything runs: inputs are there, the host is ours, reachable, good enough, and set up. */

import { isSameStack, type HostObservation } from '../../../../host-driver/host.ts';
import type { Plan, PlanInput } from '../../model.ts';
import { isMoving } from '../../relocation.ts';
import { act } from './act.ts';

/** How long to wait before looking again at something that a person has to change; a watch usually wakes us sooner. */
const inputRetrySeconds = 60;

export function inputsStage(input: PlanInput): Plan | undefined {
  const { observed } = input;
  if (!observed.secrets.ok) {
    const { reason, message } = observed.secrets;
    return {
      kind: 'Blocked',
      step: 'Inputs',
      condition: 'Ready',
      reason,
      message,
      stalled: true,
      afterSeconds: inputRetrySeconds,
    };
  }
  if (!observed.release.ok) {
    const { reason, message } = observed.release;
    const stalled = reason === 'ReleaseNotFound' || reason === 'ReleaseInvalid';
    return {
      kind: 'Blocked',
      step: 'Inputs',
      condition: 'ReleaseAvailable',
      reason,
      message,
      stalled,
      afterSeconds: inputRetrySeconds,
    };
  }
  if (observed.missingCredentials !== undefined) {
    const { generate, selfSigned } = observed.missingCredentials;
    const lost = generate.some(({ length }) => length === 'EncryptionKeys') ? lostKeys(input) : undefined;
    if (lost !== undefined) return lost;
    return {
      kind: 'Act',
      step: 'Credentials',
      wave: [{ type: 'EnsureCredentials', generate, selfSigned }],
      message: 'creating credentials',
    };
  }
  return undefined;
}

/** New keys for a database that was encrypted with others would make it unreadable at its next start. */
function lostKeys({ stack, observed }: PlanInput): Plan | undefined {
  if (!observed.release.ok) return undefined;
  const { version, keys, databaseServices } = observed.release.value;
  const state = observed.host.ok ? observed.host.value.state : undefined;
  const has = state?.data ?? stack.status?.data;
  // Of another version it may be that the keys come with the update.
  if (
    keys === undefined ||
    has === undefined ||
    (state?.applied?.version ?? stack.status?.version) !== version
  )
    return undefined;
  const { name, namespace } = stack.metadata;
  return {
    kind: 'Blocked',
    step: 'Inputs',
    condition: 'Ready',
    reason: 'DatabaseKeysMissing',
    message:
      `Entry ${keys.entry} of Secret ${keys.secretName} is gone, and the database on ${stack.spec.host.address} is encrypted with what it held: put it back. ` +
      `What runs runs on, and has it: kubectl jtel exec ${name} ${databaseServices[0] ?? ''} -n ${namespace} -- cat ${keys.path}`,
    stalled: true,
    afterSeconds: inputRetrySeconds,
  };
}

export function hostStage({ stack, observed, identity }: PlanInput): Plan | undefined {
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

export function preflightStage({ observed }: PlanInput): Plan | undefined {
  const first = observed.findings[0];
  if (first === undefined) return undefined;
  return {
    kind: 'Blocked',
    step: 'Preflight',
    condition: 'Preflight',
    reason: first.reason,
    message: observed.findings.map((finding) => finding.message).join(' '),
    stalled: true,
    afterSeconds: 300,
  };
}

export function setUpStage(input: PlanInput): Plan | undefined {
  const { observed } = input;
  if (!observed.host.ok || observed.desired === undefined) return undefined;
  const { state, facts, changed = [] } = observed.host.value;
  // Without its own rules Docker cannot start a container that publishes a port: a change would fail in its middle.
  const lacksRules =
    changed.includes('docker-rules') && state?.applied?.digest !== observed.desired.release.digest;
  if (state?.setupDigest === observed.desired.setupDigest && facts.dockerVersion !== undefined && !lacksRules)
    return undefined;
  return act(input, 'SetUp', [{ type: 'SetUpHost' }], 'setting the host up');
}
