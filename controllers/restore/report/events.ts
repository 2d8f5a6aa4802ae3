/** What is worth an event in the life of a restore: its end, and trouble that is tried again; pure. */

import type { JtelRestore, JtelRestoreStatus } from '../../../crds/index.ts';
import type { EventDetails } from '../../../runtime/report/event-recorder.ts';
import type { Plan } from '../plan/actions.ts';
import { describe } from './sentences.ts';

export function restoreEvents(
  { status: before, spec }: JtelRestore,
  plan: Plan,
  { phase, message = '' }: JtelRestoreStatus,
): readonly EventDetails[] {
  const action = spec.mode;
  if (before?.phase !== phase && (plan.kind === 'Complete' || plan.kind === 'Fail')) {
    const type = plan.kind === 'Complete' ? 'Normal' : 'Warning';
    return [{ type, reason: plan.reason, note: message, action }];
  }
  if (plan.kind === 'Wait' && plan.trouble === true && before?.message !== message)
    return [{ type: 'Warning', reason: plan.reason, note: describe(plan.facts), action }];
  return [];
}
