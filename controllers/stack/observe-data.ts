/** Looks at what data a stack is to get: the JtelRestore that is to be carried out, or the first data where there are none. */

import type { JtelRestore, JtelStack } from '../../crds/index.ts';
import type { HostState } from '../../host-driver/host.ts';
import type { CallOptions } from '../../operator/runtime/client/cluster.ts';
import type { Release } from '../../release/generated/release.ts';
import { checkJobUID, isOrdered, orderID, restoreJobUID, standingOrders } from '../restore-orders.ts';
import { initialLoading, orderedLoading, type DataDependencies, type Loading } from './data-source.ts';
import type { DataOrder, Observed, Outcome } from './model.ts';
import { outcome } from './outcome.ts';
import { isCarriedOut } from './data-order.ts';
import { relocationLoading, type OtherHostDependencies } from './observe-relocation.ts';
import type { RelocationLook } from './relocation.ts';
import { loadJobUID } from './stages/data.ts';

export interface RestoreDependencies {
  /** All JtelRestores of a stack, as last heard of. */
  readonly restoresOf: (stack: JtelStack, options: CallOptions) => Promise<readonly JtelRestore[]>;
}

/** What is asked for, before anything was looked at. */
export interface Orders {
  readonly order?: JtelRestore;
  readonly ahead?: JtelRestore;
}

export async function observeOrders(stack: JtelStack, { restoresOf }: RestoreDependencies, options: CallOptions): Promise<Orders> {
  const standing = standingOrders(await restoresOf(stack, options));
  const order = standing.find(isOrdered);
  const ahead = standing[0];
  return { ...(order === undefined ? {} : { order }), ...(ahead === undefined || order !== undefined ? {} : { ahead }) };
}

/** The job whose report matters now. */
export function jobToRead(stack: JtelStack, { order }: Orders, state: HostState | undefined, move: string | undefined): string {
  if (move !== undefined) return restoreJobUID(move);
  if (order === undefined) return loadJobUID(stack.metadata.uid);
  const { uid } = order.metadata;
  const data = state?.data;
  const begun = data === undefined || data.requestUID === uid;
  return begun ? restoreJobUID(uid) : checkJobUID(uid);
}

export interface DataLook {
  readonly observed: Pick<Observed, 'order' | 'initialData' | 'restoreAhead'>;
  /** Holds secrets: for executors only. */
  readonly loading?: Loading & { readonly loadID: string; readonly onData: DataOrder['onData'] };
}

/** Reads the store only when there is something to load. */
export async function observeData(
  stack: JtelStack,
  { order, ahead }: Orders,
  state: HostState | undefined,
  release: Release,
  dependencies: DataDependencies,
  options: CallOptions,
): Promise<DataLook> {
  if (order !== undefined) return await observeOrder(order, state, release, dependencies, options);
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

async function observeOrder(restore: JtelRestore, state: HostState | undefined, release: Release, dependencies: DataDependencies, options: CallOptions): Promise<DataLook> {
  const { name, uid } = restore.metadata;
  const id = orderID(restore);
  const onData = restore.spec.ifNotEmpty === 'Replace' ? 'Replace' : 'Refuse';
  if (isCarriedOut(state?.data, { requestUID: uid })) {
    // Its store may be away by now: nothing of it is needed any more.
    const { source = '', backupID = '' } = state?.data ?? {};
    const backup: DataOrder['backup'] = { ok: true, value: { kind: 'Backup', source, backupID, version: release.version, database: 'None' } };
    return { observed: { order: { kind: 'Restore', id, name, requestUID: uid, onData, backup } } };
  }
  const found = await outcome(() => orderedLoading(restore, release, dependencies, options));
  const order: DataOrder = { kind: 'Restore', id, name, requestUID: uid, onData, backup: sourceOf(found) };
  return { observed: { order }, ...(found.ok ? { loading: { ...found.value, loadID: uid, onData } } : {}) };
}

/** The load on the new host of a move is carried out like an order. */
export async function observeMove(
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
  const order: DataOrder = { kind: 'Relocation', name: look.id, requestUID: look.id, onData, backup: sourceOf(found) };
  return { observed: { order }, ...(found.ok ? { loading: { ...found.value, loadID: `${stack.metadata.uid}-${look.id}`, onData } } : {}) };
}

function sourceOf(found: Outcome<Loading>): DataOrder['backup'] {
  return found.ok ? { ok: true, value: found.value.source } : found;
}
