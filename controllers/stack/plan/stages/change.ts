/**
 * A change from what runs to what is wanted: whether it may begin, what it waits for, and the wave that carries it out. Nothing
 * is stopped before everything that the new containers need is on the host. An update to another version first makes a backup
 * and marks the host, so that from then on nobody takes the data for those of the old version.
 */

import type { HostState, UpdateMark } from '../../../../host-driver/host.ts';
import type { RenderedRelease } from '../../../../host-driver/rendered-release.ts';
import type { Action } from '../../actions.ts';
import { isOvertaken, takenBackTo } from '../../desired/effective.ts';
import type { Verdict, PlanInput } from '../../model.ts';
import type { Attempt, ChangeKind, Revisions } from '../../desired/revisions.ts';
import { act, preparations } from './act.ts';
import { findDrift } from './running.ts';
import { optional } from '../../../../base/optional.ts';

const inputRetrySeconds = 60;

/** Before an update: its backup is complete. The old release runs on meanwhile. */
export function backupStage({ stack, desired, objection, observed }: PlanInput): Verdict | undefined {
  if (
    !observed.host.ok ||
    desired === undefined ||
    objection !== undefined ||
    observed.host.value.state?.update !== undefined
  )
    return undefined;
  const { current } = observed.revisions ?? {};
  const name = current?.attempt?.backupRef;
  if (current === undefined || name === undefined || current.outcome !== undefined) return undefined;
  if (isOvertaken(current, observed.host.value.state)) return undefined;
  const { namespace } = stack.metadata;
  const backup = observed.updateBackup;
  const version = stack.spec.version;
  if (backup === undefined) {
    return {
      kind: 'Act',
      step: 'Backup',
      wave: [{ type: 'CreateBackup', name, cause: 'UpdateNeedsBackup' }],
      facts: { is: 'BackingUp', version },
    };
  }
  const { phase, message = '', progress } = backup.status ?? {};
  if (phase === 'Completed') return undefined;
  if (phase === 'Failed') {
    return {
      kind: 'Blocked',
      step: 'Backup',
      condition: 'UpToDate',
      reason: 'BackupFailed',
      facts: { is: 'UpdateBackupFailed', version, message, backup: name, namespace },
      stalled: true,
      afterSeconds: inputRetrySeconds,
    };
  }
  return {
    kind: 'Wait',
    step: 'Backup',
    reason: 'WaitingForBackup',
    facts: { is: 'WaitingForBackup', backup: name, message, ...optional({ progress }) },
    afterSeconds: 5,
  };
}

export function applyStage(input: PlanInput): Verdict | undefined {
  const { desired, observed } = input;
  if (!observed.host.ok || desired === undefined) return undefined;
  const { state, currentRelease } = observed.host.value;
  const wanted = desired.release;
  const isApplied = state?.applied?.digest === wanted.digest && currentRelease === wanted.digest;
  // What a change left half-done is brought about whatever the policy for drift.
  if (isApplied && !(isHalfDone(input) && findDrift(observed.host.value, wanted.tasks).length > 0))
    return undefined;
  const backTo = observed.revisions === undefined ? undefined : takenBackTo(observed.revisions);
  const begin = beginning(input);
  // The backup comes first, in waves of its own.
  if (begin?.backupRef !== undefined) {
    return {
      kind: 'Act',
      step: 'Backup',
      wave: [
        { type: 'NoteAttempt', attempt: begin, cause: 'ChangeBegins' },
        { type: 'CreateBackup', name: begin.backupRef, cause: 'UpdateNeedsBackup' },
      ],
      facts: { is: 'BackingUp', version: wanted.version },
    };
  }
  const from = state?.applied?.version;
  const isUpdate =
    backTo === undefined && from !== undefined && from !== wanted.version && state?.update === undefined;
  const cause = backTo !== undefined ? 'ReleaseTakenBack' : isApplied ? 'ChangeHalfDone' : 'ReleaseDiffers';
  const wave: readonly Action[] = [
    ...(begin === undefined ? [] : [{ type: 'NoteAttempt', attempt: begin, cause: 'ChangeBegins' } as const]),
    ...preparations(observed.host.value, wanted),
    ...(isUpdate
      ? [
          {
            type: 'MarkUpdate',
            mark: updateMark(from, state?.applied?.series, wanted),
            cause: 'UpdateBegins',
          } as const,
        ]
      : []),
    { type: 'ApplyRelease', cause },
    { type: 'RecordApplied', cause },
  ];
  if (backTo !== undefined)
    return act(input, 'WayBack', wave, { is: 'BringingBack', version: wanted.version });
  return act(input, 'Apply', wave, {
    is: 'Applying',
    version: wanted.version,
    ...(isUpdate ? { from } : {}),
  });
}

/** A server of another series changes the files of its database as soon as it starts, and MariaDB supports no way back. */
function updateMark(from: string, series: string | undefined, wanted: RenderedRelease): UpdateMark {
  const { version: to, updater, database } = wanted;
  return {
    from,
    to,
    ...optional({ updater }),
    ...(database === undefined || database.series === series
      ? {}
      : { database: { service: database.service, image: database.image } }),
  };
}

/** A change was begun and has no outcome yet, so the containers may be old, new or mixed. A new spec alone is no change. */
function isHalfDone({ objection, observed }: PlanInput): boolean {
  const { revisions } = observed;
  if (revisions === undefined || revisions.current.outcome !== undefined || objection !== undefined)
    return false;
  const well = revisions.good?.number ?? 0;
  return revisions.all.some(
    ({ number, attempt, outcome }) => number > well && attempt !== undefined && outcome === undefined,
  );
}

/** What is noted when work on the current revision begins, anew once its data were replaced; undefined when it has begun, or nothing of it is being applied. */
function beginning({ stack, objection, observed, now }: PlanInput): Attempt | undefined {
  const { revisions } = observed;
  if (
    !observed.host.ok ||
    revisions === undefined ||
    revisions.current.outcome !== undefined ||
    objection !== undefined
  )
    return undefined;
  const { state } = observed.host.value;
  if (revisions.current.attempt !== undefined && !isOvertaken(revisions.current, state)) return undefined;
  const { good } = revisions;
  const action = changeKind(state, stack.spec.version);
  const backupRef = action === 'Update' ? updateBackup(stack, revisions, state) : undefined;
  return {
    action,
    startTime: now.toISOString(),
    ...(good === undefined || action === 'Install' || action === 'Restore'
      ? {}
      : { from: { revision: good.number, version: good.spec.version } }),
    ...optional({ backupRef }),
  };
}

function changeKind(state: HostState | undefined, version: string): ChangeKind {
  if (state?.update !== undefined) return 'Update';
  if (state?.applied === undefined) return state?.data?.requestUID === undefined ? 'Install' : 'Restore';
  return state.applied.version === version ? 'Configure' : 'Update';
}

/** Of an update that is under way already, the backup from before it: one made now would hold half-updated data. */
function updateBackup(
  stack: PlanInput['stack'],
  { all, current }: Revisions,
  state: HostState | undefined,
): string | undefined {
  if (state?.update !== undefined)
    return all.findLast(
      ({ number, attempt }) => number !== current.number && attempt?.backupRef !== undefined,
    )?.attempt?.backupRef;
  return stack.spec.update.preUpdateBackup === 'Required'
    ? `${stack.metadata.name}-pre-update-${current.number}`
    : undefined;
}
