/** Hosts that do not answer: how a status tells it, and when to try again. Pure. */

import type { JtelStack, Reason } from '../../crds/index.ts';
import { findCondition } from '../../runtime/report/conditions.ts';
import { optional } from '../../base/optional.ts';
import type { Outcome } from '../inputs/outcome.ts';
import { unreachablePause } from '../times/pauses.ts';

/** A look that ends so has waited in vain; all other refusals come at once. */
const waited: ReadonlySet<Reason> = new Set<Reason>(['HostUnreachable', 'OutcomeUnknown', 'DockerHangs']);

export function hasWaited(reason: Reason): boolean {
  return waited.has(reason);
}

/**
 * Whether the last look at the stack waited for its host in vain, or whether the last one that asked it did.
 * @param since when it began to be away, remembered from earlier looks
 */
export function isHostAway({ status }: Pick<JtelStack, 'status'>, since?: number): boolean {
  const reachable = findCondition(status?.conditions, 'HostReachable');
  return since !== undefined || (reachable?.status === 'False' && hasWaited(reachable.reason as Reason));
}

/**
 * When the host began to be away, as far as the status tells. Its condition may be about another host, or
 * False for another reason.
 * @returns Unix milliseconds; undefined if it does not tell
 */
function toldAwaySince({ metadata, status }: Pick<JtelStack, 'metadata' | 'status'>): number | undefined {
  const reachable = findCondition(status?.conditions, 'HostReachable');
  return reachable !== undefined &&
    isHostAway(optional({ status })) &&
    reachable.observedGeneration === metadata.generation
    ? Date.parse(reachable.lastTransitionTime)
    : undefined;
}

/** @param before when it began to be away, remembered from earlier looks @returns the same after a look; undefined if it is not away */
export function awaySinceAfter(
  before: number | undefined,
  host: Outcome<unknown>,
  { object, now }: { readonly object: JtelStack; readonly now: Date },
): number | undefined {
  if (host.ok) return undefined;
  const since = before ?? toldAwaySince(object);
  // Nobody asked the host, so nothing new is known.
  if (host.reason === 'NotChecked') return since;
  return hasWaited(host.reason) ? (since ?? now.getTime()) : undefined;
}

/**
 * Seconds until the next look at a stack whose host does not answer, or did not when it was last asked;
 * undefined for other reasons.
 * @param reason of the look at the host @param since Unix milliseconds
 */
export function pauseWhileAway(
  reason: Reason,
  stack: Pick<JtelStack, 'metadata' | 'status'>,
  now: Date,
  since = toldAwaySince(stack),
): number | undefined {
  if (!hasWaited(reason) && (reason !== 'NotChecked' || since === undefined)) return undefined;
  return unreachablePause((now.getTime() - (since ?? now.getTime())) / 1000);
}
