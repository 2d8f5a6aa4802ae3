/**
 * Moving a stack to another host. The new host is prepared and a first backup made while the old one serves; then everything
 * but its database is stopped, a second backup takes what changed since, the old host is marked so that nothing brings the stack
 * back there, and only then is anything loaded on the new one. Until the mark, the way back is to set spec.host back.
 */

import type { JtelBackup, Reason } from '../../../../crds/index.ts';
import type { HostObservation } from '../../../../host-driver/host.ts';
import { isCarriedOut } from '../../data-order.ts';
import type { Verdict, PlanInput } from '../../model.ts';
import { isFenced, isSuperseded, relocationBackups, type RelocationLook } from '../../relocation.ts';
import { act, preparations } from './act.ts';

const holdSeconds = 30;

/** Former hosts come first, whatever else there is to do: a stack must never run twice. */
export function formerStage({ stack, observed }: PlanInput): Verdict | undefined {
  const found = observed.formers?.find(({ host }) => host.ok);
  if (found === undefined) return undefined;
  const { machineID } = found.former;
  if (machineID === stack.status?.dataHost?.machineID) return undefined;
  // Marked already: the status follows from that.
  if (found.host.ok && (found.host.value.state === undefined || isFenced(found.host.value))) return undefined;
  const address = stack.status?.dataHost?.host.address ?? stack.spec.host.address;
  return {
    kind: 'Act',
    step: 'Relocate',
    wave: [{ type: 'FenceFormer', machineID, address }],
    message: `stopping the stack on its former host ${found.former.host.address}, which answers again`,
  };
}

export function relocationStage(input: PlanInput): Verdict | undefined {
  const { desired, release, observed, stack } = input;
  if (!observed.host.ok || !release.ok || desired === undefined) return undefined;
  const { relocation, order } = observed;
  const host = observed.host.value;
  if (relocation === undefined) return comeBack(input, host);
  const data = host.state?.data;
  if (isCarriedOut(data, { requestUID: relocation.id })) return undefined;
  if (stack.spec.backup === undefined) {
    return blocked(
      'RelocationNeedsBackup',
      `Moving the stack to ${stack.spec.host.address} takes its data there by a backup: add spec.backup. It keeps running on ${relocation.from.host.address}.`,
    );
  }
  const ours = data?.requestUID === relocation.id;
  if (host.state !== undefined && data !== undefined && !ours && !isSuperseded(host.state)) {
    return blocked(
      'DataNotEmpty',
      `${stack.spec.host.address} has data of this stack (${data.source}) that are not known to be superseded: nothing is touched. Remove them by hand, or move to another host.`,
    );
  }
  const first = preparations(host, desired.release);
  if (first.length > 0)
    return act(
      input,
      'Relocate',
      first,
      `preparing ${stack.spec.host.address}; the stack runs on ${relocation.from.host.address} until then`,
    );
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
        },
      ],
      'marking the superseded data on the new host',
    );
  }
  return host.state?.moved === undefined
    ? undefined
    : act(input, 'Relocate', [{ type: 'UnmarkMoved' }], 'letting the new host run the stack');
}

/** spec.host was set back before the new host ever had the data: this host is still the one that holds them. */
function comeBack(input: PlanInput, host: HostObservation): Verdict | undefined {
  const home = input.stack.status?.dataHost?.machineID;
  if (host.state === undefined || home !== host.facts.machineID) return undefined;
  if (host.state.moved !== undefined)
    return act(
      input,
      'Relocate',
      [{ type: 'UnmarkMoved' }],
      'the move was taken back: letting this host run the stack again',
    );
  const { relocation } = input.stack.status ?? {};
  const broken =
    relocation !== undefined && relocation.state !== 'Completed' && relocation.fromMachineID === home;
  const stopped =
    host.state.applied !== undefined &&
    host.state.data?.state === undefined &&
    host.state.applied.services.some(
      ({ service }) => !host.containers.some((one) => one.service === service && one.state === 'running'),
    );
  return broken && stopped
    ? act(
        input,
        'Relocate',
        [{ type: 'ApplyRelease' }, { type: 'RecordApplied' }],
        'the move was taken back: starting the stack here again',
      )
    : undefined;
}

function migrate(input: PlanInput, relocation: RelocationLook): Verdict | undefined {
  const { old, id, from, warm, final } = relocation;
  const { stack, release } = input;
  const { address } = from.host;
  if (!old.ok) {
    if (final?.status?.phase === 'Completed' && stack.status?.relocation?.state === 'Loading')
      return undefined;
    return hold(input, relocation);
  }
  const { state, containers } = old.value;
  if (state === undefined || state.data === undefined)
    return blocked(
      'DataNotEmpty',
      `Machine ${from.machineID} (${address}) does not have the stack's data any more: nothing is moved. Restore a backup with a JtelRestore, or set spec.host back.`,
    );
  if (isFenced(old.value)) return undefined;
  // Marked, and then the operator was gone: the mark alone stops nothing.
  if (state.moved !== undefined) return fence(input, relocation);
  const obstacle = versionObstacle(input, state.applied?.version);
  if (obstacle !== undefined) return obstacle;
  const names = relocationBackups(id);
  const before = backup(warm, names.warm, `before the stack is stopped on ${address}`);
  if (before !== undefined) return before;
  const keep = release.ok ? release.value.databaseServices : [];
  const running = containers.filter(
    ({ service, state: one }) => one !== 'exited' && one !== 'created' && !keep.includes(service),
  );
  if (running.length > 0) {
    return {
      kind: 'Act',
      step: 'Relocate',
      wave: [{ type: 'StopFormer', machineID: from.machineID, keep }],
      message: `stopping ${running.length} containers on ${address}; only the database runs on`,
    };
  }
  const last = backup(final, names.final, 'of what changed since');
  if (last !== undefined) return last;
  return fence(input, relocation);
}

function fence({ stack }: PlanInput, { from }: RelocationLook): Verdict {
  const { address } = stack.spec.host;
  return {
    kind: 'Act',
    step: 'Relocate',
    wave: [{ type: 'FenceFormer', machineID: from.machineID, address }],
    message: `stopping the stack on ${from.host.address} and marking it: it lives at ${address} from now on`,
  };
}

/** The old host is given up. Should it answer after all, it is fenced before anything is loaded. */
function recover(input: PlanInput, relocation: RelocationLook): Verdict | undefined {
  const { old, newest } = relocation;
  if (newest?.ok === false)
    return blocked(newest.reason, `The stack cannot be recovered from a backup: ${newest.message}`);
  return !old.ok || old.value.state === undefined || isFenced(old.value)
    ? undefined
    : fence(input, relocation);
}

/** Only a person can decide that what was written since the last backup is lost. */
function hold({ stack, now }: PlanInput, { old, from, newest }: RelocationLook): Verdict {
  const why = old.ok ? '' : old.message;
  const lost =
    newest?.ok === true
      ? `The newest backup is ${newest.value.backupID}: what was written in the last ${hoursSince(newest.value.time, now)} hours would be lost. ` +
        'To agree to that, set spec.relocation.source to RecoverFromBackup'
      : `No backup can be found either (${newest?.ok === false ? newest.message : 'not looked for'})`;
  return blocked(
    'RelocationNeedsOldHost',
    `The data of the stack are on ${from.host.address} (machine ${from.machineID}), which cannot be reached: ${why} ${lost}; to wait for it, do nothing; to go back, set spec.host back.`.replaceAll(
      /\s+/g,
      ' ',
    ),
    stack.spec.relocation.source === 'Migrate',
  );
}

function hoursSince(time: string, now: Date): string {
  return Math.max(0, (now.getTime() - Date.parse(time)) / 3_600_000).toFixed(1);
}

function backup(found: JtelBackup | undefined, name: string, why: string): Verdict | undefined {
  if (found === undefined)
    return {
      kind: 'Act',
      step: 'Relocate',
      wave: [{ type: 'CreateMoveBackup', name }],
      message: `making backup ${name} ${why}`,
    };
  const { phase, message, progress } = found.status ?? {};
  if (phase === 'Completed') return undefined;
  if (phase === 'Failed') {
    return blocked(
      'BackupFailed',
      `The move stopped because backup ${name} failed: ${message ?? ''} Solve that and delete it to try again (kubectl delete jtelbackup ${name}), or set spec.host back.`,
    );
  }
  return {
    kind: 'Wait',
    step: 'Relocate',
    reason: 'Relocating',
    message: `waiting for backup ${name} ${why}${progress === undefined ? '' : ` (${progress})`}: ${message ?? 'not begun yet'}`,
    afterSeconds: 3,
  };
}

/** With a new version at the same time it is an out-of-place update: the containers update the data on the new host. */
function versionObstacle({ release }: PlanInput, present: string | undefined): Verdict | undefined {
  if (!release.ok || present === undefined) return undefined;
  const { version, updateFrom } = release.value;
  const verdict = present === version ? { allowed: true as const } : updateFrom(present);
  if (verdict.allowed) return undefined;
  return blocked(
    verdict.kind === 'Downgrade' ? 'DowngradeRefused' : 'UpdateNotSupported',
    `The stack cannot be moved to release ${version}: ${verdict.message}. It keeps running where it is.`,
  );
}

function blocked(reason: Reason, message: string, stalled = true): Verdict {
  return {
    kind: 'Blocked',
    step: 'Relocate',
    condition: 'Ready',
    reason,
    message,
    stalled,
    afterSeconds: holdSeconds,
  };
}
