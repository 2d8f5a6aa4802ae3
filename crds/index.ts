/**
 * The API of this project, for code: kinds, their types, conditions, reasons and the names of labels and
 * annotations.
 */
import type { JtelBackup, JtelBackupStore, JtelRestore, JtelStack } from './generated/types.ts';
import type { ResourceKind } from '../runtime/kind.ts';

export type * from './generated/types.ts';
export type { ResourceKind } from '../runtime/kind.ts';
export { isReason, reasonGroups, reasons, type Reason } from './reasons.ts';

const group = 'jtel.de';
const version = 'v1alpha1';

export const stackKind: ResourceKind<JtelStack> = {
  group,
  version,
  plural: 'jtelstacks',
  kind: 'JtelStack',
  namespaced: true,
};
export const backupKind: ResourceKind<JtelBackup> = {
  group,
  version,
  plural: 'jtelbackups',
  kind: 'JtelBackup',
  namespaced: true,
};
export const restoreKind: ResourceKind<JtelRestore> = {
  group,
  version,
  plural: 'jtelrestores',
  kind: 'JtelRestore',
  namespaced: true,
};
export const storeKind: ResourceKind<JtelBackupStore> = {
  group,
  version,
  plural: 'jtelbackupstores',
  kind: 'JtelBackupStore',
  namespaced: true,
};

/** Conditions of a JtelStack. `Reconciling` and `Stalled` (kstatus) exist only while they are true. */
export const stackConditionTypes = [
  'Ready',
  'HostReachable',
  'Preflight',
  'ReleaseAvailable',
  'DataLoaded',
  'UpToDate',
  'Drifted',
  'BackupHealthy',
  'RecoveryObjectivesMet',
  'Paused',
  'Reconciling',
  'Stalled',
] as const;
export type StackConditionType = (typeof stackConditionTypes)[number];

/** Conditions of a JtelBackupStore. */
export const storeConditionTypes = ['Ready', 'Available', 'Immutable', 'Reconciling', 'Stalled'] as const;
export type StoreConditionType = (typeof storeConditionTypes)[number];

/** Conditions of a JtelBackup and of a JtelRestore. */
export const requestConditionTypes = [
  'Ready',
  'Complete',
  'Failed',
  'Progressing',
  'Reconciling',
  'Stalled',
] as const;

/** The API server refuses a longer `message` in a condition, and a longer `status.message`. */
export const conditionMessageMaxLength = 4096;
export const statusMessageMaxLength = 1024;

/** Keeps a JtelBackup while one of its jobs may be on a host. */
export const backupFinalizer = 'jtel.de/backup';

/** Keeps a test restore until its scratch project is removed. */
export const restoreFinalizer = 'jtel.de/restore';

/** Keeps a stack until its host was treated as `deletionPolicy` says. */
export const stackFinalizer = 'jtel.de/stack';

export const annotations = {
  /** uid of the stack; consent to `deletionPolicy: Destroy`. */
  confirmDestroy: 'jtel.de/confirm-destroy',
  /** Git commit that the spec came from; the history records it. */
  sourceRevision: 'jtel.de/source-revision',
  /** Any new value asks for a look now. */
  reconcileRequestedAt: 'jtel.de/reconcile-requested-at',
  /** Any new value tries a spec again that failed and was undone or held. */
  retry: 'jtel.de/retry',
  /** On a stack: consent to continue the history of backups that somebody else wrote, up to this backupID. */
  adoptBackups: 'jtel.de/adopt-backups',
  /** Time at which lost data were loaded (`status.data.time`): consent to begin anew without them. */
  beginAnew: 'jtel.de/begin-anew',
  /**
   * On a stack: backups up to this backupID are as they should be, although they lack what older ones had.
   */
  acceptBackup: 'jtel.de/accept-backup',
  /** uid of a deleted stack whose host was treated; set by the operator. */
  cleanedUp: 'jtel.de/cleaned-up',
  /** `true` lets a stack, or a backup with a job on its host, go although the host cannot be reached. */
  abandonHost: 'jtel.de/abandon-host',
} as const;

export const labels = {
  /** Name of the stack that an object belongs to. */
  stack: 'jtel.de/stack',
  /**
   * Kubernetes' own label for the program that made an object and may remove it; see {@link madeByOperator}.
   */
  managedBy: 'app.kubernetes.io/managed-by',
} as const;

/** Name of the operator, and of the pods of its CronJobs, towards the API. */
export const operatorName = 'jtel-operator';

/** For objects that the operator makes itself and may remove again. */
export const madeByOperator = { [labels.managedBy]: operatorName } as const;
