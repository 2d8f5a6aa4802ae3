/** What the planner of restores looks at: pure data, gathered by `observe.ts`. */

import type { Manifest } from '../../backup-format/manifest.ts';
import type { JtelBackup, JtelRestore, JtelStack, Reason, StackHost } from '../../crds/index.ts';
import type { CarriedOutOrder, HostObservation, JobReport } from '../../host-driver/host.ts';
import type { Outcome, Problem } from '../inputs/outcome.ts';
import { isDataMissing } from '../loading/data-missing.ts';

/** The backup that is asked for, found. */
export interface Target {
  readonly backupID: string;
  readonly identity: string;
  readonly storeName: string;
  /** What the JtelBackup says the manifest's sha256 is, when one was named. */
  readonly manifestDigest?: string;
  /** What people should know about the choice, such as newer backups that were skipped. */
  readonly note?: string;
}

export type Check = NonNullable<NonNullable<JtelRestore['status']>['checks']>[number];

/** The result of all checks that change nothing. */
export interface Checked {
  readonly checks: readonly Check[];
  /** The first that did not pass. */
  readonly problem?: Problem;
  /** Once the manifest could be read. */
  readonly manifest?: Manifest;
}

const diskFactor = 1.05;

/** On the host's disk, beside what is there. */
export function neededBytes({ totals }: Manifest): number {
  return Math.ceil(totals.totalBytes * diskFactor);
}

/** What a restore waits for: which one, how far it is, since when, and why. */
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
}

export type Phase = NonNullable<NonNullable<JtelRestore['status']>['phase']>;

export type Action =
  | { readonly type: 'ClaimHost' }
  | { readonly type: 'SetUpHost' }
  | { readonly type: 'WriteRelease' }
  | { readonly type: 'PullImages' }
  | { readonly type: 'StartRestore' }
  | { readonly type: 'StartDatabase' }
  | { readonly type: 'StartCount' }
  | { readonly type: 'RemoveJob'; readonly uid: string }
  /** Everything of the scratch project goes, volumes too: they are the request's own. */
  | { readonly type: 'DestroyScratch' };

export type Plan =
  | {
      readonly kind: 'Wait';
      readonly phase: Phase;
      readonly reason: Reason;
      readonly message: string;
      readonly afterSeconds: number;
      readonly progressPercent?: number;
      readonly trouble?: true;
    }
  | { readonly kind: 'CreateBackup'; readonly name: string; readonly message: string }
  /** Everything is checked: from now on the stack carries it out. */
  | { readonly kind: 'Order'; readonly message: string }
  | {
      readonly kind: 'Act';
      readonly phase: Phase;
      readonly wave: readonly Action[];
      readonly message: string;
    }
  /** Results to be noted before the wave that cleans up. */
  | {
      readonly kind: 'Note';
      readonly phase: Phase;
      readonly checks: readonly Check[];
      readonly message: string;
    }
  | { readonly kind: 'Complete'; readonly reason: Reason; readonly message: string }
  | { readonly kind: 'Fail'; readonly reason: Reason; readonly message: string }
  /** Deleted, and nothing of it is left. */
  | { readonly kind: 'LetGo' };

export interface PlanInput {
  readonly restore: JtelRestore;
  readonly observed: Observed;
  readonly now: Date;
}

/** Whether there is something to keep, and somebody wants it kept. What is lost cannot be. */
export function wantsPreRestoreBackup({ spec }: JtelRestore, { status }: JtelStack): boolean {
  return (
    spec.preRestoreBackup === 'Required' &&
    status?.data !== undefined &&
    status.data.state !== 'Incomplete' &&
    !isDataMissing(status)
  );
}
