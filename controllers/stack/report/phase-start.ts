/** When a stack entered its phase, also where a version wrote the status that does not know this field; pure. */

import type { JtelStackStatus } from '../../../crds/index.ts';
import { findCondition, formatTime } from '../../../runtime/report/conditions.ts';

/**
 * A version without the field leaves it out, or keeps one of a phase long ago. So the condition that turns with
 * the phase counts where the field is missing or older: no phase but these two lasts while Ready turns True or
 * False, and these two begin with Paused at the earliest.
 * @param conditions of the new status
 */
export function phaseStartOf(
  previous: JtelStackStatus,
  phase: JtelStackStatus['phase'],
  conditions: NonNullable<JtelStackStatus['conditions']>,
  now: Date,
): string {
  if (phase !== previous.phase) return formatTime(now);
  const known = previous.phaseStartTime;
  const turning = phase === 'Suspended' || phase === 'Observing' ? 'Paused' : 'Ready';
  const condition = findCondition(conditions, turning);
  if (condition === undefined) return known ?? formatTime(now);
  const turned = condition.lastTransitionTime;
  if (known === undefined) return turned;
  // A host that stays away turns Ready from False to Unknown, and the phase lasts.
  return condition.status !== 'Unknown' && Date.parse(known) < Date.parse(turned) ? turned : known;
}
