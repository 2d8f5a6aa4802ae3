/** Which JtelRestore of a stack comes first, and what makes two of them one order; pure. Two controllers must agree on it. */

import { createHash } from 'node:crypto';
import type { JtelRestore } from '../../crds/index.ts';
import type { CarriedOutOrder, DataOrigin } from '../../host-driver/host.ts';
import { formatTime } from '../../runtime/report/conditions.ts';

/**
 * The identity of an order: its name, and what it asks for. A new object with both is the same order. The list of fields is
 * fixed: a field that a later version adds with a default must not make another order of it.
 */
export function orderID({ metadata, spec }: JtelRestore): string {
  const { backupRef, backupID, storeRef, latestOf, identity, undoOf } = spec.source;
  const source = [backupRef?.name, backupID, storeRef?.name, latestOf, identity, undoOf];
  const asked = [
    metadata.namespace,
    metadata.name,
    spec.stackRef.name,
    source,
    spec.ifNotEmpty,
    spec.notAfter,
  ];
  return createHash('sha256').update(JSON.stringify(asked)).digest('hex').slice(0, 40);
}

/**
 * The order as it was carried out before, by an object with another uid. An order that left the data half overwritten does
 * not count: only doing it again makes them whole.
 */
export function carriedOutBefore(
  order: { readonly id: string; readonly requestUID: string },
  remembered: readonly CarriedOutOrder[] | undefined,
  data: (Pick<DataOrigin, 'requestUID'> & { readonly state?: string }) | undefined,
): CarriedOutOrder | undefined {
  const earlier = remembered?.find(({ id }) => id === order.id);
  if (
    earlier === undefined ||
    earlier.requestUID === order.requestUID ||
    data?.requestUID === order.requestUID
  )
    return undefined;
  return data?.state === 'Incomplete' && data.requestUID === earlier.requestUID ? undefined : earlier;
}

/** A sentence for people: what became of the earlier order, and how to ask for it once more. */
export function describeCarriedOut({ name, backupID, time }: CarriedOutOrder): string {
  const what = backupID === undefined ? '' : ` with backup ${backupID}`;
  return (
    `This order was carried out already at ${formatTime(new Date(time))}${what}, so nothing was done now. An order counts once, even when its object is created again. ` +
    `To restore once more, create a JtelRestore under another name than ${name}, or with another spec.notAfter.`
  );
}

/** The uid of the job that carries out an order. It is stable, so a second start finds the first job. */
export function restoreJobUID(requestUID: string): string {
  return `${requestUID}-restore`;
}

/** Stable over restarts and retries, so a second start finds the first job and its half-loaded data. */
export function loadJobUID(stackUID: string): string {
  return `${stackUID}-load`;
}

/** The uid of the job that reads the whole index and checks the host before anything is stopped. */
export function checkJobUID(requestUID: string): string {
  return `${requestUID}-check`;
}

/** The uid of the job that counts the loaded data, before anything is switched to them. */
export function countJobUID(requestUID: string): string {
  return `${requestUID}-count`;
}

/** The uid of the job that asks a tested backup the smoke checks of its release. */
export function smokeJobUID(requestUID: string): string {
  return `${requestUID}-smoke`;
}

/** The orders that are not over, oldest first. @param restores all of the stack */
export function standingOrders(restores: readonly JtelRestore[]): readonly JtelRestore[] {
  return restores
    .filter(
      ({ spec, status, metadata }) =>
        spec.mode === 'Execute' &&
        status?.phase !== 'Completed' &&
        status?.phase !== 'Failed' &&
        metadata.deletionTimestamp === undefined,
    )
    .toSorted(byAge);
}

/** Compares by age: the order in which restores of one stack are carried out. */
function byAge(a: JtelRestore, b: JtelRestore): number {
  const [first, second] = [a, b].map(({ metadata }) => `${metadata.creationTimestamp} ${metadata.name}`);
  return (first ?? '') < (second ?? '') ? -1 : 1;
}

/** Whether the restore controller has checked everything, so that the stack controller carries the order out. */
export function isOrdered({ status }: JtelRestore): boolean {
  return status?.phase === 'Loading' || status?.phase === 'Starting';
}
