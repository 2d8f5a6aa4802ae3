/**
 * A change from what runs to what is wanted: whether it may begin, what it waits for, and the wave that carries it out. Nothing
 * is stopped before everything that the new containers need is on the host. An update to another version first makes a backup
 * and marks the host, so that from then on nobody takes the data for those of the old version.
 */

import type { Reason } from '../../../../crds/index.ts';
import type { HostState, UpdateMark } from '../../../../host-driver/host.ts';
import type { RenderedRelease } from '../../../../host-driver/rendered-release.ts';
import { isNewerSeries } from '../../../../release/fitness.ts';
import type { Action } from '../../actions.ts';
import { presentVersion, takenBackTo } from '../../desired/effective.ts';
import type { Plan, PlanInput } from '../../model.ts';
import type { Attempt, ChangeKind, Revisions } from '../../desired/revisions.ts';
import { sayLocally, windowState } from '../windows.ts';
import { act, preparations } from './act.ts';
import { findDrift } from './running.ts';
import { optional } from '../../../../base/optional.ts';

const inputRetrySeconds = 60;
const longestWindowWaitSeconds = 3600;
const mebibyte = 2 ** 20;
/** Unpacked, beyond the layers that it shares with others; a registry tells only what it weighs packed. */
const estimatedImageBytes = 200 * mebibyte;

/** Data of one version under another release: only where the release says it can update it, and with a way back. */
export function versionStage({ stack, observed }: PlanInput): Plan | undefined {
  // A restore brings data of its own, and checks by itself whether the release can use them.
  if (
    !observed.host.ok ||
    !observed.release.ok ||
    isTakenBack(observed.revisions) ||
    observed.order !== undefined
  )
    return undefined;
  const { state, containers } = observed.host.value;
  const present = presentVersion(state, containers);
  const { version, updateFrom } = observed.release.value;
  if (present === undefined || present === version) return undefined;
  const verdict = updateFrom(present);
  if (!verdict.allowed && verdict.kind === 'Downgrade')
    return blocked(
      'DowngradeRefused',
      `${runs(present, state)}: ${verdict.message}. ${wayDown(observed.revisions, version)}`,
    );
  if (!verdict.allowed) return blocked('UpdateNotSupported', `${runs(present, state)}: ${verdict.message}.`);
  const { series } = observed.release.value;
  const before = state?.applied?.series;
  if (series !== undefined && before !== undefined && isNewerSeries(before, series))
    return blocked(
      'UpdateNotSupported',
      `${runs(present, state)}: the database of ${version} is MariaDB ${series}, older than the ${before} that ${present} has, and MariaDB knows no way back. ` +
        `Take a release with ${before} or newer.`,
    );
  if (stack.spec.update.preUpdateBackup === 'Required' && stack.spec.backup === undefined) {
    return blocked(
      'BackupRequired',
      `An update from ${present} to ${version} wants a backup first, and the stack has no backup store. ` +
        `${runs(present, state)}; set spec.backup.storeRef, or spec.update.preUpdateBackup to Skip to update without a way back.`,
    );
  }
  return undefined;
}

function runs(present: string, state: HostState | undefined): string {
  return state?.update === undefined
    ? `${present} keeps running`
    : `The update from ${state.update.from} to ${state.update.to} has begun to change the data`;
}

/** How a person gets to an older version. */
function wayDown(revisions: Revisions | undefined, version: string): string {
  const backup = revisions?.all.findLast(
    ({ attempt }) => attempt?.from?.version === version && attempt.backupRef !== undefined,
  )?.attempt?.backupRef;
  const which =
    backup === undefined
      ? `a backup that release ${version} (or one before it) made`
      : `backup ${backup}, made before the update`;
  return `To go back, restore ${which}: create a JtelRestore with ifNotEmpty Replace while spec.version is ${version}; what was written since is lost.`;
}

/** An update begins in its window; once begun, it is carried through. */
export function windowStage({ stack, observed, now }: PlanInput): Plan | undefined {
  const { revisions } = observed;
  if (
    !observed.host.ok ||
    revisions === undefined ||
    revisions.current.attempt !== undefined ||
    isTakenBack(revisions)
  )
    return undefined;
  if (observed.order !== undefined) return undefined;
  const { state, containers } = observed.host.value;
  const present = presentVersion(state, containers);
  const { version } = stack.spec;
  // An update that was begun already, under a former spec, is carried through.
  if (present === undefined || present === version || state?.update !== undefined) return undefined;
  const window = windowState(stack.spec.update.windows, now);
  if (window.kind === 'Open') return undefined;
  if (window.kind === 'Invalid')
    return blocked(
      'SpecInvalid',
      `spec.update.windows: there is no time zone ${window.timeZone}; ${present} keeps running.`,
    );
  const afterSeconds = Math.min(
    longestWindowWaitSeconds,
    Math.ceil((window.next.getTime() - now.getTime()) / 1000),
  );
  const message = `the update from ${present} to ${version} waits for its window, which opens ${sayLocally(window.next, window.timeZone)}`;
  return { kind: 'Wait', step: 'Window', reason: 'WaitingForWindow', message, afterSeconds };
}

/** Before an update: room for the images that are not there yet, so that a pull does not fill the disk under a running database. */
export function diskStage({ stack, observed }: PlanInput): Plan | undefined {
  if (!observed.host.ok || observed.desired === undefined || isTakenBack(observed.revisions))
    return undefined;
  const { state, containers, images, facts } = observed.host.value;
  const present = presentVersion(state, containers);
  if (present === undefined || present === stack.spec.version || images === undefined) return undefined;
  const there = new Set(images);
  const missing = observed.desired.release.images.filter(
    ({ repository, digest }) => !there.has(`${repository}@${digest}`),
  ).length;
  const neededBytes = missing * estimatedImageBytes;
  const freeBytes = facts.imageDisk?.freeBytes ?? facts.diskFreeBytes;
  if (freeBytes >= neededBytes) return undefined;
  const message =
    `${stack.spec.host.address} has ${Math.floor(freeBytes / mebibyte)} MiB of disk left for Docker; the ${missing} images of ${stack.spec.version} that it lacks need about ` +
    `${neededBytes / mebibyte} MiB: free some space on the host. ${present} keeps running.`;
  return {
    kind: 'Blocked',
    step: 'Preflight',
    condition: 'Preflight',
    reason: 'DiskFull',
    message,
    stalled: true,
    afterSeconds: inputRetrySeconds,
  };
}

/** Before an update: its backup is complete. The old release runs on meanwhile. */
export function backupStage({ stack, observed }: PlanInput): Plan | undefined {
  if (
    !observed.host.ok ||
    observed.desired === undefined ||
    observed.objection !== undefined ||
    observed.host.value.state?.update !== undefined
  )
    return undefined;
  const name = observed.revisions?.current.attempt?.backupRef;
  if (name === undefined || observed.revisions?.current.outcome !== undefined) return undefined;
  const { namespace } = stack.metadata;
  const backup = observed.updateBackup;
  const version = stack.spec.version;
  if (backup === undefined) {
    return {
      kind: 'Act',
      step: 'Backup',
      wave: [{ type: 'CreateBackup', name }],
      message: `backing up before the update to ${version}`,
    };
  }
  const { phase, message = '', progress } = backup.status ?? {};
  if (phase === 'Completed') return undefined;
  if (phase === 'Failed') {
    return blocked(
      'BackupFailed',
      `The backup before the update to ${version} failed, so nothing was changed: ${message} ` +
        `To try again, delete it: kubectl delete jtelbackup ${name} -n ${namespace}.`,
      'Backup',
    );
  }
  const how = [progress, message].filter((part) => part !== undefined && part !== '').join(', ');
  return {
    kind: 'Wait',
    step: 'Backup',
    reason: 'WaitingForBackup',
    message: `waiting for backup ${name}${how === '' ? '' : `: ${how}`}`,
    afterSeconds: 5,
  };
}

export function applyStage(input: PlanInput): Plan | undefined {
  const { observed } = input;
  if (!observed.host.ok || observed.desired === undefined) return undefined;
  const { state, currentRelease } = observed.host.value;
  const wanted = observed.desired.release;
  const isApplied = state?.applied?.digest === wanted.digest && currentRelease === wanted.digest;
  // What a change left half-done is brought about whatever the policy for drift.
  if (isApplied && !(isHalfDone(input) && findDrift(observed.host.value).length > 0)) return undefined;
  const backTo = observed.revisions === undefined ? undefined : takenBackTo(observed.revisions);
  const begin = beginning(input);
  // The backup comes first, in waves of its own.
  if (begin?.backupRef !== undefined) {
    return {
      kind: 'Act',
      step: 'Backup',
      wave: [
        { type: 'NoteAttempt', attempt: begin },
        { type: 'CreateBackup', name: begin.backupRef },
      ],
      message: `backing up before the update to ${wanted.version}`,
    };
  }
  const from = state?.applied?.version;
  const isUpdate =
    backTo === undefined && from !== undefined && from !== wanted.version && state?.update === undefined;
  const wave: readonly Action[] = [
    ...(begin === undefined ? [] : [{ type: 'NoteAttempt', attempt: begin } as const]),
    ...preparations(observed.host.value, wanted),
    ...(isUpdate
      ? [
          {
            type: 'MarkUpdate',
            mark: updateMark(from, state?.applied?.series, wanted),
          } as const,
        ]
      : []),
    { type: 'ApplyRelease' },
    { type: 'RecordApplied' },
  ];
  if (backTo !== undefined) return act(input, 'WayBack', wave, `bringing release ${wanted.version} back`);
  return act(
    input,
    'Apply',
    wave,
    isUpdate ? `updating from ${from} to ${wanted.version}` : `applying release ${wanted.version}`,
  );
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
function isHalfDone({ observed }: PlanInput): boolean {
  const { revisions, objection } = observed;
  if (revisions === undefined || revisions.current.outcome !== undefined || objection !== undefined)
    return false;
  const well = revisions.good?.number ?? 0;
  return revisions.all.some(
    ({ number, attempt, outcome }) => number > well && attempt !== undefined && outcome === undefined,
  );
}

/** What is noted when work on the current revision begins; undefined when it has begun, or nothing of it is being applied. */
function beginning({ stack, observed, now }: PlanInput): Attempt | undefined {
  const { revisions } = observed;
  if (
    !observed.host.ok ||
    revisions === undefined ||
    revisions.current.attempt !== undefined ||
    revisions.current.outcome !== undefined
  )
    return undefined;
  if (observed.objection !== undefined) return undefined;
  const { state } = observed.host.value;
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

function isTakenBack(revisions: Revisions | undefined): boolean {
  return revisions !== undefined && takenBackTo(revisions) !== undefined;
}

function blocked(reason: Reason, message: string, step: 'Preflight' | 'Backup' = 'Preflight'): Plan {
  return {
    kind: 'Blocked',
    step,
    condition: 'UpToDate',
    reason,
    message,
    stalled: true,
    afterSeconds: inputRetrySeconds,
  };
}
