/**
 * The closed set of reasons that conditions and events may carry, each explained in one sentence for the person who reads
 * it at 3 a.m. To add one, add a line here and run `node crds/generate.ts` (docs/reasons.md).
 *
 * `host` and `store` repeat the names in `host-driver/host.ts` and `blob-store/blob-store.ts`, because `crds` depends on
 * nothing; `crds/reasons.test.ts` fails when they drift apart.
 */

const host = {
  HostUnreachable:
    'The host does not answer on its SSH port, or the connection was lost; it may still be running. Check address, port, network and the machine.',
  HostKeyMismatch:
    'The machine that answers does not have one of the pinned host keys, so nothing was sent to it. Find out why before changing `hostKeyFingerprints`.',
  AuthenticationFailed:
    'The host refuses the SSH user or the private key. Check `host.user`, the Secret and `authorized_keys` on the host.',
  AddressBanned:
    'After failed logins, sshd lets nobody in from the address that the operator (or the jump host) comes from. That ends by itself after 15 s to 10 min (`sshd -T | grep -i persourcepenalties` on the host); find the wrong key, or it comes again.',
  SudoRefused:
    'The SSH user may not use sudo without a password. Allow it, or set the host up by hand and use `bootstrap: Preinstalled`.',
  HostSetupFailed: 'The set-up script ended with an error; the message has its last lines.',
  DockerUnavailable: 'Docker is not installed, or its daemon does not answer the SSH user.',
  HostOwned: 'The host already runs this project for another stack or another cluster. Nothing was changed.',
  Fenced: 'Somebody with a newer claim works on this host; this operator stepped back.',
  MachineChanged: 'The address now belongs to another machine than before. Nothing was changed on it.',
  DiskFull: 'The host has no space left where Docker keeps its data.',
  ImageNotFound: 'The registry does not have an image (or digest) that the release names.',
  RegistryRefused: 'The registry refuses the credentials of `imagePullSecretRef`, or needs some.',
  RegistryUnreachable: 'The host cannot reach the registry.',
  VolumeChanged: 'The change would make compose replace a volume and lose its data, so it was not applied.',
  Moved:
    'The stack was moved to another host, and this one refuses to start it: it must not run in two places.',
  ComposeFailed:
    'docker compose ended with an error; the message has the last lines of the container that ended first, then those of compose.',
  LoadRefused:
    'The database refused a statement of the backup or of the initial data, for a cause that does not pass by itself; the message names the file and the error. Mend what it names, for example the database image that lacks an engine, or choose another backup, then ask for the restore again.',
  JobFailed: 'A job on the host failed; the message says which and why.',
  OutcomeUnknown:
    'The connection went away in the middle of a step; the host is looked at again before anything else is done.',
} as const;

const store = {
  StoreReachable: 'The store was listed (and, where it is writable, a probe was written and read back).',
  StoreUnreachable: 'The store does not answer. Check the endpoint and the network.',
  StoreCredentialsRefused:
    'The store refuses the credentials, or they do not allow what is needed. Check the Secret.',
  StoreNetworkRefused:
    'The network rules of the storage account, or the addresses that a SAS is limited to, do not let in whoever asked; the message says which address that is.',
  StoreCannotSign:
    'A job on a host would need a right of its own to the store, and a SAS token cannot sign one nor is it handed on, because it may do more. Waiting does not help: give the account key.',
  ContainerNotFound:
    'The container does not exist in the storage account. Create it, or correct `azure.container`.',
  StoreThrottled: 'The store asks to slow down; the operator tries again later.',
  StoreUnavailable:
    'A JtelBackupStore that is needed is missing or not Available; its own conditions say why.',
  StoreNotFound: 'The JtelBackupStore that is named does not exist in this namespace.',
  BlobNotFound: 'An object that must be in the store is not there.',
  BlobArchived:
    'Objects lie in the archive tier of the storage account, or are on their way out, where nothing can be read. Rehydrate them, and let no lifecycle rule archive backups.',
  BlobExists:
    'Another object is in the store under the name that was to be written; nothing was overwritten.',
  BlobImmutable: 'The store refuses to change an object because it is immutable.',
  DigestMismatch: 'What was read is not what was written, or not what a manifest says; it was not used.',
  NotChecked: 'Not checked (yet). Immutability is only proven once backups are made.',
} as const;

const references = {
  SecretNotFound: 'A Secret that is named does not exist in this namespace.',
  SecretInvalid: 'A Secret lacks a key that is needed, or its content cannot be used.',
  ReferenceInvalid:
    'An object that is named exists but cannot be used here, for example a store of the wrong tier.',
} as const;

const preflight = {
  PreflightPassed: 'Host, release and settings fit together.',
  HostReachable: 'The host answers and is the pinned machine.',
  HostTooSmall: 'The host has fewer cores, less memory or less disk than the size needs.',
  UnsupportedOS: 'The operating system of the host is not supported.',
  PortInUse: 'A port that the release needs is taken by another program on the host.',
  ClockSkewed: 'The clock of the host is wrong; certificates and backups would be as well.',
} as const;

const release = {
  ReleaseAvailable: 'The release was found in the vendor store and is valid.',
  ReleaseNotFound: 'The vendor store has no release of that version.',
  ReleaseInvalid:
    'The release in the vendor store is damaged, or does not match the schema or its signature.',
  SpecInvalid:
    'The spec asks for something the release does not offer, such as an unknown component or too many replicas.',
  UpdateNotSupported: 'The release cannot update the data of the running version in place.',
  BackupRequired: 'The update wants a verified backup first (`update.preUpdateBackup`), and there is none.',
  DowngradeRefused: 'An older version cannot use the data of a newer one; going back needs a restore.',
} as const;

const data = {
  LoadingData: 'Data is being loaded into the empty database and file tree.',
  DataLoaded: 'Database and files hold data that was loaded completely.',
  DataNotEmpty:
    'There is data on the host that this stack did not load. It was left alone, and so was the stack.',
  DataMissing:
    'Data were loaded and are no longer on the host: a volume is gone or empty, perhaps because a disk is not mounted. Nothing is started, and no empty volume is made; the message names the newest backup and the ways out.',
  DataIncomplete: 'Loading was interrupted; what lies there is partial and is not started.',
  Restoring: 'A backup is being brought into the stack, as a JtelRestore asks.',
  RestoreFailed: 'A restore failed; its own status says why, and what became of the stack.',
  RestoreUndone: 'The data from before the restore are in use again.',
  UndoNotPossible:
    'The data from before that restore are not on the host any more, or another restore came after it. A backup brings older data back.',
  NoRoomBeside:
    'The host has no room for the new data beside the old. Free some space, or agree to overwrite in place (`inPlace: Accept`).',
  AlreadyCarriedOut:
    'The same order was carried out before, by an object that was deleted since; it counts once, so nothing was done. Of a JtelBackup: a scheduled one that was created anew long after its time. The message says how to ask for it once more.',
  OrderExpired:
    'The order may no longer be begun, because its `notAfter` is over. Nothing was touched; create another one if it is still wanted.',
  RestoreWaits: 'Another restore of the same stack came first.',
  BackupNotFound: 'The store has no such backup under that identity.',
  BackupInvalid: 'The backup, or a part of it, is damaged, forged or missing; nothing was loaded from it.',
  BackupFormatNewer: 'The backup was written by a newer operator in a format that this one does not know.',
  BackupNotAllowed:
    'The backup belongs to another stack, and using it was not agreed to, or the store does not allow it.',
  DecryptionKeyMissing: 'The backup is encrypted and the key it names is not there.',
  DecryptionKeyWrong: 'The backup is encrypted, and not with the key that was given.',
  DatabaseKeysMissing:
    'The database is encrypted at rest, and its keys are not where the backup or the restore needs them: the release does not say which secret holds them (`database.physical.keys`), or the Secret `<stack>-credentials` has others than the stack that made the backup.',
  RestoreCompleted: 'The backup was restored and the stack is healthy.',
  ChecksPassed: 'Everything that can be checked beforehand is in order; nothing was touched.',
} as const;

const relocation = {
  Relocating: 'The stack is being moved to another host.',
  RelocationNeedsOldHost:
    'The old host does not answer, so its data cannot be moved. The message names the newest backup and what would be lost; `relocation.source: RecoverFromBackup` agrees to that.',
  RelocationNeedsBackup: 'Moving a stack takes its data there by a backup, so `spec.backup` is needed.',
  Relocated: 'The stack runs on its new host.',
  OldHostStopped: 'The stack was stopped on its old host to be moved.',
  OldHostFenced: 'The old host was marked: it cannot run this stack beside the new one.',
  OldHostNotFenced: 'The old host has not answered yet; it is stopped and marked as soon as it does.',
} as const;

const progress = {
  Pending: 'Not looked at yet.',
  Claiming: 'The host is being claimed for this stack.',
  SettingUpHost: 'Docker, directories, DNS, firewall and time zone are being set up on the host.',
  WritingFiles: 'Configuration is being written to the host.',
  Pulling: 'Images are being pulled.',
  Starting: 'Containers are being started.',
  WaitingForHealth: 'Containers run, not all of them are healthy yet.',
  UpdatingDatabase: 'The task runner brings database and files to the release.',
  HealthGateFailed: 'Containers did not become healthy in time, or kept restarting; the message names them.',
  Healthy: 'Everything that is wanted runs and is healthy.',
  ComponentsUnhealthy: 'Containers are missing or unhealthy; the message names them.',
  Applied: 'What was asked for has been applied.',
  Applying: 'A change is being applied.',
  Updating: 'The stack is being updated to another release.',
  RollingBack: 'The previous release is being brought back.',
  RolledBack: 'The update failed and the previous release was brought back.',
  ProgressDeadlineExceeded: 'It took longer than `update.progressDeadlineSeconds` allows.',
  DatabaseUpdateFailed:
    'The component that brings the data to the release failed again and again; the message has what it said last.',
  WaitingForBackup: 'The backup that the update wants first is being made.',
  WayBackClosed:
    'The update failed and cannot be taken back by itself: the data may have been changed and no backup was made. Nothing more is done.',
  Held: 'The change failed and everything was left as it is for a person to look at (`update.onFailure` is Hold).',
  WaitingForWindow: 'The update waits for its window.',
  BackoffAfterError: 'A step failed and is tried again; the message says which and why.',
  InternalError: 'The operator itself failed; its log has the details.',
} as const;

const state = {
  NoDrift: 'The host is as it was applied.',
  Drifted: 'Containers on the host are not what was applied; `drift` decides what is done about it.',
  DriftIgnored: 'Drift is not looked for.',
  DriftCorrected: 'Drift was found and put right.',
  Suspended: 'Nothing is done because `suspend` is true.',
  Observing: 'Nothing is changed because `managementMode` is Observe; the message says what would be done.',
  NotPaused: 'The operator works on this stack.',
  Stopping: 'The containers are being stopped.',
  Stopped: 'The containers are stopped because `powerState` is Stopped.',
  Deleting: 'The stack is being deleted as `deletionPolicy` says.',
  DeletionBlocked: 'Deletion waits for something; the message says for what.',
  Orphaned: 'The object is gone, the containers were left running.',
  Destroyed: 'Containers and data were removed from the host.',
  HostStateUnknown:
    'The host has not answered for a while, so what was known about it may no longer be true.',
} as const;

const events = {
  CredentialsCreated:
    'Passwords (and a certificate, where none was given) were made and stored in the Secret `<stack>-credentials`.',
  HostSetUp: 'Docker, directories, DNS, firewall and time zone of the host are as the spec asks.',
  ImagesPulled: 'All images of the release are on the host.',
  DatabaseStarted: 'The database runs alone, so that data can be loaded into it.',
  LoadStarted: 'The job that loads the data was started on the host.',
  Updated: 'An update to another release is through; the note says how long the stack was down.',
  ReleaseApplied: 'docker compose brought the containers to the release and configuration asked for.',
} as const;

const backup = {
  BackupPending: 'The backup waits for something; the message says for what.',
  BackupRunning: 'A job on the host reads the data and stores what is new.',
  BackupVerifying: 'What was stored is compared, the manifest written, and immutability tried.',
  BackupWaits: 'Another backup of the same stack came first.',
  StackBusy: 'Data of the stack are being loaded, restored, updated or moved; the backup begins afterwards.',
  StackNotFound: 'The JtelStack that is named does not exist in this namespace.',
  StackNotRunning: 'The database of the stack does not run, so it cannot be backed up.',
  HistoryOfAnother:
    'The newest backup in the store under this identity was written by somebody else. So that two never write one history, nothing is added to it without consent (annotation `jtel.de/adopt-backups`).',
  UploadWindowOver:
    'The job had no more time to write to the store; the next try goes on with what is stored.',
  DeadlineExceeded:
    'It could not be done in the time there is for it; the message says what it was waiting for.',
  BackupIncomplete:
    'What the job says it stored is not all in the store; no manifest was written, so there is no such backup.',
  BackupShrunk:
    'The backup is far smaller than the last good one of its method. Find out what is missing, or accept it (annotation `jtel.de/accept-backup`).',
  BackupEmptied:
    'The newest backup has no tables or files where older ones had some. It is not taken for the newest good one until somebody accepts it (annotation `jtel.de/accept-backup`).',
  FilesMissing:
    'Files could not be read, or vanished while the backup read them, or tables have an engine that keeps their rows elsewhere (`TableRows`); everything else is in the backup. `status.datasets[].leftOut` has their number by kind, and examples.',
  EntriesLeftOut:
    'There are entries that no backup keeps, such as pipes, sockets and devices, or views that refer to what is not there; `status.datasets[].leftOut` has their number by kind. A restored stack makes them anew, or does without.',
  MethodChanged: 'The release cannot do Physical backups, so a Logical one was made.',
  VerificationFailed:
    'The backup is stored, and restoring it for a test failed. Do not rely on it before that is understood.',
  BackupCancelled: 'The object was deleted before the backup was complete; its job is stopped.',
  ScheduleInvalid: '`backup.schedule` or `backup.timeZone` is none that can be computed.',
  PolicyMissing: 'The container has no immutability policy.',
  PolicyUnlocked:
    'The container has an immutability policy that is not locked: whoever manages the storage account can remove it.',
  RetentionTooShort: 'The immutability policy ends before the last backup that uses what was stored.',
  BackupNotConfigured: 'There is no `spec.backup`, so there are no backups of this stack.',
  BackupSuspended: 'Scheduled backups are suspended.',
  Completed: 'It was done completely, and what was done was verified.',
  BackupCompleted: 'The newest backup is complete and not too old.',
  BackupFailed: 'The newest backup failed; its own message says why.',
  BackupOverdue: 'The newest backup is older than the schedule or the objective allows.',
  NoBackupYet: 'No backup was made yet.',
  ObjectivesMet: 'The objectives in `backup.objectives` are met.',
  ObjectivesMissed: 'An objective in `backup.objectives` is not met; the message says by how much.',
  NoObjectives: 'There are no `backup.objectives` to measure.',
  ImmutabilityVerified: 'The store refused to overwrite and to delete.',
  NotImmutable: 'The store would let somebody change or delete what is stored.',
} as const;

/** By subject, for docs/reasons.md. */
export const reasonGroups = {
  host: { title: 'Host', reasons: host },
  store: { title: 'Stores', reasons: store },
  references: { title: 'References', reasons: references },
  preflight: { title: 'Preflight', reasons: preflight },
  release: { title: 'Release', reasons: release },
  data: { title: 'Data', reasons: data },
  relocation: { title: 'Relocation', reasons: relocation },
  progress: { title: 'Progress', reasons: progress },
  state: { title: 'State', reasons: state },
  events: { title: 'Events', reasons: events },
  backup: { title: 'Backups', reasons: backup },
} as const;

/** Reason → what it means. */
export const reasons = {
  ...host,
  ...store,
  ...references,
  ...preflight,
  ...release,
  ...data,
  ...relocation,
  ...progress,
  ...state,
  ...events,
  ...backup,
} as const;

export type Reason = keyof typeof reasons;

/** For names that come from elsewhere, such as a driver's error. */
export function isReason(word: string): word is Reason {
  return Object.hasOwn(reasons, word);
}
