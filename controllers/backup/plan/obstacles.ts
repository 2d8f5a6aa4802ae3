/** Why a backup cannot begin now; pure. All of it is looked at again while the backup waits. */

import type { JtelBackup, JtelStack, Reason } from '../../../crds/index.ts';
import type { HostObservation } from '../../../host-driver/host.ts';
import { isDataMissing } from '../../loading/data-missing.ts';
import type { Observed } from '../model.ts';

export interface Obstacle {
  readonly reason: Reason;
  readonly message: string;
  /** Waiting will not help. */
  readonly final: boolean;
}

/** Asked for by an operation on the stack that waits for it: must not wait for that operation in turn. */
export function isPartOfOperation(backup: JtelBackup): boolean {
  return ['PreUpdate', 'PreRestore', 'Relocation'].includes(backup.spec.trigger);
}

/** In the order in which a person would want to know. */
export function findObstacle(backup: JtelBackup, observed: Observed): Obstacle | undefined {
  const { stack, store, host, release, ahead } = observed;
  const wait = (reason: Reason, message: string): Obstacle => ({ reason, message, final: false });
  if (stack === undefined)
    return {
      reason: 'StackNotFound',
      message: `JtelStack ${backup.spec.stackRef.name} does not exist in this namespace.`,
      final: true,
    };
  if (stack.metadata.deletionTimestamp !== undefined)
    return { reason: 'Deleting', message: `JtelStack ${stack.metadata.name} is being deleted.`, final: true };
  if (backup.spec.storeRef === undefined && stack.spec.backup === undefined) {
    return {
      reason: 'BackupNotConfigured',
      message: `JtelStack ${stack.metadata.name} has no spec.backup, so it is not known where to: give this backup a storeRef, or the stack a spec.backup.`,
      final: true,
    };
  }
  if (!store.ok)
    return { ...store, final: store.reason === 'ReferenceInvalid' || store.reason === 'BackupNotAllowed' };
  if (store.value.cannotSign !== undefined)
    return { reason: 'StoreCannotSign', message: store.value.cannotSign, final: true };
  const paused = pausedBy(stack);
  if (paused !== undefined) return paused;
  if (!host.ok) return wait(host.reason, host.message);
  const unfit = unfitHost(backup, stack, host.value);
  if (unfit !== undefined) return unfit;
  const busy = busyWith(backup, stack, host.value);
  if (busy !== undefined) return wait('StackBusy', `The backup begins when this is over: ${busy}.`);
  if (ahead.length > 0) return wait('BackupWaits', describeWait(ahead, stack));
  if (!release.ok) return wait(release.reason, release.message);
  return unlessRunning(host.value, release.value.databaseService);
}

function pausedBy({ spec, metadata }: JtelStack): Obstacle | undefined {
  if (spec.suspend)
    return {
      reason: 'Suspended',
      message: `JtelStack ${metadata.name} is suspended: nothing is done on its host until spec.suspend is false.`,
      final: false,
    };
  if (spec.managementMode !== 'Observe') return undefined;
  return {
    reason: 'Observing',
    message: `JtelStack ${metadata.name} is only observed: nothing is done on its host until spec.managementMode is Manage.`,
    final: false,
  };
}

function describeWait(ahead: readonly string[], { metadata }: JtelStack): string {
  const more = ahead.length > 3 ? ` and ${ahead.length - 3} more` : '';
  return `Of the same stack came first: ${ahead.slice(0, 3).join(', ')}${more}. Backups of one stack are made one after the other; one that is not wanted any more can be deleted (kubectl delete jtelbackup NAME -n ${metadata.namespace}).`;
}

/** The host must be this stack's, and hold its data whole. */
function unfitHost(
  backup: JtelBackup,
  stack: JtelStack,
  { facts, state }: HostObservation,
): Obstacle | undefined {
  const known = stack.status?.dataHost?.machineID ?? stack.status?.host?.machineID;
  if (known !== undefined && known !== facts.machineID) {
    return {
      reason: 'MachineChanged',
      message: `The stack's data are on machine ${known}, and ${facts.machineID} answers: nothing is read from it.`,
      final: false,
    };
  }
  if (state !== undefined && state.owner.uid !== stack.metadata.uid) {
    return {
      reason: 'HostOwned',
      message: `The host's directory of this stack belongs to another one (${state.owner.namespace}/${state.owner.name}, uid ${state.owner.uid}).`,
      final: false,
    };
  }
  if (state?.moved !== undefined && backup.spec.trigger !== 'Relocation') {
    return { reason: 'Moved', message: `The stack was moved to ${state.moved.address}.`, final: false };
  }
  if (isDataMissing(stack.status)) {
    return {
      reason: 'DataMissing',
      message:
        'The data of the stack are gone, as its condition DataLoaded says: a backup would be one of nothing.',
      final: false,
    };
  }
  if (state?.data === undefined || stack.status?.data?.state === 'Incomplete') {
    return { reason: 'DataIncomplete', message: 'The stack has no complete data yet.', final: false };
  }
  return undefined;
}

const disturbing = /^(Install|Update|Rol|Restor|Reloc|Delet|Stop|Load)/;

function busyWith(backup: JtelBackup, { status }: JtelStack, { jobs }: HostObservation): string | undefined {
  const job = jobs.find(
    ({ type, state }) =>
      (type === 'load' || type === 'restore') && (state === 'Running' || state === 'Created'),
  );
  if (job !== undefined) return `job ${job.name} loads data`;
  if (isPartOfOperation(backup)) return undefined;
  const { operation, dataOrder } = status ?? {};
  if (dataOrder !== undefined && dataOrder.state !== 'Done' && dataOrder.state !== 'Failed')
    return `a restore of the stack${dataOrder.requestRef === undefined ? '' : ` (JtelRestore ${dataOrder.requestRef.name}, ${dataOrder.state})`}`;
  if (operation !== undefined && disturbing.test(operation.type))
    return `the stack's operation ${operation.type}${operation.startTime === undefined ? '' : `, since ${operation.startTime}`}`;
  return undefined;
}

function unlessRunning({ containers }: HostObservation, service: string): Obstacle | undefined {
  const database = containers.find((container) => container.service === service);
  if (database?.state === 'running' && (database.health === 'healthy' || database.health === 'none'))
    return undefined;
  const state =
    database === undefined
      ? 'is not there'
      : `is ${database.state}${database.health === 'none' ? '' : ` (${database.health})`}`;
  return {
    reason: 'StackNotRunning',
    message: `${service} ${state}: a backup needs a database that runs.`,
    final: false,
  };
}
