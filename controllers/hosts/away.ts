/** Hosts that do not answer: how a look tells it, and when to try again. */

import type { JtelStack, Reason } from '../../crds/index.ts';
import { HostError } from '../../host-driver/host.ts';
import { findCondition } from '../../runtime/report/conditions.ts';
import { unreachablePause } from '../times/pauses.ts';

/** One look at a host must not last longer. */
const usualSeconds = 30;

/** A look that ends so has waited in vain; all other refusals come at once. */
const waited: ReadonlySet<Reason> = new Set<Reason>(['HostUnreachable', 'OutcomeUnknown']);

/** Runs a look at a host. @throws HostError HostUnreachable when it does not end in time */
export async function answerOf<T>(
  address: string,
  signal: AbortSignal,
  look: (signal: AbortSignal) => Promise<T>,
  longestSeconds = usualSeconds,
): Promise<T> {
  const deadline = AbortSignal.timeout(longestSeconds * 1000);
  try {
    return await look(AbortSignal.any([signal, deadline]));
  } catch (error) {
    if (signal.aborted || !deadline.aborted || error instanceof HostError) throw error;
    const message = `${address} did not answer within ${longestSeconds} s; check the machine and the network`;
    throw new HostError('HostUnreachable', address, message, error);
  }
}

export function hasWaited(reason: Reason): boolean {
  return waited.has(reason);
}

/** Whether the last look at the stack waited for its host in vain. */
export function isHostAway({ status }: Pick<JtelStack, 'status'>): boolean {
  const reachable = findCondition(status?.conditions, 'HostReachable');
  return reachable?.status === 'False' && hasWaited(reachable.reason as Reason);
}

/** Seconds until the next look at a stack whose host does not answer. */
export function pauseWhileAway({ status }: Pick<JtelStack, 'status'>, now: Date): number {
  const reachable = findCondition(status?.conditions, 'HostReachable');
  const since = reachable?.status === 'False' ? Date.parse(reachable.lastTransitionTime) : now.getTime();
  return unreachablePause((now.getTime() - since) / 1000);
}
