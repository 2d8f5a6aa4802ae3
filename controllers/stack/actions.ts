/**
 * The closed set of things the stack controller can do. A new action is one member here, one rule in `plan.ts`, one
 * executor in `execute.ts` and one row in the planner's table test.
 */

import type { CarriedOutOrder, DataOrigin, RecordedChange, UpdateMark } from '../../host-driver/host.ts';
import type { SwitchedVolumes } from '../../host-driver/volumes.ts';
import type { GeneratedSecret } from '../inputs/credential-secret.ts';
import type { Attempt, RevisionOutcome } from './desired/revisions.ts';

export type Action =
  /** Make the Secret with the passwords that the release wants generated, and a self-signed certificate if asked for. */
  | {
      readonly type: 'EnsureCredentials';
      readonly generate: readonly GeneratedSecret[];
      readonly selfSigned: boolean;
      readonly renew?: boolean;
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
  | { readonly type: 'RefuseData'; readonly refuse: NonNullable<RecordedChange['refuse']> }
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
  | { readonly type: 'RemoveJob'; readonly uid: string }
  /** Add the spec as it is now to the change log. */
  | { readonly type: 'RecordRevision'; readonly number: number }
  /** Note on the current revision that work on it begins, is healthy or has failed, and what came of it. */
  | { readonly type: 'NoteAttempt'; readonly attempt: Attempt }
  | { readonly type: 'NoteOutcome'; readonly outcome: RevisionOutcome }
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
  | { readonly type: 'RemoveCredentials' }
  | { readonly type: 'ReleaseFinalizer' };

export type ActionType = Action['type'];

/** What a person reads while the action runs, and in `Observe` mode instead of it. */
export function describeAction(action: Action): string {
  switch (action.type) {
    case 'EnsureCredentials':
      if (action.renew === true) return 'renew the self-signed certificate';
      return `create the stack's generated credentials${action.selfSigned ? ' and a self-signed certificate' : ''}`;
    case 'ClaimHost':
      return 'claim the host';
    case 'SetUpHost':
      return 'set the host up';
    case 'WriteRelease':
      return "write the release's files to the host";
    case 'PullImages':
      return 'pull images';
    case 'StartDatabase':
      return `start ${action.services.join(', ')}`;
    case 'ConfirmOrder':
      return `see whether JtelRestore ${action.name} still stands`;
    case 'StartCheck':
      return `check ${action.source} on the host`;
    case 'StartLoad':
      return `load data from ${action.source}`;
    case 'StartBeside':
      return `start a database for ${action.source} beside the stack`;
    case 'StartCount':
      return `count what was loaded from ${action.source}`;
    case 'RemoveBeside':
      return 'remove the database beside the stack';
    case 'SwitchVolumes':
      return `switch to the data from ${action.switch.data.source}`;
    case 'RefuseData':
      return 'switch back to the data from before';
    case 'MeasurePrevious':
      return 'measure the data from before the restore';
    case 'ForgetPrevious':
      return 'give up the data from before the restore';
    case 'PruneVolumes':
      return 'remove volumes that nothing needs any more';
    case 'CreateMoveBackup':
      return `make backup ${action.name}`;
    case 'StopFormer':
      return `stop the stack on machine ${action.machineID}, except ${action.keep.join(', ')}`;
    case 'FenceFormer':
      return `stop and mark machine ${action.machineID}: the stack lives at ${action.address}`;
    case 'UnmarkMoved':
      return 'let this host run the stack again';
    case 'RecordData':
      return action.data.state === 'Incomplete'
        ? `record that the data are being overwritten by ${action.data.source}`
        : `record that the data came from ${action.data.source}`;
    case 'ForgetData':
      return 'record that the data are lost and that the stack begins anew';
    case 'RemoveJob':
      return `remove the finished job ${action.uid}`;
    case 'RecordRevision':
      return `record the spec as revision ${action.number}`;
    case 'NoteAttempt':
      return action.attempt.failure === undefined
        ? `note how the ${action.attempt.action.toLowerCase()} stands`
        : 'note the failure';
    case 'NoteOutcome':
      return `note the outcome: ${action.outcome.result}`;
    case 'CreateBackup':
      return `create JtelBackup ${action.name}`;
    case 'CreateRestore':
      return `create JtelRestore ${action.name} of ${action.backupRef}`;
    case 'MarkUpdate':
      return `mark the host: update from ${action.mark.from} to ${action.mark.to}`;
    case 'EndUpdate':
      return 'mark the host: no update under way';
    case 'KeepLogs':
      return `keep the logs of ${action.services.join(', ') || 'nothing'}`;
    case 'RemoveRevisions':
      return 'remove old revisions';
    case 'ApplyRelease':
      return 'apply the release with docker compose';
    case 'RecordApplied':
      return 'record what was applied';
    case 'PruneReleases':
      return 'remove old releases from the host';
    case 'StopStack':
      return "stop the stack's containers";
    case 'DestroyStack':
      return 'destroy the stack: containers, volumes and files';
    case 'RemoveCredentials':
      return "remove the stack's generated credentials";
    case 'ReleaseFinalizer':
      return 'let the object go';
  }
}
