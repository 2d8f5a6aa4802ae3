/** How long something may be in the way of a restore before it begins; pure. */

import type { Reason } from '../../../crds/index.ts';
import type { Plan, PlanInput } from '../model.ts';

/** What somebody wants to be waited for, or what ends by itself: it may last as long as it takes. */
const wanted: ReadonlySet<Reason> = new Set<Reason>([
  'RestoreWaits',
  'Suspended',
  'Observing',
  'Stopped',
  'BackupRunning',
]);
/** An order that is carried out when nobody expects it any more does harm. */
export const patienceSeconds = 3600;

/** Whether it cannot begin, or begin to be tested, for something that is not in order. */
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
  return {
    kind: 'Fail',
    reason: planned.reason,
    message: `It could not begin within ${patienceSeconds / 60} minutes, and nothing was touched: ${planned.message} Once that is in order, create another JtelRestore.`,
  };
}
