/**
 * The closed set of things the stack controller can do. A new action is one member here, one rule in `plan.ts`, one
 * executor in `execute.ts` and one row in the planner's table test.
 */

import type { CarriedOutOrder, DataOrigin, RecordedChange, UpdateMark } from '../../host-driver/host.ts';
import type { SwitchedVolumes } from '../../host-driver/volumes.ts';
import type { CredentialRequest, GeneratedSecret } from '../inputs/credential-secret.ts';
import type { Facts, Finding } from './findings.ts';
import type { Attempt, RevisionOutcome } from './desired/revisions.ts';

/** What was seen that makes an action due. */
export type Cause =
  | 'HostNotHeld'
  | 'NewSpec'
  | 'CredentialsMissing'
  | 'CredentialsLost'
  | 'CertificateEnds'
  | 'SetUpDiffers'
  | 'Drifted'
  | 'ReleaseNotThere'
  | 'ImagesNotThere'
  | 'ReleaseDiffers'
  | 'ChangeHalfDone'
  | 'UpdateBegins'
  | 'ChangeBegins'
  | 'UpdateNeedsBackup'
  | 'ChangeFailed'
  | 'FailureNoted'
  | 'AllHealthy'
  | 'UpdateEnded'
  | 'ReleaseTakenBack'
  | 'DataTouched'
  | 'NoData'
  | 'DataAreReplaced'
  | 'OrderStands'
  | 'OrderMayBeGone'
  | 'OrderNotChecked'
  | 'OrderChecked'
  | 'OrderGone'
  | 'LoadSucceeded'
  | 'LoadFailed'
  | 'SourceChanged'
  | 'NoDatabaseBeside'
  | 'NotCounted'
  | 'LoadedBeside'
  | 'UndoOrdered'
  | 'UnhealthyOnData'
  | 'LossAccepted'
  | 'PreviousNotMeasured'
  | 'PreviousOutdated'
  | 'VolumesLeft'
  | 'JobLeft'
  | 'ReleasesLeft'
  | 'RevisionsLeft'
  | 'NoMoveBackup'
  | 'FormerRuns'
  | 'StartMayGoOn'
  | 'FormerNotMarked'
  | 'DataSuperseded'
  | 'MarkedAsMoved'
  | 'MoveTakenBack'
  | 'ToldToStop'
  | 'StackDeleted';

export type Action = { readonly cause: Cause } &
  /** Make the Secret with the passwords that the release wants generated, and a self-signed certificate if asked for. */
  (
    | {
        readonly type: 'EnsureCredentials';
        readonly generate: readonly GeneratedSecret[];
        readonly selfSigned: boolean;
        readonly renew?: boolean;
      }
    /** Make that Secret again from what the host runs with; with `machineID` from the host that the stack is moved away from. */
    | {
        readonly type: 'RecoverCredentials';
        readonly request: CredentialRequest;
        readonly machineID?: string;
      }
    /** Take the host for this stack with a new epoch. Always the first action of a wave that changes a host. */
    | { readonly type: 'ClaimHost' }
    | { readonly type: 'SetUpHost' }
    | { readonly type: 'WriteRelease' }
    | { readonly type: 'PullImages' }
    /** Start only what the data is loaded into. */
    | { readonly type: 'StartDatabase'; readonly services: readonly string[] }
    /** Ask the API whether a JtelRestore still wants what it wanted: the last look before its wave touches anything. */
    | { readonly type: 'ConfirmOrder'; readonly name: string; readonly requestUID: string }
    /** A job that looks at a whole backup and at the host, and writes nothing. */
    | { readonly type: 'StartCheck'; readonly source: string }
    /** @see {@link BesideVolumes}; without volumes into those in use. */
    | { readonly type: 'StartLoad'; readonly source: string; readonly volumes?: SwitchedVolumes }
    /** A job that pulls an old installation's database, or takes the last changes and compares everything. */
    | { readonly type: 'StartImport'; readonly phase: 'Pull' | 'Finish'; readonly source: string }
    /** A database on the volumes that are loaded beside the stack, in a project of its own. */
    | { readonly type: 'StartBeside'; readonly source: string }
    | { readonly type: 'StartCount'; readonly source: string }
    | { readonly type: 'RemoveBeside'; readonly project: string }
    /** The one step of a restore that the stack feels: other volumes take the place of those in use. */
    | {
        readonly type: 'SwitchVolumes';
        readonly switch: NonNullable<RecordedChange['switch']>;
        readonly carriedOut: readonly CarriedOutOrder[];
      }
    /** Back to the data from before, because those of the restore did not become healthy. */
    | { readonly type: 'RefuseData'; readonly requestUID: string; readonly why: Finding }
    | { readonly type: 'MeasurePrevious'; readonly volumes: readonly string[] }
    /** The data from before a restore are not kept any longer. */
    | { readonly type: 'ForgetPrevious' }
    /** Volumes that neither the containers nor the data from before need. */
    | { readonly type: 'PruneVolumes' }
    /** A backup for a move, as any user would ask for it. */
    | { readonly type: 'CreateMoveBackup'; readonly name: string }
    /** On the host that the stack is moved away from: stop everything but `keep`. */
    | { readonly type: 'StopFormer'; readonly machineID: string; readonly keep: readonly string[] }
    /** On a former host: take it, stop everything, and mark it, so that nothing brings the stack back there. */
    | { readonly type: 'FenceFormer'; readonly machineID: string; readonly address: string }
    /** This host may start the stack again. Only where it is proven that no other one does. */
    | { readonly type: 'UnmarkMoved' }
    /** Note on the host where the data came from, and whether they are whole or about to be overwritten. */
    | {
        readonly type: 'RecordData';
        readonly data: DataOrigin;
        readonly carriedOut?: readonly CarriedOutOrder[];
      }
    /** Note on the host that the data are lost, as somebody agreed to: the stack begins anew. */
    | { readonly type: 'ForgetData' }
    /** With `machineID` from the host that the stack is moved away from. */
    | { readonly type: 'RemoveJob'; readonly uid: string; readonly machineID?: string }
    /** Add the spec as it is now to the change log. */
    | { readonly type: 'RecordRevision'; readonly number: number }
    /** Note on the current revision that work on it begins, is healthy or has failed, and what came of it. */
    | { readonly type: 'NoteAttempt'; readonly attempt: Attempt }
    | {
        readonly type: 'NoteFailure';
        readonly attempt: Attempt;
        readonly failure: Finding & { readonly time: string };
      }
    /** @param words what the outcome's message is made of; it has none without */
    | {
        readonly type: 'NoteOutcome';
        readonly outcome: Omit<RevisionOutcome, 'message'>;
        readonly words?: Facts;
      }
    /** Ask for the backup before an update, and for its data after a failed one, as any user would. */
    | { readonly type: 'CreateBackup'; readonly name: string }
    | { readonly type: 'CreateRestore'; readonly name: string; readonly backupRef: string }
    /** Note on the host, before anything of another version is started, that the data may become those of that version. */
    | { readonly type: 'MarkUpdate'; readonly mark: UpdateMark }
    | { readonly type: 'EndUpdate' }
    | { readonly type: 'KeepLogs'; readonly name: string; readonly services: readonly string[] }
    | { readonly type: 'RemoveRevisions'; readonly names: readonly string[] }
    | { readonly type: 'ApplyRelease' }
    | { readonly type: 'RecordApplied' }
    | { readonly type: 'PruneReleases'; readonly keep: readonly string[] }
    | { readonly type: 'StopStack' }
    /** Removes containers, volumes and files of exactly this stack. Needs proof of consent in the plan. */
    | { readonly type: 'DestroyStack' }
    /** The same on the host that the stack is moved away from, with the same consent. */
    | { readonly type: 'DestroyFormer'; readonly machineID: string }
    | { readonly type: 'RemoveCredentials' }
    | { readonly type: 'ReleaseFinalizer' }
  );

export type ActionType = Action['type'];
