/** What is worth an event in the life of a store: each change of a condition or its reason; pure. */
import type { JtelBackupStore, StoreConditionType } from '../../../crds/index.ts';
import { findCondition } from '../../../runtime/report/conditions.ts';
import type { EventDetails } from '../../../runtime/report/event-recorder.ts';

/** Ready, Reconciling and Stalled only repeat Available, for those who judge any object by them. */
const reported: readonly StoreConditionType[] = ['Available', 'Immutable'];

type Status = NonNullable<JtelBackupStore['status']>;

/** A check that was not tried makes no event. */
export function storeEvents(previous: Status | undefined, next: Status): readonly EventDetails[] {
  const events: EventDetails[] = [];
  for (const type of reported) {
    const before = findCondition(previous?.conditions, type);
    const after = findCondition(next.conditions, type);
    if (after === undefined || after.reason === 'NotChecked') continue;
    if (before?.status === after.status && before.reason === after.reason) continue;
    events.push({
      type: after.status === 'True' && after.reason !== 'BlobArchived' ? 'Normal' : 'Warning',
      reason: after.reason,
      action: 'Validate',
      note: after.message,
    });
  }
  return events;
}
