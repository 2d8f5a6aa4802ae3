/**
 * Whether a spec can be begun: its inputs are there, its release takes the data as they are, its window is open, the host is good
 * enough. While it cannot, the last good one is looked after instead. Pure.
 */

import type { Reason } from '../../../crds/index.ts';
import type { HostState } from '../../../host-driver/host.ts';
import { isNewerSeries } from '../../../release/fitness.ts';
import { presentVersion, takenBackTo } from './effective.ts';
import type { Verdict, SpecInput, Refusal } from '../model.ts';
import { strandedData } from './stranded.ts';
import { areCredentialsLost } from './lost-credentials.ts';
import type { Revisions } from './revisions.ts';
import { windowState } from '../../times/update-windows.ts';
import type { Facts, Present } from '../findings.ts';
import { told } from '../../inputs/outcome.ts';
import { optional } from '../../../base/optional.ts';

/** How long to wait before looking again at something that a person has to change; a watch usually wakes us sooner. */
const inputRetrySeconds = 60;
const longestWindowWaitSeconds = 3600;
const mebibyte = 2 ** 20;
/** Unpacked, beyond the layers that it shares with others; a registry tells only what it weighs packed. */
const estimatedImageBytes = 200 * mebibyte;

/** @returns why this spec is not begun now; undefined when nothing speaks against it. */
export function refusal(input: SpecInput): Refusal | undefined {
  for (const stage of [inputsStage, versionStage, moveStage, windowStage, preflightStage, diskStage]) {
    const verdict = stage(input);
    if (verdict !== undefined)
      return verdict.kind === 'Blocked' || verdict.kind === 'Wait' ? verdict : undefined;
  }
  return undefined;
}

export function inputsStage(input: SpecInput): Verdict | undefined {
  const { missingCredentials, release, secrets } = input;
  if (!secrets.ok) {
    const { reason, facts } = told(secrets);
    return {
      kind: 'Blocked',
      step: 'Inputs',
      condition: 'Ready',
      reason,
      facts,
      stalled: true,
      afterSeconds: inputRetrySeconds,
    };
  }
  if (!release.ok) {
    const { reason, facts } = told(release);
    const stalled = reason === 'ReleaseNotFound' || reason === 'ReleaseInvalid';
    return {
      kind: 'Blocked',
      step: 'Inputs',
      condition: 'ReleaseAvailable',
      reason,
      facts,
      stalled,
      afterSeconds: inputRetrySeconds,
    };
  }
  if (missingCredentials !== undefined) {
    // The host has them, so it is looked at first (stages/credentials.ts).
    if (areCredentialsLost(input)) return undefined;
    const { generate, selfSigned } = missingCredentials;
    const lost = generate.some(({ length }) => length === 'EncryptionKeys') ? lostKeys(input) : undefined;
    if (lost !== undefined) return lost;
    return {
      kind: 'Act',
      step: 'Credentials',
      wave: [{ type: 'EnsureCredentials', generate, selfSigned, cause: 'CredentialsMissing' }],
      facts: { is: 'MakingCredentials' },
    };
  }
  return undefined;
}

/** New keys for a database that was encrypted with others would make it unreadable at its next start. */
function lostKeys({ stack, release, observed }: SpecInput): Verdict | undefined {
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
    facts: {
      is: 'KeysLost',
      stack: { name, namespace },
      keys,
      address: stack.spec.host.address,
      service: databaseServices[0] ?? '',
    },
    stalled: true,
    afterSeconds: inputRetrySeconds,
  };
}

/** Data of one version under another release: only where the release says it can update it, and with a way back. */
export function versionStage({ stack, release, observed }: SpecInput): Verdict | undefined {
  // A restore brings data of its own, and checks by itself whether the release can use them.
  if (!observed.host.ok || !release.ok || isTakenBack(observed.revisions) || observed.bringsData)
    return undefined;
  const { state, containers } = observed.host.value;
  const present = presentVersion(state, containers);
  const { version, updateFrom } = release.value;
  if (present === undefined || present === version) return undefined;
  const verdict = updateFrom(present);
  if (!verdict.allowed && verdict.kind === 'Downgrade')
    return blocked('DowngradeRefused', {
      is: 'Downgrade',
      why: verdict.message,
      version,
      ...optional({ backup: backupOf(observed.revisions, version) }),
      ...runs(present, state),
    });
  if (!verdict.allowed)
    return blocked('UpdateNotSupported', {
      is: 'NoWayToUpdate',
      why: verdict.message,
      ...runs(present, state),
    });
  const { series } = release.value;
  const before = state?.applied?.series;
  if (series !== undefined && before !== undefined && isNewerSeries(before, series))
    return blocked('UpdateNotSupported', {
      is: 'OlderDatabase',
      version,
      series,
      before,
      ...runs(present, state),
    });
  if (stack.spec.update.preUpdateBackup === 'Required' && stack.spec.backup === undefined) {
    return blocked('BackupRequired', { is: 'NoStoreForUpdate', version, ...runs(present, state) });
  }
  return undefined;
}

/** A move that has stopped the stack does not wait until somebody corrects a version that its data cannot reach. */
function moveStage({ release, observed }: SpecInput): Verdict | undefined {
  const present = strandedData(observed.relocation, { release })?.applied?.version;
  if (!release.ok || present === undefined || present === release.value.version) return undefined;
  const { version, updateFrom } = release.value;
  const verdict = updateFrom(present);
  if (verdict.allowed) return undefined;
  return blocked(verdict.kind === 'Downgrade' ? 'DowngradeRefused' : 'UpdateNotSupported', {
    is: 'MoveToWrongVersion',
    version,
    why: verdict.message,
    present,
  });
}

function runs(present: string, state: HostState | undefined): Present {
  const { update } = state ?? {};
  return update === undefined ? { present } : { present, update: { from: update.from, to: update.to } };
}

/** Name of the backup that was made before an update from that version. */
function backupOf(revisions: Revisions | undefined, version: string): string | undefined {
  return revisions?.all.findLast(
    ({ attempt }) => attempt?.from?.version === version && attempt.backupRef !== undefined,
  )?.attempt?.backupRef;
}

/** An update begins in its window; once begun, it is carried through. */
export function windowStage({ stack, observed, now }: SpecInput): Verdict | undefined {
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
    return blocked('SpecInvalid', { is: 'NoTimeZone', timeZone: window.timeZone, present });
  const afterSeconds = Math.min(
    longestWindowWaitSeconds,
    Math.ceil((window.next.getTime() - now.getTime()) / 1000),
  );
  return {
    kind: 'Wait',
    step: 'Window',
    reason: 'WaitingForWindow',
    facts: { is: 'WindowClosed', present, version, opens: window.next, timeZone: window.timeZone },
    afterSeconds,
  };
}

/** Before an update: room for the images that are not there yet, so that a pull does not fill the disk under a running database. */
export function diskStage({ stack, desired, observed }: SpecInput): Verdict | undefined {
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
  return {
    kind: 'Blocked',
    step: 'Preflight',
    condition: 'Preflight',
    reason: 'DiskFull',
    facts: {
      is: 'NoDiskForImages',
      address: stack.spec.host.address,
      freeBytes,
      neededBytes,
      images: missing,
      version: stack.spec.version,
      present,
    },
    stalled: true,
    afterSeconds: inputRetrySeconds,
  };
}

export function preflightStage({ findings }: SpecInput): Verdict | undefined {
  const first = findings[0];
  if (first === undefined) return undefined;
  return {
    kind: 'Blocked',
    step: 'Preflight',
    condition: 'Preflight',
    reason: first.reason,
    facts: { is: 'HostUnfit', findings },
    stalled: true,
    afterSeconds: 300,
  };
}

function isTakenBack(revisions: Revisions | undefined): boolean {
  return revisions !== undefined && takenBackTo(revisions) !== undefined;
}

function blocked(reason: Reason, facts: Facts): Verdict {
  return {
    kind: 'Blocked',
    step: 'Preflight',
    condition: 'UpToDate',
    reason,
    facts,
    stalled: true,
    afterSeconds: inputRetrySeconds,
  };
}
