/**
 * The API of this project, for code: kinds, their types, conditions, reasons and the names of labels and
 * annotations.
 */
import { labels } from './annotations.ts';
import { asRead, asWritten } from './channel-version.ts';
import type {
  JtelBackup,
  JtelBackupStore,
  JtelChannel,
  JtelDrill,
  JtelRestore,
  JtelStack,
} from './generated/types.ts';
import type { ResourceKind } from '../runtime/kind.ts';

export type * from './generated/types.ts';
export type { ResourceKind } from '../runtime/kind.ts';
export {
  annotations,
  holderNamespaces,
  holderShards,
  holderVersion,
  labels,
  mostShards,
  namespacesOfHolder,
  shardLease,
  sharingOf,
  versionOfHolder,
} from './annotations.ts';
export { isReason, reasonGroups, reasons, type Reason } from './reasons.ts';

const group = 'jtel.de';
const version = 'v1alpha1';

export const stackKind: ResourceKind<JtelStack> = {
  group,
  version,
  plural: 'jtelstacks',
  kind: 'JtelStack',
  namespaced: true,
  asRead,
  asWritten,
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
export const channelKind: ResourceKind<JtelChannel> = {
  group,
  version,
  plural: 'jtelchannels',
  kind: 'JtelChannel',
  namespaced: false,
};
export const drillKind: ResourceKind<JtelDrill> = {
  group,
  version,
  plural: 'jteldrills',
  kind: 'JtelDrill',
  namespaced: false,
};

/**
 * Conditions of a JtelStack. `Reconciling` and `Stalled` (kstatus) exist only while they are true, and so do
 * `Quarantined` and `ScheduleQuarantined`.
 */
export const stackConditionTypes = [
  'Ready',
  'Available',
  'HostReachable',
  'Preflight',
  'ReleaseAvailable',
  'DataLoaded',
  'UpToDate',
  'Drifted',
  'BackupHealthy',
  'RecoveryObjectivesMet',
  'Paused',
  'Quarantined',
  'ScheduleQuarantined',
  'Reconciling',
  'Stalled',
] as const;
export type StackConditionType = (typeof stackConditionTypes)[number];

/** Conditions of a JtelBackupStore. */
export const storeConditionTypes = [
  'Ready',
  'Available',
  'Immutable',
  'Quarantined',
  'Reconciling',
  'Stalled',
] as const;
export type StoreConditionType = (typeof storeConditionTypes)[number];

/** Conditions of a JtelChannel. */
export const channelConditionTypes = ['Ready', 'Quarantined', 'Reconciling', 'Stalled'] as const;

/** Conditions of a JtelDrill. */
export const drillConditionTypes = ['Ready', 'Quarantined', 'Reconciling', 'Stalled'] as const;

/** Conditions of a JtelBackup and of a JtelRestore. */
export const requestConditionTypes = [
  'Ready',
  'Complete',
  'Failed',
  'Progressing',
  'Quarantined',
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

/** Keeps a drill, and with it the keys of its hosts, until its tests are removed. */
export const drillFinalizer = 'jtel.de/drill';

/** Keeps a stack until its host was treated as `deletionPolicy` says. */
export const stackFinalizer = 'jtel.de/stack';

/** Name of the operator, and of the pods of its CronJobs, towards the API. */
export const operatorName = 'jtel-operator';

/** For objects that the operator makes itself and may remove again. */
export const madeByOperator = { [labels.managedBy]: operatorName } as const;
