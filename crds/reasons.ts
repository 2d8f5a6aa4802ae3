/**
 * The closed set of reasons that conditions and events may carry. One sentence explains each, for the person
 * who reads it at 3 a.m. To add one, add a line here and run `make generate` (docs/reasons.md).
 *
 * `host` and `store` repeat the names in `host-driver/host.ts` and `blob-store/blob-store.ts`, because `crds`
 * may not import them. `crds/reasons.test.ts` fails if they differ.
 */

const host = {
  HostUnreachable:
    'The host does not answer on its SSH port, or the connection was lost; it may still be running. Check address, port, network and the machine.',
  HostKeyMismatch:
    'The machine that answers does not have one of the pinned host keys, so nothing was sent to it. Find out why before changing `hostKeyFingerprints`.',
  AuthenticationFailed:
    'The host refuses the SSH user or the private key. Check `host.user`, the Secret and `authorized_keys` on the host.',
  AddressBanned:
    'After failed logins, sshd refuses everybody from the address of the operator (or of the jump host). The ban ends by itself after 15 s to 10 min (`sshd -T | grep -i persourcepenalties` on the host); find the wrong key, or it comes again.',
  SudoRefused:
    'The SSH user may not use sudo without a password. Allow it, or set the host up by hand and use `bootstrap: Preinstalled`.',
  HostSetupFailed: 'The set-up script ended with an error; the message has its last lines.',
  DockerUnavailable: 'Docker is not installed, or its daemon does not answer the SSH user.',
  DockerHangs:
    'The host answers, but its Docker daemon does not. What runs goes on; nothing is changed. Look at the daemon on the host, and restart it if it does not recover.',
  HostStateInvalid:
    'What the host has as its record of the stack (`state.json`, `fence`) is not what the operator writes; nothing is changed there. Find out who wrote it. The message says how to take the host anew.',
  HostOwned: 'The host already runs this project for another stack or another cluster. Nothing was changed.',
  Fenced: 'A newer claim holds this host; this operator stepped back.',
  MachineChanged: 'The address now belongs to another machine than before. Nothing was changed on it.',
  DiskFull: 'The host has no space or no inodes left; the message says where.',
  DiskReadOnly:
    'The host can write nothing on a disk, as after an error of that disk. Nothing was changed. Repair it and mount it for writing.',
  ImageNotFound: 'The registry does not have an image (or digest) that the release names.',
  RegistryRefused:
    'The registry refuses the credentials of `imagePullSecretRef`, or it needs credentials and has none.',
  RegistryUnreachable: 'The host cannot reach the registry.',
  VolumeChanged: 'The change would make compose replace a volume and lose its data, so it was not applied.',
  Moved:
    'The stack was moved to another host, and this one refuses to start it: it must not run in two places.',
  ComposeFailed:
    'docker compose ended with an error; the message has the last lines of the container that ended first, then those of compose.',
  LoadRefused:
    'The database refused a statement of the backup or of the initial data, and trying again does not help; the message names the file and the error. Correct the cause, for example a database image that lacks an engine, or choose another backup; then create the restore again.',
  JobFailed: 'A job on the host failed; the message says which and why.',
  OutcomeUnknown:
    'The connection broke in the middle of a step; the operator looks at the host again before it does anything else.',
} as const;

const store = {
  StoreReachable: 'The store was listed (and, if it is writable, a probe was written and read back).',
  StoreUnreachable: 'The store does not answer. Check the endpoint and the network.',
  EndpointRefused:
    'The operator does not send credentials there: the endpoint is an address of the machine, the cloud or the cluster, or uses `http://`. The configuration of the operator can allow addresses and `http://` (docs/stores.md).',
  StoreCredentialsRefused:
    'The store refuses the credentials, or they do not allow what is needed. Check the Secret.',
  StoreNetworkRefused:
    'The network rules of the storage account, or the addresses of a SAS, do not admit the caller; the message has its address.',
  StoreCannotSign:
    'A job on a host needs its own right to the store. A SAS token cannot sign one, and it allows too much to be passed on. Waiting does not help: give the account key.',
  ContainerNotFound:
    'The container does not exist in the storage account. Create it, or correct `azure.container`.',
  StoreThrottled: 'The store asks the operator to slow down; it tries again later.',
  StoreNotFound: 'The named JtelBackupStore does not exist in this namespace.',
  BlobNotFound: 'A required object is not in the store.',
  BlobArchived:
    'Objects lie in the archive tier of the storage account, or are still being rehydrated; they cannot be read. Rehydrate them, and let no lifecycle rule archive backups.',
  BlobExists: 'The store already has another object under that name; nothing was overwritten.',
  BlobImmutable: 'The store refuses to change an object because it is immutable.',
  DigestMismatch: 'The content differs from what was written, or from the manifest; it was not used.',
  NotChecked: 'Not checked (yet). Immutability is proven only once backups are made.',
} as const;

const channel = {
  RolloutDone: 'All stacks that follow the channel and can run its release run it.',
  RollingOut: 'Stacks are being updated, or wait for their turn; `status.waves` says how far each wave is.',
  Soaking: 'A wave is done, and the next one waits until `soakMinutes` are over.',
  ChannelPaused: 'The channel is paused: nothing new begins, and what was begun is carried through.',
  TooManyFailures:
    'More updates failed than `maxFailures` allows, so nothing new begins. Find out why, then set another version, allow more failures, or try the stacks again (annotation `jtel.de/retry`).',
  WaveUnproven:
    'No stack of the wave could be updated: all failed, or are set aside. The next wave does not begin, because nothing shows that the release works.',
  ChannelPending: 'The stack follows a channel that has not said yet which release it is to run.',
  ChannelNotFound:
    'The JtelChannel that `channelRef` names does not exist, or this operator does not follow channels because it looks after some namespaces only. The stack keeps the release that it has.',
  WaveNotFound:
    'The channel has no wave for the stack: `channelWave` names none of its waves, or no selector matches.',
  TurnWithdrawn: 'The channel has taken back the turn of the stack before it was used.',
  WaitingForTurn: 'As many stacks as `maxUnavailable` allows are being updated; the stack comes later.',
  WaitingForWave: 'The waves before that of the stack are not done yet, or their soak time is not over.',
  BackupTooOld:
    'The newest backup is older than the gate of the channel allows (`gates.backupYoungerThanHours`).',
  RestoreTestTooOld:
    'The last test restore that passed is longer ago than the gate of the channel allows (`gates.restoreTestYoungerThanDays`).',
  NotAvailableLongEnough:
    'What customers use does not answer, or not for as long as the channel asks for (`gates.availableForMinutes`).',
} as const;

const drill = {
  Drilling: 'Backups are being tested, or wait for their turn; `status.tested` says how far it is.',
  DrillDone: 'The newest backup of each stack was tested.',
  DrillSuspended: 'The drill is suspended: nothing new begins, and tests that run go on to their end.',
  DrillHostRefused:
    'A host of the drill is the host of a stack, or of another drill. Nothing begins on it: a test needs a host that no customer uses.',
  DrillHostUnreachable:
    'A host of the drill does not answer, or its Secret cannot be used. Nothing begins on it.',
  DrillNoRoom:
    'A backup has no room on any host of the drill, beside what `keepFreeGiB` keeps free. Others are tested; give a host a larger disk.',
  DrillFailed:
    'The last test of a stack failed: its backup could not be restored, or is not what was backed up. The JtelRestore `<backup>-drill` says why.',
  TestHostRefused:
    'The `test.host` that the test restore names is the host of another stack, or of a drill. Nothing was sent there; name a host that nobody else uses.',
  DrillTurnMissing:
    'The drill that the test restore names has not asked for it, or does not exist. Drills ask for their tests themselves.',
} as const;

const references = {
  SecretNotFound: 'A named Secret does not exist in this namespace.',
  CredentialsLost:
    'The Secret `<stack>-credentials` is gone or lacks entries while data of the stack exist, and what the host runs with cannot be read back. No new passwords are made over data that exist; the message says what to do.',
  SecretInvalid: 'A Secret lacks a required key, or its content cannot be used.',
  NameTaken:
    'Somebody else has an object under a name that the operator derives for its own: the Secret `<stack>-credentials`, or a ControllerRevision of the stack. It is neither used, changed nor deleted. Give it another name; a Secret that the stack is to use needs the label `jtel.de/stack` with the stack’s name.',
  ReferenceInvalid: 'A named object exists but cannot be used here, for example a store of the wrong tier.',
} as const;

const preflight = {
  PreflightPassed: 'Host, release and settings fit together.',
  HostReachable: 'The host answers and is the pinned machine.',
  HostTooSmall: 'The host has fewer cores, less memory or less disk than the size needs.',
  UnsupportedOS: 'The operating system of the host is not supported.',
} as const;

const release = {
  ReleaseAvailable: 'The release was found in the vendor store and is valid.',
  ReleaseNotFound: 'The vendor store has no release of that version.',
  ReleaseInvalid:
    'The release in the vendor store is damaged, or does not match the schema or its signature.',
  SpecInvalid:
    'The spec asks for something the release does not offer, such as an unknown component or too many replicas.',
  UpdateNotSupported: 'The release cannot update the data of the running version in place.',
  BackupRequired: 'The update needs a verified backup first (`update.preUpdateBackup`), and there is none.',
  DowngradeRefused: 'An older version cannot use the data of a newer one; going back needs a restore.',
} as const;

const data = {
  LoadingData: 'Data is being loaded into the empty database and file tree.',
  ImportWaits:
    'The database of the old installation was copied. Stop the old installation, but not its database, and finish the import (`kubectl jtel import finish`). `status.import` lists what was not brought over.',
  ImportUnreachable:
    'The old database does not answer the new host. Check `initialData.import.database`, the network and the server.',
  ImportRefused:
    'The old database refuses the account of the import, or the account lacks a right; the message says which. Nothing counts as loaded.',
  ImportImpossible:
    'The old database has something that the new one cannot hold; the message says what to change there. Nothing counts as loaded.',
  ImportInUse:
    'Somebody still works with the tables of the old database, so the import cannot be finished. Stop the old installation, but not its database.',
  ImportDiffers:
    'What was copied is not what the old database has. Nothing counts as loaded; it is tried again.',
  DataLoaded: 'Database and files hold data that was loaded completely.',
  DataNotEmpty:
    'There is data on the host that this stack did not load. It was left alone, and so was the stack.',
  DataMissing:
    'Loaded data are missing on the host: a volume is missing or empty, perhaps because a disk is not mounted. Nothing is started, and no empty volume is made; the message names the newest backup and what you can do.',
  DataIncomplete: 'Loading was interrupted; the data are incomplete, and nothing is started on them.',
  Restoring: 'A backup is being restored into the stack, as a JtelRestore asks.',
  RestoreFailed: 'A restore failed; its own status says why, and in what state the stack is.',
  RestoreUndone: 'The data from before the restore are in use again.',
  UndoNotPossible:
    'The data from before that restore are no longer on the host, or another restore came after it. Restore a backup instead.',
  NoRoomBeside:
    'The host has no room for the new data beside the old. Free some space, or allow overwriting in place (`inPlace: Accept`).',
  AlreadyCarriedOut:
    'The same order was carried out before, through an object that was deleted since. It counts once, so nothing was done. For a JtelBackup: Flux or Argo CD created it again, or a scheduled one was created again long after its time. The message says how to ask for it once more.',
  OrderExpired:
    'The order may no longer begin, because its `notAfter` has passed. Nothing was touched; create another one if you still want it.',
  RestoreWaits: 'Another restore of the same stack came first.',
  BackupNotFound: 'The store has no such backup under that identity.',
  BackupInvalid: 'The backup, or a part of it, is damaged, forged or missing; nothing was loaded from it.',
  BackupFormatNewer: 'The backup was written by a newer operator in a format that this one does not know.',
  BackupNotAllowed:
    'The backup belongs to another stack, and nobody consented to its use, or the store does not allow it.',
  BackupUnsigned:
    'The backup has no signature, so whoever can write to the store may have made it. Backups of operators before 0.2 have none: restore them by name, with `unsigned: Accept`.',
  BackupSignerUnknown:
    'The backup is signed with a key that the store does not trust, such as that of another cluster. Compare the key with the one on paper, and add it to `spec.trustedKeys` of the JtelBackupStore.',
  BackupNotEncrypted:
    'The backup is not encrypted, and its store encrypts. If it is from before that, restore it by name, with `unencrypted: Accept`.',
  BackupsIgnored:
    'The store has newer manifests that do not count: not signed, signed with a key that is not trusted, damaged, or of a time that has not come yet. They were passed over; find out who wrote them.',
  DecryptionKeyMissing: 'The backup is encrypted, and the key that it names is missing.',
  DecryptionKeyWrong: 'The backup is encrypted with another key than the given one.',
  DatabaseKeysMissing:
    'The database is encrypted at rest, and the backup or restore does not have its keys: the release does not say which secret holds them (`database.physical.keys`), or the Secret `<stack>-credentials` has other keys than the stack that made the backup.',
  RestoreCompleted: 'The backup was restored and the stack is healthy.',
  ChecksPassed: 'Everything that can be checked beforehand is in order; nothing was touched.',
} as const;

const relocation = {
  Relocating: 'The stack is being moved to another host.',
  RelocationNeedsOldHost:
    'The old host does not answer, so its data cannot be moved. The message names the newest backup and what would be lost; `relocation.source: RecoverFromBackup` accepts that loss.',
  RelocationNeedsBackup:
    'A stack is moved by a backup of its data: `spec.backup` is needed, and a stack that was started on them.',
} as const;

const progress = {
  Pending: 'Not looked at yet.',
  Claiming: 'The host is being claimed for this stack.',
  SettingUpHost: 'Docker, directories, DNS, firewall and time zone are being set up on the host.',
  WritingFiles: 'Configuration is being written to the host.',
  Pulling: 'Images are being pulled.',
  Starting: 'Containers are being started.',
  WaitingForHealth: 'Containers run, not all of them are healthy yet.',
  UpdatingDatabase: 'The task runner updates database and files to the release.',
  HealthGateFailed: 'Containers did not become healthy in time, or kept restarting; the message names them.',
  Healthy: 'Everything that the spec asks for runs and is healthy.',
  ComponentsUnhealthy: 'Containers are missing or unhealthy; the message names them.',
  Applied: 'The spec is applied.',
  Applying: 'A change is being applied.',
  Updating: 'The stack is being updated to another release.',
  RollingBack: 'The operator is going back to the previous release.',
  RolledBack: 'The update failed, and the previous release runs again.',
  ProgressDeadlineExceeded: 'It took longer than `update.progressDeadlineSeconds` allows.',
  DatabaseUpdateFailed:
    'The component that updates the data to the release keeps failing; the message has its last output.',
  WaitingForBackup: 'The backup before the update is being made.',
  WayBackClosed:
    'The update failed and the operator cannot undo it: the data may have changed, and no backup was made. It does nothing more.',
  Held: 'The change failed, and everything is left as it is for a person to look at (`update.onFailure` is Hold).',
  WaitingForWindow: 'The update waits for its window.',
  InternalError: 'The operator itself failed; its log has the details.',
} as const;

const state = {
  NoDrift: 'The host matches what was applied.',
  Drifted: 'Containers on the host differ from what was applied; `drift` decides what happens.',
  DriftIgnored: 'The operator does not look for drift.',
  Suspended: 'The operator does nothing, because `suspend` is true.',
  Observing:
    'The operator changes nothing, because `managementMode` is Observe; the message says what it would do.',
  Stopping: 'The containers are being stopped.',
  Serving:
    'All containers of what was applied last are up and healthy, so what customers use answers, whatever else the spec asks for.',
  NotInstalled: 'Nothing of the release was started on the host yet, so there is nothing that could answer.',
  Stopped: 'The containers are stopped because `powerState` is Stopped.',
  Deleting: 'The stack is being deleted as `deletionPolicy` says.',
  DeletionBlocked: 'Deletion waits for something; the message says for what.',
  Destroyed: 'Containers and data were removed from the host.',
  LooksFail:
    'Every look at the object fails, so it is put aside and tried again after growing pauses (`Quarantined`, or `ScheduleQuarantined` for the schedule of a stack). The log of the operator says why; report it. A change of the spec, or a new value of `jtel.de/reconcile-requested-at`, frees it.',
  LooksWithoutEnd:
    'The object is looked at again and again without coming to rest, so it is put aside and tried again after growing pauses (`Quarantined`, or `ScheduleQuarantined` for the schedule of a stack). Usually its host reports changes without end; what changes there is in `docker events`. A change of the spec, or a new value of `jtel.de/reconcile-requested-at`, frees it.',
  RightMissing:
    'The API server refuses the operator something for want of a right; the message names verb and resource (`Quarantined`, `ScheduleQuarantined`, or what failed). It is tried again. Apply the Role or ClusterRole `jtel-operator` of this version again.',
  StatusOlderThanHost:
    'The host was changed by operations of which the object knows nothing: it is older, as after etcd was brought back from a snapshot. Nothing is changed until somebody consents (`kubectl jtel consent`), or the spec is what runs there.',
  HostStateUnknown: 'The host has not answered for a while, so what is known about it may be outdated.',
} as const;

const events = {
  CredentialsCreated:
    'Passwords (and a certificate, if none was given) were made and stored in the Secret `<stack>-credentials`.',
  CredentialsRecovered:
    'The Secret `<stack>-credentials` was gone or lacked passwords. What it held was read back from the host and stored again; no password changed, and no container was started anew.',
  HostSetUp: 'Docker, directories, DNS, firewall and time zone of the host are as the spec asks.',
  ImagesPulled: 'All images of the release are on the host.',
  DatabaseStarted: 'The database runs alone, so data can be loaded into it.',
  LoadStarted: 'The job that loads the data was started on the host.',
  Updated: 'An update to another release is done; the note says how long the stack was down.',
  ReleaseApplied: 'docker compose applied the release and configuration to the containers.',
} as const;

const backup = {
  BackupPending: 'The backup waits for something; the message says for what.',
  BackupRunning: 'A job on the host reads the data and stores what is new.',
  BackupVerifying: 'The operator compares what was stored, writes the manifest, and tries immutability.',
  BackupQueued:
    'As many backups run as may at the same time, in its store, of its namespace or in all. It begins when its turn comes; the message says how many come first.',
  BackupWaits: 'Another backup of the same stack came first.',
  StackBusy: 'Data of the stack are being loaded, restored, updated or moved; the backup begins afterwards.',
  StackNotFound: 'The named JtelStack does not exist in this namespace.',
  StackNotRunning: 'The database of the stack does not run, so it cannot be backed up.',
  HistoryOfAnother:
    'Somebody else wrote the newest backup under this identity in the store. Two stacks must not write one history, so nothing is added without consent (annotation `jtel.de/adopt-backups`).',
  UploadWindowOver:
    'The time in which the job may write to the store ended; the next try continues with what is stored.',
  DeadlineExceeded: 'It did not finish in time; the message says what it waited for.',
  BackupIncomplete:
    'Part of what the job reports as stored is missing in the store. No manifest was written, so this backup does not exist.',
  BackupShrunk:
    'The backup is far smaller than the last good one of its method. Find out what is missing, or accept it (annotation `jtel.de/accept-backup`).',
  BackupEmptied:
    'The newest backup has no tables or files where older ones had some. It is not taken for the newest good one until somebody accepts it (annotation `jtel.de/accept-backup`).',
  FilesMissing:
    'Files could not be read or vanished meanwhile, or tables have an engine that keeps their rows elsewhere (`TableRows`). Everything else is in the backup. `status.datasets[].leftOut` has their number by kind, and examples.',
  EntriesLeftOut:
    'Some entries are in no backup, such as pipes, sockets and devices, or views that refer to something missing; `status.datasets[].leftOut` has their number by kind. A restored stack makes them again, or does without.',
  MethodChanged: 'The release does not support Physical backups, so a Logical one was made.',
  VerificationFailed:
    'The backup is stored, but its test restore failed. Do not rely on it until you know why.',
  ScheduleInvalid: '`backup.schedule` or `backup.timeZone` is not valid.',
  PolicyMissing: 'The container has no immutability policy.',
  PolicyUnlocked:
    'The container has an immutability policy that is not locked: whoever manages the storage account can remove it.',
  RetentionTooShort: 'The immutability policy ends before the last backup that uses what was stored.',
  BackupNotConfigured: 'There is no `spec.backup`, so there are no backups of this stack.',
  BackupSuspended: 'Scheduled backups are suspended.',
  Completed: 'Everything was done and verified.',
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
  channel: { title: 'Channels', reasons: channel },
  drill: { title: 'Drills', reasons: drill },
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
  ...channel,
  ...drill,
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

/** For names from elsewhere, such as a driver's error. */
export function isReason(word: string): word is Reason {
  return Object.hasOwn(reasons, word);
}
