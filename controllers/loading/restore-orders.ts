/** Which JtelRestore of a stack comes first, and which one is to be carried out: the same for both controllers; pure. */

import { createHash } from 'node:crypto';
import type { JtelRestore } from '../../crds/index.ts';
import type { CarriedOutOrder, DataOrigin } from '../../host-driver/host.ts';

/**
 * What makes it the same order although its object is a new one: its name, and what it asks for. A fixed list of fields, so that
 * a field that a later version adds with a default does not make another order of it.
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
 * The earlier life of an order, if it was carried out: by an object with another uid. One that left the data half overwritten
 * does not count: doing it again is what makes them whole.
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

/** For people: what became of the earlier order, and how to ask for it once more. */
export function describeCarriedOut({ name, backupID, time }: CarriedOutOrder): string {
  const what = backupID === undefined ? '' : ` with backup ${backupID}`;
  return (
    `This order was carried out already at ${time.slice(0, 19)}Z${what}, so nothing was done now: an order counts once, also when its object is made anew. ` +
    `To restore once more on purpose, create a JtelRestore under another name than ${name}, or with another spec.notAfter.`
  );
}

/** uid of the job that carries out an order; stable, so that a second start adopts the first's job. */
export function restoreJobUID(requestUID: string): string {
  return `${requestUID}-restore`;
}

/** Stable over restarts and retries, so that a second start adopts the first's job and its half-loaded data. */
export function loadJobUID(stackUID: string): string {
  return `${stackUID}-load`;
}

/** uid of the job that reads the whole index and looks at the host before anything is stopped. */
export function checkJobUID(requestUID: string): string {
  return `${requestUID}-check`;
}

/** uid of the job that counts what was loaded, before anything is switched to it. */
export function countJobUID(requestUID: string): string {
  return `${requestUID}-count`;
}

/** What is in work or about to be, oldest first. @param restores all of the stack */
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

/** Restores of one stack are carried out in this order. */
function byAge(a: JtelRestore, b: JtelRestore): number {
  const [first, second] = [a, b].map(({ metadata }) => `${metadata.creationTimestamp} ${metadata.name}`);
  return (first ?? '') < (second ?? '') ? -1 : 1;
}

/** Whether the restore controller has checked everything and gives way to the stack. */
export function isOrdered({ status }: JtelRestore): boolean {
  return status?.phase === 'Loading' || status?.phase === 'Starting';
}
