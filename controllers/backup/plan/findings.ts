/** What the planner finds in the way of a backup, or says about its progress: data. `report/sentences.ts` has the words. */

import type { Reason } from '../../../crds/index.ts';
import type { JobReport, StackOwner } from '../../../host-driver/host.ts';
import type { Ahead, Held, History } from '../observe/observed.ts';

export interface Finding {
  readonly reason: Reason;
  readonly facts: Facts;
}

/** A finding that a backup waits for, or that ends it. */
export interface Obstacle extends Finding {
  /** Waiting will not help. */
  readonly final: boolean;
  /** When to look again, if not as usual. */
  readonly afterSeconds?: number;
  /** How old the backup must be for an end. Default: any age. */
  readonly onlyAfterSeconds?: number;
}

export type Facts =
  /** In the words of whoever found it: the error of a store, a host or a job. */
  | { readonly is: 'Told'; readonly message: string }
  | { readonly is: 'NoStack'; readonly stack: string }
  /** While the backup ran. */
  | { readonly is: 'StackGone'; readonly stack: string }
  | { readonly is: 'StackDeleting'; readonly stack: string }
  | { readonly is: 'NotConfigured'; readonly stack: string }
  | { readonly is: 'Suspended'; readonly stack: string }
  | { readonly is: 'OnlyObserved'; readonly stack: string }
  | { readonly is: 'OtherMachine'; readonly known: string; readonly found: string }
  | { readonly is: 'OtherOwner'; readonly owner: StackOwner }
  | { readonly is: 'Moved'; readonly address: string }
  | { readonly is: 'DataMissing' }
  | { readonly is: 'DataIncomplete' }
  | { readonly is: 'Busy'; readonly busy: Busy }
  | { readonly is: 'Ahead'; readonly ahead: readonly Ahead[]; readonly namespace: string }
  | { readonly is: 'Held'; readonly held: Held }
  | {
      readonly is: 'DatabaseNotRunning';
      readonly service: string;
      /** Undefined: there is no container. */
      readonly container?: { readonly state: string; readonly health: string };
    }
  | {
      readonly is: 'OtherHistory';
      readonly stack: { readonly name: string; readonly namespace: string };
      readonly newest: NonNullable<History['newest']>;
    }
  | { readonly is: 'StoreNotLookedAt' }
  | { readonly is: 'NotBegun'; readonly withinSeconds: number; readonly because: Facts }
  | { readonly is: 'NotDone'; readonly withinSeconds: number; readonly lastMessage?: string }
  | { readonly is: 'JobRemoved' }
  | { readonly is: 'JobFailed'; readonly job: FailedJob }
  | { readonly is: 'TriedAgain'; readonly inSeconds: number; readonly because: Facts }
  | {
      readonly is: 'LastTry';
      readonly attempt: number;
      readonly mostAttempts: number;
      readonly because: Facts;
    }
  | { readonly is: 'JobRuns'; readonly progress?: NonNullable<JobReport['progress']> }
  /** A job that runs goes on meanwhile. */
  | { readonly is: 'HostAway'; readonly message: string }
  /** After the end of the backup: its job cannot be stopped now. */
  | { readonly is: 'JobMayRun'; readonly message: string }
  | { readonly is: 'NotProven'; readonly backupID: string; readonly message?: string }
  | { readonly is: 'TestRuns'; readonly test: string; readonly message?: string }
  | {
      readonly is: 'TestFailed';
      readonly backupID: string;
      readonly test: string;
      readonly message?: string;
    };

/** What must be over before a backup begins. */
export type Busy =
  | { readonly with: 'Job'; readonly job: string }
  | { readonly with: 'Restore'; readonly state: string; readonly restore?: string }
  | { readonly with: 'Operation'; readonly operation: string; readonly since?: string };

export interface FailedJob {
  /** What the job says of itself. */
  readonly message?: string;
  readonly exitCode?: number;
  readonly hostAddress?: string;
  /** The job failed because the time was over for which it could write to the store. */
  readonly windowOver: boolean;
}
