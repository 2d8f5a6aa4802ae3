/**
 * Whether a spec can be begun: its inputs are there, its release takes the data as they are, its window is open, the host is good
 * enough. While it cannot, the last good one is looked after instead. Pure.
 */

import type { Reason } from '../../../crds/index.ts';
import type { HostState } from '../../../host-driver/host.ts';
import { isNewerSeries } from '../../../release/fitness.ts';
import { presentVersion, takenBackTo } from './effective.ts';
import type { Verdict, PlanInput, Refusal } from '../model.ts';
import type { Revisions } from './revisions.ts';
import { sayLocally, windowState } from './windows.ts';

/** How long to wait before looking again at something that a person has to change; a watch usually wakes us sooner. */
const inputRetrySeconds = 60;
const longestWindowWaitSeconds = 3600;
const mebibyte = 2 ** 20;
/** Unpacked, beyond the layers that it shares with others; a registry tells only what it weighs packed. */
const estimatedImageBytes = 200 * mebibyte;

/** @returns why this spec is not begun now; undefined when nothing speaks against it. */
export function refusal(input: PlanInput): Refusal | undefined {
  for (const stage of [inputsStage, versionStage, windowStage, preflightStage, diskStage]) {
    const verdict = stage(input);
    if (verdict !== undefined)
      return verdict.kind === 'Blocked' || verdict.kind === 'Wait' ? verdict : undefined;
  }
  return undefined;
}

export function inputsStage(input: PlanInput): Verdict | undefined {
  const { missingCredentials, release, secrets } = input;
  if (!secrets.ok) {
    const { reason, message } = secrets;
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
  if (!release.ok) {
    const { reason, message } = release;
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
  if (missingCredentials !== undefined) {
    const { generate, selfSigned } = missingCredentials;
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
function lostKeys({ stack, release, observed }: PlanInput): Verdict | undefined {
  if (!release.ok) return undefined;
  const { version, keys, databaseServices } = release.value;
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

/** Data of one version under another release: only where the release says it can update it, and with a way back. */
export function versionStage({ stack, release, observed }: PlanInput): Verdict | undefined {
  // A restore brings data of its own, and checks by itself whether the release can use them.
  if (!observed.host.ok || !release.ok || isTakenBack(observed.revisions) || observed.bringsData)
    return undefined;
  const { state, containers } = observed.host.value;
  const present = presentVersion(state, containers);
  const { version, updateFrom } = release.value;
  if (present === undefined || present === version) return undefined;
  const verdict = updateFrom(present);
  if (!verdict.allowed && verdict.kind === 'Downgrade')
    return blocked(
      'DowngradeRefused',
      `${runs(present, state)}: ${verdict.message}. ${wayDown(observed.revisions, version)}`,
    );
  if (!verdict.allowed) return blocked('UpdateNotSupported', `${runs(present, state)}: ${verdict.message}.`);
  const { series } = release.value;
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
export function windowStage({ stack, observed, now }: PlanInput): Verdict | undefined {
  const { revisions } = observed;
  if (
    !observed.host.ok ||
    revisions === undefined ||
    revisions.current.attempt !== undefined ||
    isTakenBack(revisions)
  )
    return undefined;
  if (observed.bringsData) return undefined;
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
export function diskStage({ stack, desired, observed }: PlanInput): Verdict | undefined {
  if (!observed.host.ok || desired === undefined || isTakenBack(observed.revisions)) return undefined;
  const { state, containers, images, facts } = observed.host.value;
  const present = presentVersion(state, containers);
  if (present === undefined || present === stack.spec.version || images === undefined) return undefined;
  const there = new Set(images);
  const missing = desired.release.images.filter(
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

export function preflightStage({ findings }: PlanInput): Verdict | undefined {
  const first = findings[0];
  if (first === undefined) return undefined;
  return {
    kind: 'Blocked',
    step: 'Preflight',
    condition: 'Preflight',
    reason: first.reason,
    message: findings.map((finding) => finding.message).join(' '),
    stalled: true,
    afterSeconds: 300,
  };
}

function isTakenBack(revisions: Revisions | undefined): boolean {
  return revisions !== undefined && takenBackTo(revisions) !== undefined;
}

function blocked(reason: Reason, message: string): Verdict {
  return {
    kind: 'Blocked',
    step: 'Preflight',
    condition: 'UpToDate',
    reason,
    message,
    stalled: true,
    afterSeconds: inputRetrySeconds,
  };
}
