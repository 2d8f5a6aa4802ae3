/** The words for actions and their causes: what is read while one runs, in `Observe` mode instead of it, and in a plan; pure. */

import type { Action, Cause } from '../../actions.ts';

/** What an action does, in the form of all words for work: `setting the host up`. */
export function describeAction(action: Action): string {
  switch (action.type) {
    case 'EnsureCredentials':
      if (action.renew === true) return 'renewing the self-signed certificate';
      return `creating the stack's generated credentials${action.selfSigned ? ' and a self-signed certificate' : ''}`;
    case 'RecoverCredentials':
      return "reading the stack's generated credentials back from the host";
    case 'ClaimHost':
      return 'claiming the host';
    case 'SetUpHost':
      return 'setting the host up';
    case 'WriteRelease':
      return "writing the release's files to the host";
    case 'PullImages':
      return 'pulling images';
    case 'StartDatabase':
      return `starting ${action.services.join(', ')}`;
    case 'ConfirmOrder':
      return `seeing whether JtelRestore ${action.name} still stands`;
    case 'StartCheck':
      return `checking ${action.source} on the host`;
    case 'StartLoad':
      return `loading data from ${action.source}`;
    case 'StartImport':
      return action.phase === 'Pull'
        ? `copying the old database (${action.source})`
        : `taking the last changes of the old database (${action.source}), and comparing`;
    case 'StartBeside':
      return `starting a database for ${action.source} beside the stack`;
    case 'StartCount':
      return `counting what was loaded from ${action.source}`;
    case 'RemoveBeside':
      return 'removing the database beside the stack';
    case 'SwitchVolumes':
      return `switching to the data from ${action.switch.data.source}`;
    case 'RefuseData':
      return 'switching back to the data from before';
    case 'MeasurePrevious':
      return 'measuring the data from before the restore';
    case 'ForgetPrevious':
      return 'giving up the data from before the restore';
    case 'PruneVolumes':
      return 'removing volumes that nothing needs any more';
    case 'CreateMoveBackup':
      return `making backup ${action.name}`;
    case 'StopFormer':
      return action.keep.length === 0
        ? `stopping the stack on machine ${action.machineID}`
        : `stopping the stack on machine ${action.machineID}, except ${action.keep.join(', ')}`;
    case 'FenceFormer':
      return `stopping and marking machine ${action.machineID}: the stack lives at ${action.address}`;
    case 'UnmarkMoved':
      return 'letting this host run the stack again';
    case 'RecordData':
      return action.data.state === 'Incomplete'
        ? `recording that the data are being overwritten by ${action.data.source}`
        : `recording that the data came from ${action.data.source}`;
    case 'ForgetData':
      return 'recording that the data are lost and that the stack begins anew';
    case 'RemoveJob':
      return `removing the job ${action.uid}`;
    case 'RecordRevision':
      return `recording the spec as revision ${action.number}`;
    case 'NoteAttempt':
      return `noting how the ${action.attempt.action.toLowerCase()} stands`;
    case 'NoteFailure':
      return 'noting the failure';
    case 'NoteOutcome':
      return `noting the outcome: ${action.outcome.result}`;
    case 'CreateBackup':
      return `creating JtelBackup ${action.name}`;
    case 'CreateRestore':
      return `creating JtelRestore ${action.name} of ${action.backupRef}`;
    case 'MarkUpdate':
      return `marking the host: update from ${action.mark.from} to ${action.mark.to}`;
    case 'EndUpdate':
      return 'marking the host: no update under way';
    case 'KeepLogs':
      return `keeping the logs of ${action.services.join(', ') || 'nothing'}`;
    case 'RemoveRevisions':
      return 'removing old revisions';
    case 'ApplyRelease':
      return 'applying the release with docker compose';
    case 'RecordApplied':
      return 'recording what was applied';
    case 'PruneReleases':
      return 'removing old releases from the host';
    case 'StopStack':
      return "stopping the stack's containers";
    case 'DestroyStack':
      return 'destroying the stack: containers, volumes and files';
    case 'DestroyFormer':
      return `destroying the stack on machine ${action.machineID}: containers, volumes and files`;
    case 'RemoveCredentials':
      return "removing the stack's generated credentials";
    case 'ReleaseFinalizer':
      return 'letting the object go';
  }
}

const causes: Readonly<Record<Cause, string>> = {
  HostNotHeld: 'this process does not hold the host',
  NewSpec: 'the spec is not in the change log',
  CredentialsLost: 'the Secret with the credentials is gone, and the data were made with them',
  CredentialsMissing: 'the release wants credentials that are not there',
  CertificateEnds: 'the self-signed certificate ends soon',
  SetUpDiffers: 'the host is not set up as the spec asks',
  Drifted: 'somebody changed what was applied',
  ReleaseNotThere: "the release's files are not on the host",
  ImagesNotThere: 'images of the release are not on the host, or it is not known',
  ReleaseDiffers: 'another release or configuration was applied last',
  ChangeHalfDone: 'a change was begun and is not through',
  UpdateBegins: 'the version differs from the one that runs',
  ChangeBegins: 'work on this revision begins',
  UpdateNeedsBackup: 'an update wants a backup first',
  ChangeFailed: 'the change failed',
  FailureNoted: 'the failure is noted, and what follows is not',
  AllHealthy: 'everything is healthy',
  UpdateEnded: 'the update has an outcome',
  ReleaseTakenBack: 'the change failed and is taken back',
  DataTouched: 'the failed update may have changed the data',
  NoData: 'no data were loaded yet',
  DataAreReplaced: 'data may only be replaced while nothing uses them',
  OrderStands: 'a JtelRestore or a move brings these data',
  OrderMayBeGone: 'a JtelRestore may be taken back at any moment',
  OrderNotChecked: 'the backup was not checked on this host',
  OrderChecked: 'the check is over',
  OrderGone: 'nobody wants this load any more',
  LoadSucceeded: 'the load succeeded',
  LoadFailed: 'the load failed, and its pause is over',
  SourceChanged: 'the spec says another source',
  NoDatabaseBeside: 'what was loaded needs a database of its own',
  NotCounted: 'what was loaded is not compared with the backup',
  LoadedBeside: 'the data are loaded and proven beside those in use',
  UndoOrdered: 'a JtelRestore asks for the data from before',
  UnhealthyOnData: 'the stack does not become healthy on the restored data',
  LossAccepted: 'an annotation says to begin anew',
  PreviousNotMeasured: 'the size of the data from before is not known',
  PreviousOutdated: 'the time of the data from before is over',
  VolumesLeft: 'volumes are left that nothing needs',
  JobLeft: 'its work is done',
  ReleasesLeft: 'nobody would go back to them',
  RevisionsLeft: 'there are more than spec.revisionHistoryLimit',
  NoMoveBackup: 'the move takes the data by a backup that is not made',
  FormerRuns: 'the stack still runs on the host that it is moved from',
  StartMayGoOn: 'a start that was begun there may go on',
  FormerNotMarked: 'the former host could still start the stack',
  DataSuperseded: 'the data on the new host are superseded',
  MarkedAsMoved: 'the host is marked as left',
  MoveTakenBack: 'the move was taken back',
  ToldToStop: 'spec.powerState is Stopped',
  StackDeleted: 'the JtelStack is being deleted',
};

/** Why an action is due, as a clause. */
export function describeCause(cause: Cause): string {
  return causes[cause];
}
