/** What is worth an event in the life of a channel: a turn of its course; pure. */
import { isReason, type JtelChannelStatus, type Reason } from '../../../crds/index.ts';
import { findCondition } from '../../../runtime/report/conditions.ts';
import type { StoryEvent } from '../../../runtime/report/event-recorder.ts';

export function channelEvents(
  previous: JtelChannelStatus | undefined,
  next: JtelChannelStatus,
): readonly StoryEvent<Reason>[] {
  const before = findCondition(previous?.conditions, 'Ready');
  const after = findCondition(next.conditions, 'Ready');
  if (after === undefined || !isReason(after.reason)) return [];
  const isNews =
    before?.reason !== after.reason || previous?.version !== next.version || previous?.wave !== next.wave;
  if (!isNews) return [];
  const type = after.reason === 'TooManyFailures' ? 'Warning' : 'Normal';
  return [{ type, reason: after.reason, note: after.message.slice(0, 1000) }];
}
