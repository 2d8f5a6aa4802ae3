/** What was found for a restore: the stack, the backup, what was checked, the scratch project. Nothing in it is wished or planned. */

import type { Manifest } from '../../../backup-format/manifest.ts';
import type { JtelBackup, JtelRestore, JtelStack, Reason, StackHost } from '../../../crds/index.ts';
import type { HostOwner } from '../../hosts/host-owner.ts';
import type { CarriedOutOrder, HostObservation, JobReport } from '../../../host-driver/host.ts';
import type { SmokeCheck } from '../../../release/generated/release.ts';
import type { Outcome } from '../../inputs/outcome.ts';
import type { Ignored } from '../../stores/backup-doubt.ts';
import type { Phase } from '../desired/request.ts';

/** The requested backup, found. */
export interface Target {
  readonly backupID: string;
  readonly identity: string;
  readonly storeName: string;
  /** The manifest's sha256 as the JtelBackup has it, when one was named. */
  readonly manifestDigest?: string;
  /** Newer backups that were not chosen. */
  readonly skipped?: readonly string[];
  /** Newer manifests that do not count. */
  readonly ignored?: readonly Ignored[];
}

/** What one check found. `report/checks.ts` has the words. */
export interface Checking {
  readonly name: string;
  readonly result: 'Passed' | 'Skipped' | 'Failed';
  readonly facts: CheckFacts;
}

interface Room {
  readonly neededBytes: number;
  readonly freeBytes: number;
  readonly address: string;
}

type Data = NonNullable<NonNullable<JtelStack['status']>['data']>;

export type CheckFacts =
  /** In the words of whoever found it: the error of a store, a release or a Secret. */
  | { readonly is: 'Told'; readonly message: string }
  | { readonly is: 'Backup'; readonly manifest: Manifest }
  | { readonly is: 'ManifestExchanged'; readonly backupID: string; readonly store: string }
  | { readonly is: 'Chosen'; readonly skipped: readonly string[]; readonly ignored?: readonly Ignored[] }
  | { readonly is: 'Signed'; readonly keyID: string }
  | { readonly is: 'UnsignedAccepted' }
  | { readonly is: 'Complete'; readonly packs: number; readonly indexParts: number }
  | { readonly is: 'Readable' }
  | { readonly is: 'Key'; readonly keyID: string }
  | { readonly is: 'NotEncrypted' }
  | { readonly is: 'Release'; readonly release: string; readonly ofData: string }
  | { readonly is: 'NotUpdatable'; readonly release: string; readonly why: string }
  | { readonly is: 'NotRestorable'; readonly why: string }
  | { readonly is: 'HostNotLookedAt'; readonly stack: string }
  | ({ readonly is: 'Room' | 'InPlace' | 'NoRoom' | 'NoRoomBeside' } & Room)
  | { readonly is: 'NoData' }
  | { readonly is: 'Replaces'; readonly data: Data }
  | { readonly is: 'DataNotEmpty'; readonly stack: string; readonly data: Data }
  | { readonly is: 'BackedUp'; readonly store: string }
  | { readonly is: 'BackupNotWanted' }
  | { readonly is: 'NothingToBackUp' }
  | { readonly is: 'BackupNotConfigured'; readonly stack: string }
  | { readonly is: 'StoreReadOnly'; readonly store: string }
  | { readonly is: 'NoBackupPossible'; readonly why: string };

/** The result of all checks that change nothing. */
export interface Checked {
  readonly checks: readonly Checking[];
  /** The first that did not pass. */
  readonly problem?: { readonly reason: Reason; readonly facts: CheckFacts };
  /** Once the manifest could be read. */
  readonly manifest?: Manifest;
  /** What the release that wrote the data asks a restored stack; only while a test runs. */
  readonly smoke?: Smoke;
}

export interface Smoke {
  readonly checks: readonly SmokeCheck[];
  /** Those that are asked by HTTP. */
  readonly services: readonly string[];
}

const diskFactor = 1.05;

/** The room that a restore needs on the host's disk, beside what is there. */
export function neededBytes({ totals }: Manifest): number {
  return Math.ceil(totals.totalBytes * diskFactor);
}

/** Another restore that comes first. */
export interface Ahead {
  readonly name: string;
  readonly phase: Phase;
  /** RFC 3339; when it began, or was created. */
  readonly since: string;
  readonly message?: string;
}

export interface Observed {
  /** Undefined: there is no such stack (yet). */
  readonly stack?: JtelStack;
  /** An older restore of the same stack that is not over. */
  readonly ahead?: Ahead;
  readonly target: Outcome<Target>;
  /** The same order, carried out before by another object. */
  readonly carriedOut?: CarriedOutOrder;
  /** Absent when nothing is to be checked now. */
  readonly checked?: Checked;
  /** The backup of what is there, made before it is overwritten. */
  readonly preRestoreBackup?: JtelBackup;
  /** Who has the host on which the test is to begin: not this stack. */
  readonly foreign?: HostOwner;
  /** Mode Test only. */
  readonly scratch?: Scratch;
}

/** The scratch project of a test restore, as its host shows it. */
export interface Scratch {
  readonly project: string;
  /** Its host. */
  readonly place: StackHost;
  readonly host: Outcome<HostObservation>;
  readonly databaseService: string;
  readonly restore?: JobReport;
  readonly count?: JobReport;
  readonly smoke?: JobReport;
}

/** As the status has it. */
export type Check = NonNullable<NonNullable<JtelRestore['status']>['checks']>[number];
