/** The API of this project, for code: kinds, their types, conditions, reasons and the names of labels and annotations. */
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
export const storeConditionTypes = ['Available', 'Immutable'] as const;
export type StoreConditionType = (typeof storeConditionTypes)[number];

/** Conditions of a JtelBackup and of a JtelRestore. */
export const requestConditionTypes = ['Complete', 'Failed', 'Progressing'] as const;

/** The API server refuses a longer `message` in a condition, and a longer `status.message`. */
export const conditionMessageMaxLength = 4096;
export const statusMessageMaxLength = 1024;

/** Keeps a JtelBackup while a job of it may be on a host. */
export const backupFinalizer = 'jtel.de/backup';

/** Keeps a test restore until its scratch project is gone. */
export const restoreFinalizer = 'jtel.de/restore';

/** Keeps a stack until its host was dealt with as `deletionPolicy` says. */
export const stackFinalizer = 'jtel.de/stack';

export const annotations = {
  /** uid of the stack; consent to `deletionPolicy: Destroy`. */
  confirmDestroy: 'jtel.de/confirm-destroy',
  /** Git commit that the spec came from; recorded in history. */
  sourceRevision: 'jtel.de/source-revision',
  /** Any new value asks for a reconcile now. */
  reconcileRequestedAt: 'jtel.de/reconcile-requested-at',
  /** Any new value tries a spec again that failed and was taken back or held. */
  retry: 'jtel.de/retry',
  /** On a stack: the backupID up to which somebody else wrote its history in the store; consent to go on with it. */
  adoptBackups: 'jtel.de/adopt-backups',
  /** Time at which data were loaded (`status.data.time`) that are lost: consent to begin anew without them. */
  beginAnew: 'jtel.de/begin-anew',
  /** On a stack: the backupID up to which backups are as they should be, although they lack what older ones had. */
  acceptBackup: 'jtel.de/accept-backup',
  /** uid of a stack that is deleted and whose host was dealt with; set by the operator. */
  cleanedUp: 'jtel.de/cleaned-up',
  /** `true` lets a stack, or a backup with a job on its host, go whose host cannot be reached any more. */
  abandonHost: 'jtel.de/abandon-host',
} as const;

export const labels = {
  /** Name of the stack that an object belongs to. */
  stack: 'jtel.de/stack',
  /** Kubernetes' own word for who made an object and may remove it; see {@link madeByOperator}. */
  managedBy: 'app.kubernetes.io/managed-by',
} as const;

/** How the operator, and the pods of its CronJobs, call themselves to the API. */
export const operatorName = 'jtel-operator';

/** Of what the operator makes by itself and may remove again. */
export const madeByOperator = { [labels.managedBy]: operatorName } as const;
