/** What a backup does next: the plan, its actions, and the cause of each. */

import type { JtelBackup } from '../../../crds/index.ts';
import type { Problem } from '../../inputs/outcome.ts';
import type { Limits } from '../desired/limits.ts';
import type { Observed, Served } from '../observe/observed.ts';
import type { Finding } from './findings.ts';

export interface Identity {
  readonly clusterID: string;
  /** The epoch under which this process holds the host. */
  readonly heldEpoch?: number;
}

export interface PlanInput {
  readonly backup: JtelBackup;
  readonly observed: Observed;
  readonly identity: Identity;
  readonly limits: Limits;
  readonly failure?: Problem;
  /** A wave of this backup runs now: what it does may not be seen yet. */
  readonly isBusy?: boolean;
  readonly now: Date;
}

/** What was seen that makes an action due. */
export type Cause =
  | 'HostNotHeld'
  | 'NoJob'
  | 'JobNotStarted'
  | 'JobSucceeded'
  | 'NoManifest'
  | 'NoTestRestore'
  | 'JobLeft'
  | 'NoJobLeft'
  | 'HostNotOurs'
  | 'HostAbandoned'
  | 'StackGone';

export type Action = { readonly cause: Cause } & (
  | { readonly type: 'ClaimHost' }
  | { readonly type: 'PullToolbox' }
  | { readonly type: 'StartJob' }
  /** Compares the store with the job's result, writes documents and manifest, and tries to destroy the manifest. */
  | { readonly type: 'Commit' }
  | { readonly type: 'CreateTestRestore' }
  | { readonly type: 'RemoveJobs'; readonly uids: readonly string[] }
  | { readonly type: 'ReleaseFinalizer' }
);

export type Step = 'Waiting' | 'Starting' | 'Running' | 'Storing' | 'Testing' | 'CleaningUp';

export type Plan =
  | { readonly kind: 'Act'; readonly step: Step; readonly wave: readonly Action[] }
  | ({ readonly kind: 'Wait'; readonly step: Step; readonly afterSeconds: number } & Finding)
  /** From Pending to Running: fixes the name under which everything is stored. */
  | {
      readonly kind: 'Begin';
      readonly epoch: string;
      readonly version: string;
      readonly storeName: string;
      readonly keyID?: string;
      /** Of the first try; absent: the whole window. */
      readonly writeSeconds?: number;
    }
  /** The last try is over; the next begins. */
  | ({ readonly kind: 'TryAgain' } & Finding)
  | { readonly kind: 'Complete' }
  /** Its object was created anew, and there is a backup that was made for it. */
  | { readonly kind: 'Repeated'; readonly served: Served; readonly storeName: string }
  | ({ readonly kind: 'Fail' } & Finding)
  | { readonly kind: 'Done' };
