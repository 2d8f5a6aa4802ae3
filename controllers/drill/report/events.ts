/** What is worth an event in the life of a drill: that it needs somebody, or no longer; pure. */
import { isReason, type JtelDrillStatus, type Reason } from '../../../crds/index.ts';
import { findCondition } from '../../../runtime/report/conditions.ts';
import type { StoryEvent } from '../../../runtime/report/event-recorder.ts';

export function drillEvents(
  previous: JtelDrillStatus | undefined,
  next: JtelDrillStatus,
): readonly StoryEvent<Reason>[] {
  const before = findCondition(previous?.conditions, 'Ready');
  const after = findCondition(next.conditions, 'Ready');
  if (after === undefined || !isReason(after.reason) || before?.reason === after.reason) return [];
  const type = after.status === 'True' ? 'Normal' : 'Warning';
  return [{ type, reason: after.reason, note: after.message.slice(0, 1000) }];
}
