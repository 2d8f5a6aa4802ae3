/** How long a restore that has not begun waits for what is in its way; pure. */

import type { Reason } from '../../../crds/index.ts';
import type { Plan, PlanInput } from './actions.ts';

/** A restore waits for these without limit: somebody wants that, or they end by themselves. */
const wanted: ReadonlySet<Reason> = new Set<Reason>([
  'RestoreWaits',
  'Suspended',
  'Observing',
  'Stopped',
  'Relocating',
  'BackupRunning',
]);
/** An order that begins when nobody expects it any more does harm. */
export const patienceSeconds = 3600;

/** Whether something that is not in order keeps it from beginning. */
export function isBlocked(planned: Plan): planned is Extract<Plan, { kind: 'Wait' }> {
  return (
    planned.kind === 'Wait' &&
    (planned.phase === 'Pending' || planned.phase === 'Checking') &&
    !wanted.has(planned.reason)
  );
}

/** Ends a restore when something has been in its way for too long. */
export function withPatience({ restore: { status, metadata }, now }: PlanInput, planned: Plan): Plan {
  if (!isBlocked(planned) || metadata.deletionTimestamp !== undefined) return planned;
  const since = status?.blockedSinceTime;
  if (since === undefined || now.getTime() - Date.parse(since) < patienceSeconds * 1000) return planned;
  const { reason, facts } = planned;
  return { kind: 'Fail', reason, facts: { is: 'NotBegun', withinSeconds: patienceSeconds, because: facts } };
}
