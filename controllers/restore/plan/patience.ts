/** How long something may be in the way of a restore before it begins; pure. */

import type { Reason } from '../../../crds/index.ts';
import type { Plan, PlanInput } from './actions.ts';

/** Somebody wants these to be waited for, or they end by themselves: they may last as long as it takes. */
const wanted: ReadonlySet<Reason> = new Set<Reason>([
  'RestoreWaits',
  'Suspended',
  'Observing',
  'Stopped',
  'BackupRunning',
]);
/** An order does harm that is carried out when nobody expects it any more. */
export const patienceSeconds = 3600;

/** Whether something is not in order, so that it cannot begin, or begin to be tested. */
export function isBlocked(planned: Plan): planned is Extract<Plan, { kind: 'Wait' }> {
  return (
    planned.kind === 'Wait' &&
    (planned.phase === 'Pending' || planned.phase === 'Checking') &&
    !wanted.has(planned.reason)
  );
}

/** What has been in its way for too long ends it. */
export function withPatience({ restore: { status, metadata }, now }: PlanInput, planned: Plan): Plan {
  if (!isBlocked(planned) || metadata.deletionTimestamp !== undefined) return planned;
  const since = status?.blockedSinceTime;
  if (since === undefined || now.getTime() - Date.parse(since) < patienceSeconds * 1000) return planned;
  const { reason, facts } = planned;
  return { kind: 'Fail', reason, facts: { is: 'NotBegun', withinSeconds: patienceSeconds, because: facts } };
}
