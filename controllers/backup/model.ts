/** What the planner of backups looks at: pure data, gathered by `observe.ts`. */

import type { DataSet } from '../../backup-format/data-set.ts';
import type { JtelBackup, JtelRestore, JtelStack, Reason } from '../../crds/index.ts';
import type { HostObservation, JobReport } from '../../host-driver/host.ts';
import type { Outcome, Problem } from '../inputs/outcome.ts';

/** The store that the backup goes to. */
export interface StoreFacts {
  readonly name: string;
  readonly policy: 'Required' | 'Preferred' | 'None';
  readonly retentionDays: number;
  /** Key that new backups are encrypted with. */
  readonly keyID?: string;
  /** Why no job can be given the right to write there with these credentials; absent when one can. */
  readonly cannotSign?: string;
}

/** The release whose data are backed up: the one that was applied, which need not be the one that is wanted. */
export interface ReleaseFacts {
  readonly version: string;
  readonly databaseService: string;
  /** Whether its database can be backed up by its files. */
  readonly canPhysical: boolean;
}

/** What the store has under the stack's identity. */
export interface History {
  /** Newest backup; undefined when there is none. */
  readonly newest?: {
    readonly backupID: string;
    readonly epoch: string;
    readonly writer: {
      readonly clusterID: string;
      readonly namespace: string;
      readonly name: string;
      readonly stackUID: string;
    };
  };
  /** The first backup since the time that a scheduled one is a late copy of: that one served it. */
  readonly served?: string;
}

export interface Observed {
  /** Undefined: there is no such stack. */
  readonly stack?: JtelStack;
  /** What came first: backups of the same stack that run, or that are to run before this one; restores under way. */
  readonly ahead: readonly string[];
  readonly store: Outcome<StoreFacts>;
  readonly release: Outcome<ReleaseFacts>;
  /** Absent when the stack is. */
  readonly host: Outcome<HostObservation>;
  /** The job of the current attempt. */
  readonly job?: JobReport;
  /** Only looked at when nothing else is in the way of a backup that is to begin. */
  readonly history?: Outcome<History>;
  /** The test restore that `verify: Restore` asks for. */
  readonly test?: JtelRestore;
}

export interface Identity {
  readonly clusterID: string;
  /** Epoch under which this process holds the host. */
  readonly heldEpoch?: number;
}

/** What was found when the backup was completed in the store; the last word on its contents. */
export interface Committed {
  readonly manifestDigest: string;
  readonly version: string;
  readonly epoch: string;
  readonly totalBytes: number;
  readonly uploadedBytes: number;
  readonly storedBytes: number;
  readonly reusedBytes: number;
  readonly missingFiles?: number;
  /** Objects that it shares with earlier backups and that lie in the archive tier. */
  readonly archivedObjects?: number;
  readonly dataSets: readonly DataSet[];
  readonly immutability: {
    readonly state: 'Verified' | 'Unprotected' | 'Unknown';
    readonly detail: string;
    readonly untilTime?: string;
  };
  /** Size of the last good backup of the same method, when this one is far smaller. */
  readonly shrunkFromBytes?: number;
  /** Data sets without content that had some. */
  readonly emptied?: readonly string[];
}

/** Bounds of a backup; data, so that tests can be quicker than nights. */
export interface Limits {
  /** How long a backup waits that cannot begin. */
  readonly startDeadlineSeconds: number;
  /** From its beginning to its end. */
  readonly runDeadlineSeconds: number;
  readonly mostAttempts: number;
  /** After a try that failed; each further pause is longer by this. */
  readonly retrySeconds: number;
  /** How long the first try may write to the store; the second has twice that, and so on. */
  readonly uploadWindowSeconds: number;
}

export const defaultLimits: Limits = {
  startDeadlineSeconds: 12 * 3600,
  runDeadlineSeconds: 24 * 3600,
  mostAttempts: 6,
  retrySeconds: 20,
  uploadWindowSeconds: 12 * 3600,
};

export interface PlanInput {
  readonly backup: JtelBackup;
  readonly observed: Observed;
  readonly identity: Identity;
  readonly limits: Limits;
  readonly failure?: Problem;
  readonly now: Date;
}

export type Action =
  | { readonly type: 'ClaimHost' }
  | { readonly type: 'PullToolbox' }
  | { readonly type: 'StartJob' }
  /** Checks the store against the job's result, writes documents and manifest, and tries to destroy it. */
  | { readonly type: 'Commit' }
  | { readonly type: 'CreateTestRestore' }
  | { readonly type: 'RemoveJobs'; readonly uids: readonly string[] }
  | { readonly type: 'ReleaseFinalizer' };

export type Step = 'Waiting' | 'Starting' | 'Running' | 'Storing' | 'Testing' | 'CleaningUp';

export type Plan =
  | { readonly kind: 'Act'; readonly step: Step; readonly wave: readonly Action[]; readonly message: string }
  | {
      readonly kind: 'Wait';
      readonly step: Step;
      readonly reason: Reason;
      readonly message: string;
      readonly afterSeconds: number;
    }
  /** From Pending to Running: fixes under which name everything is stored. */
  | {
      readonly kind: 'Begin';
      readonly epoch: string;
      readonly version: string;
      readonly storeName: string;
      readonly keyID?: string;
    }
  /** The last try is over; the next begins. */
  | { readonly kind: 'TryAgain'; readonly reason: Reason; readonly message: string }
  | { readonly kind: 'Complete' }
  /** Its object was created anew, long after its time; that backup was made then. */
  | {
      readonly kind: 'Repeated';
      readonly backupID: string;
      readonly storeName: string;
      readonly message: string;
    }
  | { readonly kind: 'Fail'; readonly reason: Reason; readonly message: string }
  | { readonly kind: 'Done' };
