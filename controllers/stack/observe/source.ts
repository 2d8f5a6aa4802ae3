/** Finds what a stack's data come from: the JtelRestore that is to be carried out, a move, or the first data where there are none. */

import type { JtelRestore, JtelStack } from '../../../crds/index.ts';
import type { HostState } from '../../../host-driver/host.ts';
import { dockerVolume, loadProject, newVolumes, type SwitchedVolumes } from '../../../host-driver/volumes.ts';
import type { CallOptions } from '../../../runtime/client/cluster.ts';
import type { Release } from '../../../release/generated/release.ts';
import { orderID } from '../../loading/restore-orders.ts';
import { restoredVolumes } from '../../loading/restore-job.ts';
import { initialLoading, orderedLoading, type DataDependencies, type Loading } from './data-source.ts';
import type { DataOrder, Observed } from '../model.ts';
import type { Orders } from './orders.ts';
import { outcome, type Outcome } from '../../inputs/outcome.ts';
import { isCarriedOut } from '../data-order.ts';
import { relocationLoading, type OtherHostDependencies } from './relocation.ts';
import type { RelocationLook } from '../relocation.ts';
import { optional } from '../../../base/optional.ts';

export interface DataLook {
  readonly observed: Pick<Observed, 'order' | 'initialData' | 'restoreAhead'>;
  /** Holds secrets: for executors only. */
  readonly loading?: Loading & { readonly loadID: string; readonly onData: DataOrder['onData'] };
}

/** Reads the store only when there is something to load. */
export async function sourceOfData(
  stack: JtelStack,
  project: string,
  { order, ahead }: Orders,
  state: HostState | undefined,
  release: Release,
  dependencies: DataDependencies,
  options: CallOptions,
): Promise<DataLook> {
  if (order !== undefined) return await observeOrder(order, project, state, release, dependencies, options);
  if (state?.data !== undefined) return { observed: {} };
  if (ahead !== undefined) return { observed: { restoreAhead: ahead.metadata.name } };
  const found = await outcome(() => initialLoading(stack, release, dependencies, options));
  const observed = { initialData: sourceOf(found) };
  if (!found.ok) return { observed };
  const { uid } = stack.metadata;
  const { backupID } = found.value.source;
  // The same for every try, so that a try after a crash knows half-loaded data as its own.
  const loadID = backupID === undefined ? `${uid}-initial` : `${uid}-initial-${backupID}`;
  return { observed, loading: { ...found.value, loadID, onData: 'Refuse' } };
}

async function observeOrder(
  restore: JtelRestore,
  project: string,
  state: HostState | undefined,
  release: Release,
  dependencies: DataDependencies,
  options: CallOptions,
): Promise<DataLook> {
  const { name, uid } = restore.metadata;
  const { verify, inPlace, keepPreviousHours, ifNotEmpty, source } = restore.spec;
  const asked = {
    id: orderID(restore),
    name,
    requestUID: uid,
    verify,
    inPlace,
    keepPreviousHours,
    onData: ifNotEmpty === 'Replace' ? 'Replace' : 'Refuse',
  } as const;
  if (isCarriedOut(state?.data, { requestUID: uid })) {
    // Its store may be away by now: nothing of it is needed any more.
    const { source: loaded = '', backupID = '' } = state?.data ?? {};
    const backup: DataOrder['backup'] = {
      ok: true,
      value: { kind: 'Backup', source: loaded, backupID, version: release.version, database: 'None' },
    };
    return {
      observed: { order: { ...asked, kind: source.undoOf === undefined ? 'Restore' : 'Undo', backup } },
    };
  }
  if (source.undoOf !== undefined)
    return { observed: { order: { ...asked, ...undoOf(source.undoOf, project, uid, state, release) } } };
  const found = await outcome(() => orderedLoading(restore, release, dependencies, options));
  const volumes =
    found.ok && found.value.backup !== undefined
      ? restoredVolumes(release, found.value.backup.loaded.manifest)
      : [];
  const order: DataOrder = {
    ...asked,
    kind: 'Restore',
    backup: sourceOf(found),
    ...placeBeside(project, newVolumes(project, volumes, uid), uid, state),
  };
  return {
    observed: { order },
    ...(found.ok ? { loading: { ...found.value, loadID: uid, onData: asked.onData } } : {}),
  };
}

function placeBeside(
  project: string,
  volumes: SwitchedVolumes,
  uid: string,
  state: HostState | undefined,
): Pick<DataOrder, 'beside'> {
  const keys = Object.keys(volumes);
  if (keys.length === 0) return {};
  return {
    beside: {
      project: loadProject(uid),
      volumes,
      inUse: keys.map((volume) => dockerVolume(project, volume, state?.volumes)),
    },
  };
}

/** The data from before a restore, as something to switch to. */
function undoOf(
  undone: string,
  project: string,
  uid: string,
  state: HostState | undefined,
  release: Release,
): Pick<DataOrder, 'kind' | 'backup' | 'undoOf' | 'beside'> {
  const { previous } = state ?? {};
  const { source = 'the data from before the restore', backupID, dataSets } = previous?.data ?? {};
  const backup: DataOrder['backup'] = {
    ok: true,
    value: {
      kind: 'Backup',
      source,
      version: previous?.version ?? release.version,
      database: 'None',
      ...optional({ dataSets, backupID }),
    },
  };
  return {
    kind: 'Undo',
    backup,
    undoOf: undone,
    ...placeBeside(project, previous?.volumes ?? {}, uid, state),
  };
}

/** The load on the new host of a move is carried out like an order. */
export async function sourceOfMove(
  stack: JtelStack,
  look: RelocationLook,
  state: HostState | undefined,
  release: Release,
  dependencies: OtherHostDependencies,
  options: CallOptions,
): Promise<DataLook> {
  const found = await outcome(() => relocationLoading(stack, look, release, dependencies, options));
  // Data that are there were proven superseded, and marked as being overwritten, before this matters.
  const onData = state?.data === undefined ? 'Refuse' : 'Replace';
  const order: DataOrder = {
    kind: 'Relocation',
    name: look.id,
    requestUID: look.id,
    onData,
    backup: sourceOf(found),
    // Nothing runs there yet, so nothing is gained by loading beside it.
    verify: 'Checksum',
    inPlace: 'Accept',
    keepPreviousHours: 0,
  };
  return {
    observed: { order },
    ...(found.ok ? { loading: { ...found.value, loadID: `${stack.metadata.uid}-${look.id}`, onData } } : {}),
  };
}

function sourceOf(found: Outcome<Loading>): DataOrder['backup'] {
  return found.ok ? { ok: true, value: found.value.source } : found;
}
