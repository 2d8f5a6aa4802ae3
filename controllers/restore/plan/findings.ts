/** What the planner finds in the way of a restore, or says about its progress: data. `report/sentences.ts` has the words. */

import type { Manifest } from '../../../backup-format/manifest.ts';
import type { Reason } from '../../../crds/index.ts';
import type { CarriedOutOrder } from '../../../host-driver/host.ts';
import type { HostOwner } from '../../hosts/host-owner.ts';
import type { Ahead, CheckFacts } from '../observe/observed.ts';

export interface Finding {
  readonly reason: Reason;
  readonly facts: Facts;
}

/** Data from before a restore, which an undo goes back to. */
interface Previous {
  readonly stack: string;
  readonly source?: string;
  readonly switchTime?: string;
}

export type Facts =
  /** In the words of whoever found it: the error of a store or host, the message of the stack's order. */
  | { readonly is: 'Told'; readonly message: string }
  | { readonly is: 'Check'; readonly facts: CheckFacts }
  | { readonly is: 'NoStack'; readonly stack: string }
  | { readonly is: 'StackDeleting'; readonly stack: string }
  | { readonly is: 'Ahead'; readonly ahead: Ahead; readonly namespace: string }
  | { readonly is: 'Suspended'; readonly stack: string }
  | { readonly is: 'OnlyObserved'; readonly stack: string }
  | { readonly is: 'Stopped'; readonly stack: string }
  /** `message`: why the move does not go on. */
  | { readonly is: 'Moving'; readonly stack: string; readonly message?: string }
  /** `message`: what the stack's condition says. */
  | { readonly is: 'HostNotReady'; readonly stack: string; readonly message?: string }
  | { readonly is: 'NotChecked' }
  | { readonly is: 'Untouched'; readonly because: Facts }
  | { readonly is: 'NotBegun'; readonly withinSeconds: number; readonly because: Facts }
  | { readonly is: 'Expired'; readonly notAfter: string }
  | { readonly is: 'AllChecked' }
  | {
      readonly is: 'WouldRestore';
      readonly stack: string;
      readonly backupFirst: boolean;
      readonly way: 'Load' | 'InPlace' | 'Beside';
      readonly keepHours: number;
      readonly manifest?: Manifest;
    }
  | ({ readonly is: 'WouldUndo' } & Previous)
  | ({ readonly is: 'Undoes' } & Previous)
  | {
      readonly is: 'UndoNotPossible';
      readonly restoreUID: string;
      readonly previous?: { readonly restoreUID: string; readonly untilTime: string };
    }
  | {
      readonly is: 'BackupRuns';
      readonly backup: string;
      readonly progress?: string;
      readonly message?: string;
    }
  | { readonly is: 'BackupFailed'; readonly backup: string; readonly message?: string }
  | { readonly is: 'CarriedOut'; readonly order: CarriedOutOrder }
  | { readonly is: 'StackGone'; readonly stack: string; readonly restore: string }
  | { readonly is: 'StackNotBegun'; readonly stack: string }
  | {
      readonly is: 'Restored';
      readonly stack: string;
      readonly undone: boolean;
      readonly source?: string;
      readonly downtimeSeconds?: number;
      readonly previousUntilTime?: string;
    }
  | { readonly is: 'OrderFailed'; readonly message: string; readonly dataIncomplete: boolean }
  // A test restore.
  | { readonly is: 'StackGoneInTest'; readonly stack: string; readonly address: string }
  | { readonly is: 'NoDrillTurn'; readonly drill: string }
  | { readonly is: 'ForeignTestHost'; readonly owner: HostOwner }
  | { readonly is: 'ScratchNotLookedAt' }
  | { readonly is: 'ScratchLeft'; readonly project: string; readonly message: string }
  | { readonly is: 'Loads'; readonly project: string; readonly step: string; readonly percent: number }
  | { readonly is: 'DatabaseStarts'; readonly service: string; readonly project: string }
  | { readonly is: 'Counts' }
  | { readonly is: 'ServiceStarts'; readonly service: string; readonly project: string }
  | { readonly is: 'Asks' }
  | { readonly is: 'ManifestNotRead' }
  | { readonly is: 'TriedAgain'; readonly inSeconds: number; readonly because: Facts }
  | TestResult;

/** What a test found in the end. */
export type TestResult =
  | { readonly is: 'JobFailed'; readonly job: FailedJob }
  | { readonly is: 'DatabaseNotUp'; readonly service: string }
  | { readonly is: 'DatabaseNotHealthy'; readonly service: string }
  | { readonly is: 'Differs'; readonly differences: readonly string[] }
  | { readonly is: 'ServiceNotUp'; readonly service: string }
  | { readonly is: 'ServiceNotHealthy'; readonly service: string }
  /** Smoke checks of the release, as phrases. */
  | { readonly is: 'SmokeFailed'; readonly failures: readonly string[] }
  | {
      readonly is: 'Matches';
      readonly seconds: number;
      readonly summary: string;
      /** Number of smoke checks. */
      readonly checks: number;
    };

export interface FailedJob {
  readonly type: 'Restore' | 'Count' | 'Smoke';
  /** What the job says of itself. */
  readonly message?: string;
  readonly exitCode?: number;
}
