/** Which JtelRestore of a stack comes first, and which one is to be carried out: the same for both controllers; pure. */

import type { JtelRestore } from '../crds/index.ts';

/** uid of the job that carries out an order; stable, so that a second start adopts the first's job. */
export function restoreJobUID(requestUID: string): string {
  return `${requestUID}-restore`;
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
    .filter(({ spec, status, metadata }) => spec.mode === 'Execute' && status?.phase !== 'Completed' && status?.phase !== 'Failed' && metadata.deletionTimestamp === undefined)
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
