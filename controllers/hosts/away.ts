/** Hosts that do not answer: how a status tells it, and when to try again. Pure. */

import type { JtelStack, Reason } from '../../crds/index.ts';
import { findCondition } from '../../runtime/report/conditions.ts';
import { optional } from '../../base/optional.ts';
import type { Outcome } from '../inputs/outcome.ts';
import { unreachablePause } from '../times/pauses.ts';

/** A look that ends so has waited in vain; all other refusals come at once. */
const waited: ReadonlySet<Reason> = new Set<Reason>(['HostUnreachable', 'OutcomeUnknown']);

export function hasWaited(reason: Reason): boolean {
  return waited.has(reason);
}

/** Whether the last look at the stack waited for its host in vain. */
export function isHostAway({ status }: Pick<JtelStack, 'status'>): boolean {
  const reachable = findCondition(status?.conditions, 'HostReachable');
  return reachable?.status === 'False' && hasWaited(reachable.reason as Reason);
}

/**
 * When the host began to be away, as far as the status tells; else now. Its condition may be about another
 * host, or False for another reason.
 * @returns Unix milliseconds
 */
function awaySince({ metadata, status }: Pick<JtelStack, 'metadata' | 'status'>, now: Date): number {
  const reachable = findCondition(status?.conditions, 'HostReachable');
  return reachable !== undefined &&
    isHostAway(optional({ status })) &&
    reachable.observedGeneration === metadata.generation
    ? Date.parse(reachable.lastTransitionTime)
    : now.getTime();
}

/** @param before when it began to be away, remembered from earlier looks @returns the same after a look; undefined if it is not away */
export function awaySinceAfter(
  before: number | undefined,
  host: Outcome<unknown>,
  { object, now }: { readonly object: JtelStack; readonly now: Date },
): number | undefined {
  // Nobody asked the host, so nothing new is known.
  if (!host.ok && host.reason === 'NotChecked') return before;
  return host.ok || !hasWaited(host.reason) ? undefined : (before ?? awaySince(object, now));
}

/** Seconds until the next look at a stack whose host does not answer. @param since Unix milliseconds */
export function pauseWhileAway(
  stack: Pick<JtelStack, 'metadata' | 'status'>,
  now: Date,
  since = awaySince(stack, now),
): number {
  return unreachablePause((now.getTime() - since) / 1000);
}
