/**
 * Moving a stack to another host. The new host is prepared and a first backup made while the old one serves; then everything
 * but its database is stopped, a second backup takes what changed since, the old host is marked so that nothing brings the stack
 * back there, and only then is anything loaded on the new one. Until the mark, the way back is to set spec.host back.
 */

import type { JtelBackup, JtelStack, Reason } from '../../../../crds/index.ts';
import type { HostObservation, HostState } from '../../../../host-driver/host.ts';
import { isDone } from '../../../hosts/health.ts';
import { besidesDatabase, neverServed, seemsUnused } from '../../desired/stranded.ts';
import { isCarriedOut } from '../../data-order.ts';
import type { Facts, MoveBackupUse } from '../../findings.ts';
import type { Verdict, PlanInput } from '../../model.ts';
import {
  isFenced,
  isForgotten,
  isLeft,
  isSuperseded,
  isUsed,
  mostPending,
  relocationBackups,
  type FormerLook,
  type RelocationLook,
} from '../../relocation.ts';
import { act, preparations } from './act.ts';
import { isOurs } from './host.ts';
import { optional } from '../../../../base/optional.ts';

const holdSeconds = 30;

/** Former hosts come first, whatever else there is to do: a stack must never run twice. */
export function formerStage(input: PlanInput): Verdict | undefined {
  return fenceOf(
    input,
    input.observed.formers?.find((one) => !isHarmless(one) && isDue(input, one)),
  );
}

/** Hosts on which the stack cannot run: so one where something cannot be ended does not keep it from its work. */
export function leftStage(input: PlanInput): Verdict | undefined {
  return fenceOf(
    input,
    input.observed.formers?.find((one) => isDue(input, one)),
  );
}

/** It never had the data, or is marked, and only a job is left there. */
function isHarmless({ former, host }: FormerLook): boolean {
  return former.left === 'BeforeData' || (host.ok && isFenced(host.value));
}

function isDue(
  { stack, observed: { host: here }, identity }: PlanInput,
  { former, host }: FormerLook,
): boolean {
  return (
    host.ok &&
    former.machineID !== stack.status?.dataHost?.machineID &&
    !(here.ok && here.value.facts.machineID === former.machineID) &&
    // Marked already: the status follows from that.
    !isLeft(former, host.value) &&
    // It was given to somebody else's stack of that name, and is not ours to stop.
    (host.value.state === undefined || isOurs(host.value.state, stack, identity.clusterID))
  );
}

function fenceOf({ stack }: PlanInput, found: FormerLook | undefined): Verdict | undefined {
  if (found === undefined) return undefined;
  const { machineID, host } = found.former;
  const harmless = isHarmless(found);
  const address = stack.status?.dataHost?.host.address ?? stack.spec.host.address;
  return {
    kind: 'Act',
    step: harmless ? 'CleanUp' : 'Relocate',
    wave: [{ type: 'FenceFormer', machineID, address, cause: 'FormerNotMarked' }],
    facts: { is: harmless ? 'EndingBegun' : 'FencingReturned', address: host.address },
  };
}

/**
 * Data that seem never to have served: a start that was begun there has ended once the host's lock is had. What it started is stopped,
 * and the next look sees it. This comes before the new host is claimed: to claim the old one again takes room on a disk that may be full.
 */
export function unusedStage(input: PlanInput): Verdict | undefined {
  const { host, relocation } = input.observed;
  if (!host.ok || relocation?.old.ok !== true || relocation.isQuiet === true) return undefined;
  if (!seemsUnused(input.stack, input, relocation)) return undefined;
  const { machineID, host: from } = relocation.from;
  const { keep } = besidesDatabase(input, relocation.old.value);
  return {
    kind: 'Act',
    step: 'Relocate',
    wave: [{ type: 'StopFormer', machineID, keep, cause: 'StartMayGoOn' }],
    facts: { is: 'EndingStarts', address: from.address },
  };
}

export function relocationStage(input: PlanInput): Verdict | undefined {
  const { desired, release, observed, stack } = input;
  if (!observed.host.ok || !release.ok || desired === undefined) return undefined;
  const { relocation, order } = observed;
  const host = observed.host.value;
  if (relocation === undefined) return comeBack(input, host);
  const { address: to } = stack.spec.host;
  const { address: from } = relocation.from.host;
  // The status forgets where they are. The next look goes on as with the first installation that it is.
  if (neverServed(stack, input, relocation))
    return {
      kind: 'Wait',
      step: 'Relocate',
      reason: 'Relocating',
      facts: { is: 'LeavingFirstData', from, to },
      afterSeconds: 1,
    };
  const data = host.state?.data;
  if (isCarriedOut(data, { requestUID: relocation.id })) return undefined;
  const pending = stack.status?.formerHosts?.filter(({ state }) => state === 'Pending') ?? [];
  if (pending.length >= mostPending && !isHandedOver(stack, relocation))
    return blocked('RelocationNeedsOldHost', {
      is: 'ManyToFence',
      to,
      addresses: pending.map(({ host: { address } }) => address),
    });
  if (stack.spec.backup === undefined) {
    return blocked('RelocationNeedsBackup', { is: 'NoStoreForMove', to, from });
  }
  const ours = data?.requestUID === relocation.id;
  if (host.state !== undefined && data !== undefined && !ours && !isSuperseded(host.state)) {
    return blocked('DataNotEmpty', { is: 'DataInTheWay', address: to, source: data.source });
  }
  const first = preparations(host, desired.release);
  if (first.length > 0) return act(input, 'Relocate', first, { is: 'PreparingHost', to, from });
  const source = relocation.source === 'Migrate' ? migrate(input, relocation) : recover(input, relocation);
  if (source !== undefined) return source;
  // The old host is marked, or given up with consent: what lies here is overwritten, what will be here may be started.
  if (order !== undefined && !order.backup.ok) return undefined;
  if (data !== undefined && !(ours && data.state === 'Incomplete')) {
    return act(
      input,
      'Relocate',
      [
        {
          type: 'RecordData',
          data: { source: `move ${relocation.id}`, requestUID: relocation.id, state: 'Incomplete' },
          cause: 'DataSuperseded',
        },
      ],
      { is: 'MarkingSuperseded' },
    );
  }
  return host.state?.moved === undefined
    ? undefined
    : act(input, 'Relocate', [{ type: 'UnmarkMoved', cause: 'MarkedAsMoved' }], { is: 'LettingRun' });
}

/** spec.host was set back before the new host ever had the data: this host is still the one that holds them. */
function comeBack(input: PlanInput, host: HostObservation): Verdict | undefined {
  const home = input.stack.status?.dataHost?.machineID;
  // A first installation comes back to a host that it had left.
  const isUnused = home === undefined && host.state !== undefined && !isUsed(host.state);
  if (host.state === undefined || (home !== host.facts.machineID && !isUnused)) return undefined;
  if (host.state.moved !== undefined)
    return act(input, 'Relocate', [{ type: 'UnmarkMoved', cause: 'MoveTakenBack' }], {
      is: 'MoveTakenBack',
      starts: false,
    });
  const { relocation } = input.stack.status ?? {};
  const { tasks = [] } = input.desired?.release ?? {};
  const broken =
    relocation !== undefined && relocation.state !== 'Completed' && relocation.fromMachineID === home;
  const stopped =
    host.state.applied !== undefined &&
    host.state.data?.state === undefined &&
    host.state.applied.services.some(
      ({ service }) =>
        !host.containers.some(
          (one) => one.service === service && (one.state === 'running' || isDone(one, tasks)),
        ),
    );
  return broken && stopped
    ? act(
        input,
        'Relocate',
        [
          { type: 'ApplyRelease', cause: 'MoveTakenBack' },
          { type: 'RecordApplied', cause: 'MoveTakenBack' },
        ],
        { is: 'MoveTakenBack', starts: true },
      )
    : undefined;
}

function migrate(input: PlanInput, relocation: RelocationLook): Verdict | undefined {
  const { old, id, from, warm, final } = relocation;
  const { stack } = input;
  const { address } = from.host;
  if (!old.ok) return isHandedOver(stack, relocation) ? undefined : holdMove(input, relocation);
  const { state } = old.value;
  if (state === undefined || state.data === undefined)
    return blocked('DataNotEmpty', { is: 'DataGoneFromHost', machineID: from.machineID, address });
  if (isFenced(old.value)) return undefined;
  // Marked, and then the operator was gone: the mark alone stops nothing.
  if (state.moved !== undefined) return fence(input, relocation);
  const early = unfitForBackup(state, warm);
  if (early !== undefined)
    return blocked(early === 'Overwritten' ? 'DataIncomplete' : 'RelocationNeedsBackup', {
      is: 'MoveAmidRestore',
      address,
      source: state.data.source,
      early,
    });
  const obstacle = versionObstacle(input, state.applied?.version);
  if (obstacle !== undefined) return obstacle;
  const names = relocationBackups(id);
  const before = backup(warm, names.warm, { which: 'Warm', address });
  if (before !== undefined) return before;
  const { keep, running } = besidesDatabase(input, old.value);
  if (running > 0) {
    return {
      kind: 'Act',
      step: 'Relocate',
      wave: [{ type: 'StopFormer', machineID: from.machineID, keep, cause: 'FormerRuns' }],
      facts: { is: 'StoppingFormer', containers: running, address },
    };
  }
  const last = backup(final, names.final, { which: 'Final' });
  if (last !== undefined) return last;
  return fence(input, relocation);
}

/** Why no backup can be made of the old host's data, whoever waits for it: what a JtelRestore does there comes first. */
function unfitForBackup(
  { data, applied }: HostState,
  warm: JtelBackup | undefined,
): 'Overwritten' | 'NotStarted' | undefined {
  if (data?.state === 'Incomplete') return 'Overwritten';
  return applied === undefined && warm?.status?.phase !== 'Completed' ? 'NotStarted' : undefined;
}

function fence({ stack }: PlanInput, { from }: RelocationLook): Verdict {
  const { address } = stack.spec.host;
  return {
    kind: 'Act',
    step: 'Relocate',
    wave: [{ type: 'FenceFormer', machineID: from.machineID, address, cause: 'FormerNotMarked' }],
    facts: { is: 'FencingFormer', from: from.host.address, to: address },
  };
}

/** The old host is given up. Should it answer after all, it is fenced before anything is loaded. */
function recover(input: PlanInput, relocation: RelocationLook): Verdict | undefined {
  const { old, newest } = relocation;
  if (newest?.ok === false) return blocked(newest.reason, { is: 'NotRecoverable', message: newest.message });
  return !old.ok || isForgotten(old.value) || isFenced(old.value) ? undefined : fence(input, relocation);
}

/** The old host was stopped and marked, and its last data are stored: nothing there is needed any more. */
export function isHandedOver({ status }: JtelStack, { final }: RelocationLook): boolean {
  return final?.status?.phase === 'Completed' && status?.relocation?.state === 'Loading';
}

/** Only a person can decide that what was written since the last backup is lost. */
export function holdMove({ stack, now }: PlanInput, { old, from, newest }: RelocationLook): Verdict {
  return blocked(
    'RelocationNeedsOldHost',
    {
      is: 'OldHostAway',
      address: from.host.address,
      machineID: from.machineID,
      message: old.ok ? '' : old.message,
      ...(newest?.ok === true
        ? {
            newest: {
              backupID: newest.value.backupID,
              ageSeconds: Math.max(0, (now.getTime() - Date.parse(newest.value.time)) / 1000),
            },
          }
        : {}),
      ...(newest?.ok === false ? { noBackup: newest.message } : {}),
    },
    stack.spec.relocation.source === 'Migrate',
  );
}

function backup(found: JtelBackup | undefined, name: string, use: MoveBackupUse): Verdict | undefined {
  if (found === undefined)
    return {
      kind: 'Act',
      step: 'Relocate',
      wave: [{ type: 'CreateMoveBackup', name, cause: 'NoMoveBackup' }],
      facts: { is: 'MoveBackup', backup: name, ...use },
    };
  const { phase, message, progress } = found.status ?? {};
  if (phase === 'Completed') return undefined;
  if (phase === 'Failed') {
    return blocked('BackupFailed', { is: 'MoveBackupFailed', backup: name, ...optional({ message }) });
  }
  return {
    kind: 'Wait',
    step: 'Relocate',
    reason: 'Relocating',
    facts: { is: 'WaitingForMoveBackup', backup: name, ...optional({ progress, message }), ...use },
    afterSeconds: 3,
  };
}

/** With a new version at the same time it is an out-of-place update: the containers update the data on the new host. */
function versionObstacle({ release }: PlanInput, present: string | undefined): Verdict | undefined {
  if (!release.ok || present === undefined) return undefined;
  const { version, updateFrom } = release.value;
  const verdict = present === version ? { allowed: true as const } : updateFrom(present);
  if (verdict.allowed) return undefined;
  return blocked(verdict.kind === 'Downgrade' ? 'DowngradeRefused' : 'UpdateNotSupported', {
    is: 'MoveToWrongVersion',
    version,
    why: verdict.message,
  });
}

function blocked(reason: Reason, facts: Facts, stalled = true): Verdict {
  return {
    kind: 'Blocked',
    step: 'Relocate',
    condition: 'Ready',
    reason,
    facts,
    stalled,
    afterSeconds: holdSeconds,
  };
}
