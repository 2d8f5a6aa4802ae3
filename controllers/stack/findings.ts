/**
 * What the planner of a stack finds, does or waits for, as data: `report/sentences/` alone has the words. A fact carries what its
 * sentence needs, and nobody reads a sentence to learn a fact.
 */

import type { CarriedOutOrder, ObservedContainer } from '../../host-driver/host.ts';
import type { JtelStackStatus, Reason } from '../../crds/index.ts';
import type { MissingData } from '../../host-driver/missing-data.ts';
import type { ChangeKind, RevisionOutcome } from './desired/revisions.ts';
import type { Unwell } from '../hosts/health.ts';
import type { Outcome } from '../inputs/outcome.ts';

export interface Finding {
  readonly reason: Reason;
  readonly facts: Facts;
}

/** What differs from what was read back after the last successful apply. */
export type Drift =
  | {
      readonly service: string;
      readonly is: 'Gone' | 'OtherImage' | 'Configured' | 'Foreign';
    }
  | { readonly service: string; readonly is: 'Stopped'; readonly state: string }
  /** On the host itself: `firewall`, `docker-rules`, or a file of the release. */
  | { readonly is: 'HostChanged'; readonly what: string };

/** Data that are recorded as loaded and are not on the host. */
export interface DataLoss {
  /** `Record`: the host itself knows nothing of data, which it did; nobody can tell what lies in its volumes. */
  readonly what:
    | { readonly kind: 'Volumes'; readonly missing: readonly MissingData[] }
    | { readonly kind: 'Record' };
  /** Where the lost data came from, and when they were loaded (RFC 3339): consent to their loss names that moment. */
  readonly source: string;
  readonly time: string;
  /** The newest backup of the stack; absent without a store for them. */
  readonly newest?: Outcome<{ readonly backupID: string; readonly time: string }>;
}

/** What the host knows and the status does not. Consent to go on names its time. */
export type UnknownChange = NonNullable<NonNullable<JtelStackStatus['hostChange']>['unknown']>;

/** The name and namespace of the stack, where a sentence says what to type. */
export interface Named {
  readonly name: string;
  readonly namespace: string;
}

/** What runs on while a spec is not begun. */
export interface Present {
  readonly present: string;
  /** It has begun to change the data. */
  readonly update?: { readonly from: string; readonly to: string };
}

/** Whether a spec can be begun. */
export type SpecFacts =
  | {
      readonly is: 'KeysLost';
      readonly stack: Named;
      readonly keys: { readonly secretName: string; readonly entry: string; readonly path: string };
      readonly address: string;
      readonly service: string;
    }
  | { readonly is: 'MakingCredentials' }
  | { readonly is: 'RecoveringCredentials' }
  | ({
      readonly is: 'Downgrade';
      readonly why: string;
      readonly version: string;
      /** Name of the backup that was made before the update from that version. */
      readonly backup?: string;
    } & Present)
  | ({ readonly is: 'NoWayToUpdate'; readonly why: string } & Present)
  | ({
      readonly is: 'OlderDatabase';
      readonly version: string;
      readonly series: string;
      readonly before: string;
    } & Present)
  | ({ readonly is: 'NoStoreForUpdate'; readonly version: string } & Present)
  | { readonly is: 'NoTimeZone'; readonly timeZone: string; readonly present: string }
  | {
      readonly is: 'WindowClosed';
      readonly present: string;
      readonly version: string;
      readonly opens: Date;
      readonly timeZone: string;
    }
  | {
      readonly is: 'NoDiskForImages';
      readonly address: string;
      readonly freeBytes: number;
      readonly neededBytes: number;
      readonly images: number;
      readonly version: string;
      readonly present: string;
    }
  | { readonly is: 'HostUnfit'; readonly findings: readonly Finding[] }
  | { readonly is: 'HostTooSmall'; readonly address: string; readonly why: string }
  | {
      readonly is: 'UnsupportedOS';
      readonly address: string;
      readonly osName: string;
      readonly oldestDebian: number;
    };

/** A change of what runs, and what follows when it fails. */
export type ChangeFacts =
  | { readonly is: 'BackingUp'; readonly version: string }
  | {
      readonly is: 'UpdateBackupFailed';
      readonly version: string;
      readonly message: string;
      readonly backup: string;
      readonly namespace: string;
    }
  | {
      readonly is: 'WaitingForBackup';
      readonly backup: string;
      readonly progress?: string;
      readonly message?: string;
    }
  | { readonly is: 'Applying'; readonly version: string; readonly from?: string }
  | { readonly is: 'BringingBack'; readonly version: string; readonly dataUntouched?: true }
  | { readonly is: 'DecidingAfterFailure' }
  | { readonly is: 'ChangeFailed'; readonly because: Facts }
  | { readonly is: 'UpdaterFailed'; readonly container: ObservedContainer; readonly version: string }
  | { readonly is: 'ContainersBroken'; readonly containers: readonly ObservedContainer[] }
  | { readonly is: 'DeadlineOver'; readonly seconds: number; readonly unwell: readonly Unwell[] }
  | { readonly is: 'NothingToGoBackTo'; readonly failure: string }
  | { readonly is: 'DataMayBeChanged'; readonly failure: string; readonly version: string }
  | { readonly is: 'Held'; readonly revision: number; readonly version: string; readonly message?: string }
  | { readonly is: 'AllHealthy' }
  | { readonly is: 'WatchingHealth'; readonly leftSeconds: number }
  | { readonly is: 'UpdateThrough' }
  | { readonly is: 'PreviousHealthy' }
  | { readonly is: 'ChangeThrough' }
  | {
      readonly is: 'RolledBack';
      readonly version: string;
      readonly revision?: number;
      readonly failed: { readonly revision: number; readonly version: string; readonly message?: string };
      readonly downtimeSeconds?: number;
    }
  /** For the event at the end of a change. */
  | {
      readonly is: 'ChangeEnded';
      readonly result: RevisionOutcome['result'];
      readonly change: { readonly action: ChangeKind; readonly revision: number; readonly version: string };
      readonly message?: string;
      readonly backTo?: number;
      readonly restoresData: boolean;
      readonly downtimeSeconds?: number;
    }
  | { readonly is: 'AskingForData'; readonly version: string }
  | {
      readonly is: 'WayBackFailed';
      readonly version: string;
      readonly message?: string;
      readonly restore: string;
      readonly namespace: string;
    }
  | { readonly is: 'WaitingForWayBack'; readonly restore: string; readonly backup: string };

/** Data that are loaded, restored or gone. */
export type DataFacts =
  | { readonly is: 'RestoreAhead'; readonly restore: string; readonly namespace: string }
  | { readonly is: 'CarriedOutBefore'; readonly earlier: CarriedOutOrder }
  | { readonly is: 'PreparingRestore'; readonly source: string; readonly until: 'Then' | 'Serving' }
  | { readonly is: 'StoppingToRestore'; readonly source: string }
  | { readonly is: 'BeginningRestore'; readonly source: string }
  | { readonly is: 'EndingRestore' }
  | { readonly is: 'DataIncomplete'; readonly source: string; readonly name: string }
  | { readonly is: 'DataIsLoaded' }
  | { readonly is: 'TryingLoadAgain' }
  | {
      readonly is: 'ImportWaits';
      readonly source: string;
      readonly stack: Named;
      /** RFC 3339. */
      readonly finishAt?: string;
    }
  | { readonly is: 'SourceChanged'; readonly source: string }
  | {
      readonly is: 'LoadRuns';
      readonly source: string;
      readonly beside: boolean;
      readonly step: string;
      readonly percent: number;
    }
  | { readonly is: 'StoppingForLoad'; readonly services: readonly string[] }
  | { readonly is: 'StartingLoad'; readonly source: string; readonly beside: boolean }
  | { readonly is: 'WaitingForDatabase'; readonly services: readonly string[] }
  | { readonly is: 'PreparingLoad' }
  /** @see `plan/load-report.ts` */
  | {
      readonly is: 'LoadFailed';
      readonly reason: Reason;
      readonly error?: string;
      readonly exitCode?: number;
      readonly address: string;
      readonly keys?: { readonly secretName: string; readonly entry: string };
    }
  | { readonly is: 'TriedOften'; readonly because: Facts; readonly times: number }
  | { readonly is: 'LoadGivenUp'; readonly because: Facts; readonly times: number; readonly stack: Named }
  | { readonly is: 'TryFollows'; readonly because: Facts; readonly next: number; readonly most: number }
  | { readonly is: 'TryingAgain'; readonly because: Facts }
  | { readonly is: 'Checking'; readonly source: string }
  | { readonly is: 'WrongVersion'; readonly source: string; readonly version: string; readonly why: string }
  | {
      readonly is: 'NoRoomBeside';
      readonly source: string;
      /** Absent: the release does not say where its database keeps its files. */
      readonly bytes?: { readonly needed: number; readonly free: number };
    }
  | { readonly is: 'BesideNotSeen' }
  | { readonly is: 'StartingBeside'; readonly source: string }
  | {
      readonly is: 'BesideIll';
      readonly container: ObservedContainer;
      readonly source: string;
      readonly afterSeconds: number;
    }
  | { readonly is: 'WaitingForBeside'; readonly container: ObservedContainer }
  | { readonly is: 'Counting'; readonly source: string }
  | { readonly is: 'CountDiffers'; readonly source: string; readonly differences: readonly string[] }
  | { readonly is: 'Switching'; readonly source: string; readonly back: boolean }
  | { readonly is: 'UndoNotPossible' }
  | {
      readonly is: 'DataRefused';
      readonly source: string;
      readonly broken: readonly ObservedContainer[];
      readonly late: { readonly seconds: number; readonly unwell: readonly Unwell[] };
    }
  | { readonly is: 'SwitchingBack' }
  | { readonly is: 'DataLost'; readonly stack: Named; readonly address: string; readonly loss: DataLoss }
  | { readonly is: 'BeginningAnew' };

/** A stack that is moved. */
export type MoveFacts =
  | { readonly is: 'FencingReturned'; readonly address: string }
  | { readonly is: 'EndingBegun'; readonly address: string }
  | { readonly is: 'ManyToFence'; readonly to: string; readonly addresses: readonly string[] }
  | { readonly is: 'NoStoreForMove'; readonly to: string; readonly from: string }
  | { readonly is: 'DataInTheWay'; readonly address: string; readonly source: string }
  | { readonly is: 'EndingStarts'; readonly address: string }
  | { readonly is: 'LeavingFirstData'; readonly from: string; readonly to: string }
  | { readonly is: 'PreparingHost'; readonly to: string; readonly from: string }
  | { readonly is: 'MarkingSuperseded' }
  | { readonly is: 'LettingRun' }
  | { readonly is: 'MoveTakenBack'; readonly starts: boolean }
  | { readonly is: 'DataGoneFromHost'; readonly machineID: string; readonly address: string }
  | {
      readonly is: 'MoveAmidRestore';
      readonly address: string;
      readonly source: string;
      readonly early: 'Overwritten' | 'NotStarted';
    }
  | { readonly is: 'StoppingFormer'; readonly containers: number; readonly address: string }
  | { readonly is: 'FencingFormer'; readonly from: string; readonly to: string }
  | { readonly is: 'NotRecoverable'; readonly message: string }
  | {
      readonly is: 'OldHostAway';
      readonly address: string;
      readonly machineID: string;
      readonly message: string;
      readonly newest?: { readonly backupID: string; readonly ageSeconds: number };
      /** Why there is none. */
      readonly noBackup?: string;
    }
  | ({ readonly is: 'MoveBackup'; readonly backup: string } & MoveBackupUse)
  | ({
      readonly is: 'WaitingForMoveBackup';
      readonly backup: string;
      readonly progress?: string;
      readonly message?: string;
    } & MoveBackupUse)
  | { readonly is: 'MoveBackupFailed'; readonly backup: string; readonly message?: string }
  | {
      readonly is: 'MoveToWrongVersion';
      readonly version: string;
      readonly why: string;
      /** The move goes on with this version, because the old host serves no more. */
      readonly present?: string;
    };

/** Of the two backups of a move: the one while the stack runs, or the one of what changed since. */
export type MoveBackupUse =
  | { readonly which: 'Warm'; readonly address: string }
  | { readonly which: 'Final' };

/** The stack's host, its life and its upkeep. */
export type LifeFacts =
  | {
      readonly is: 'OtherMachine';
      readonly address: string;
      readonly found: string;
      readonly known: string;
    }
  | {
      readonly is: 'OtherOwner';
      readonly owner: { readonly namespace: string; readonly name: string; readonly clusterID: string };
    }
  | {
      readonly is: 'StatusOlder';
      readonly stack: Named;
      readonly address: string;
      readonly change: UnknownChange;
      /** When the last change was made that the status knows of. RFC 3339. */
      readonly known?: string;
    }
  | { readonly is: 'SettingUpHost' }
  | { readonly is: 'StoppingContainers'; readonly containers: number }
  | { readonly is: 'CorrectingDrift'; readonly drift: readonly Drift[] }
  | { readonly is: 'UpdatingDatabase'; readonly message: string }
  | { readonly is: 'WaitingForHealth'; readonly unwell: readonly Unwell[] }
  | { readonly is: 'RenewingCertificate' }
  | { readonly is: 'CleaningUp' }
  | { readonly is: 'LettingGo'; readonly because: 'CleanedUp' | 'Orphan' | 'Abandoned' | 'NothingThere' }
  | { readonly is: 'DestroyNeedsConsent'; readonly stack: Named; readonly uid: string }
  | {
      readonly is: 'CannotCleanUp';
      readonly message: string;
      /** A Secret is gone that cannot be made again while its namespace is deleted. */
      readonly secretGone: boolean;
      readonly stack: Named;
      readonly address: string;
      /** The other host of a move, where it is done. */
      readonly done?: string;
    }
  | { readonly is: 'EndingBackups'; readonly backups: readonly string[] }
  | { readonly is: 'StoppingStack' }
  | { readonly is: 'DestroyingStack' };

export type Facts =
  /** In the words of whoever found it: the error of a store, a host or an input. */
  | { readonly is: 'Told'; readonly message: string }
  | SpecFacts
  | ChangeFacts
  | DataFacts
  | MoveFacts
  | LifeFacts;
