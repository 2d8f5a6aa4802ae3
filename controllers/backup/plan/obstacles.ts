/** Why a backup cannot begin now; pure. All of it is looked at again while the backup waits. */

import { isWell } from '../../hosts/health.ts';
import { annotations, type JtelBackup, type JtelStack, type Reason } from '../../../crds/index.ts';
import { isSameStack, type HostObservation } from '../../../host-driver/host.ts';
import { isDataMissing } from '../../loading/data-missing.ts';
import { isPartOfOperation } from '../desired/request.ts';
import type { Held, Observed } from '../observe/observed.ts';
import type { Busy, Facts, Obstacle } from './findings.ts';
import { told } from '../../inputs/outcome.ts';
import { optional } from '../../../base/optional.ts';

/** Whoever applies a folder may apply the backup before its stack. */
const appliedTogetherSeconds = 300;

/** In the order in which a person wants to know. What the store has of older backups is asked by {@link findHistoryObstacle}. */
export function findObstacle(backup: JtelBackup, observed: Observed): Obstacle | undefined {
  const { stack, store, host, release, ahead, held } = observed;
  if (stack === undefined) {
    const missing = end('StackNotFound', { is: 'NoStack', stack: backup.spec.stackRef.name });
    return { ...missing, onlyAfterSeconds: appliedTogetherSeconds };
  }
  const { name, namespace, deletionTimestamp } = stack.metadata;
  if (deletionTimestamp !== undefined) return end('Deleting', { is: 'StackDeleting', stack: name });
  if (backup.spec.storeRef === undefined && stack.spec.backup === undefined)
    return end('BackupNotConfigured', { is: 'NotConfigured', stack: name });
  if (held !== undefined) return findHeld(held);
  if (!store.ok)
    return {
      ...told(store),
      final: store.reason === 'ReferenceInvalid' || store.reason === 'BackupNotAllowed',
    };
  if (store.value.cannotSign !== undefined)
    return end('StoreCannotSign', { is: 'Told', message: store.value.cannotSign });
  if (stack.spec.suspend) return wait('Suspended', { is: 'Suspended', stack: name });
  if (stack.spec.managementMode === 'Observe') return wait('Observing', { is: 'OnlyObserved', stack: name });
  if (!host.ok) return { ...told(host), final: false };
  const unfit = unfitHost(backup, stack, host.value);
  if (unfit !== undefined) return unfit;
  const busy = busyWith(backup, stack, host.value);
  if (busy !== undefined) return wait('StackBusy', { is: 'Busy', busy });
  if (ahead.length > 0) return wait('BackupWaits', { is: 'Ahead', ahead, namespace });
  if (!release.ok) return { ...told(release), final: false };
  return unlessRunning(host.value, release.value.databaseService);
}

/** Looked at again when a place is free; now and then besides, to say how many still come first. */
const queuePollSeconds = 300;

function findHeld(held: Held): Obstacle {
  const facts: Facts = { is: 'Held', held };
  return held.until === 'Due'
    ? { reason: 'BackupPending', facts, final: false, afterSeconds: held.inSeconds }
    : { reason: 'BackupQueued', facts, final: false, afterSeconds: queuePollSeconds };
}

/** Two writers would not see each other's backups, and each would take its own for the newest. */
export function findHistoryObstacle(
  { history, stack, host }: Observed,
  clusterID: string,
): Obstacle | undefined {
  if (history === undefined || stack === undefined) return undefined;
  if (!history.ok) return { ...told(history), final: false };
  const { newest } = history.value;
  if (newest === undefined) return undefined;
  const { writer, backupID } = newest;
  const { uid, namespace, name } = stack.metadata;
  // The same name in the same cluster is the same stack, deleted and applied again.
  if (writer.stackUID === uid || isSameStack(writer, { clusterID, namespace, name })) return undefined;
  const parent = host.ok ? host.value.state?.data?.backupID : undefined;
  if (parent === backupID || stack.metadata.annotations?.[annotations.adoptBackups] === backupID)
    return undefined;
  return wait('HistoryOfAnother', { is: 'OtherHistory', stack: { name, namespace }, newest });
}

/** The host must be this stack's, and hold all of its data. */
function unfitHost(
  backup: JtelBackup,
  { metadata, status }: JtelStack,
  { facts, state }: HostObservation,
): Obstacle | undefined {
  const known = status?.dataHost?.machineID ?? status?.host?.machineID;
  if (known !== undefined && known !== facts.machineID)
    return wait('MachineChanged', { is: 'OtherMachine', known, found: facts.machineID });
  if (state !== undefined && state.owner.uid !== metadata.uid)
    return wait('HostOwned', { is: 'OtherOwner', owner: state.owner });
  if (state?.moved !== undefined && backup.spec.trigger !== 'Relocation')
    return wait('Moved', { is: 'Moved', address: state.moved.address });
  if (isDataMissing(status)) return wait('DataMissing', { is: 'DataMissing' });
  if (state?.data === undefined || status?.data?.state === 'Incomplete')
    return wait('DataIncomplete', { is: 'DataIncomplete' });
  return undefined;
}

const disturbing = /^(Install|Update|Rol|Restor|Reloc|Delet|Stop|Load)/;

function busyWith(backup: JtelBackup, { status }: JtelStack, { jobs }: HostObservation): Busy | undefined {
  const job = jobs.find(
    ({ type, state }) =>
      (type === 'load' || type === 'restore' || type === 'import') &&
      (state === 'Running' || state === 'Created'),
  );
  if (job !== undefined) return { with: 'Job', job: job.name };
  if (isPartOfOperation(backup)) return undefined;
  const { operation, dataOrder } = status ?? {};
  if (dataOrder !== undefined && dataOrder.state !== 'Done' && dataOrder.state !== 'Failed')
    return { with: 'Restore', state: dataOrder.state, ...optional({ restore: dataOrder.requestRef?.name }) };
  if (operation !== undefined && disturbing.test(operation.type))
    return { with: 'Operation', operation: operation.type, ...optional({ since: operation.startTime }) };
  return undefined;
}

function unlessRunning({ containers }: HostObservation, service: string): Obstacle | undefined {
  const database = containers.find((container) => container.service === service);
  if (database === undefined) return wait('StackNotRunning', { is: 'DatabaseNotRunning', service });
  if (isWell(database)) return undefined;
  const { state, health } = database;
  return wait('StackNotRunning', { is: 'DatabaseNotRunning', service, container: { state, health } });
}

function wait(reason: Reason, facts: Facts): Obstacle {
  return { reason, facts, final: false };
}

function end(reason: Reason, facts: Facts): Obstacle {
  return { reason, facts, final: true };
}
