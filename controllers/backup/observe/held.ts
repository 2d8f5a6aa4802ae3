/** Whether the turn of a backup has come. It is asked first, from what is in memory: nothing else is looked at before. */

import type { JtelBackup, JtelStack } from '../../../crds/index.ts';
import { formatTime } from '../../../runtime/report/conditions.ts';
import { slotOf } from '../../times/backup-slot.ts';
import { isPartOfOperation } from '../desired/request.ts';
import type { Places } from '../places/places.ts';
import type { Held } from './observed.ts';

/** A person waits for a backup that is part of an operation, so that one never waits for a place. */
export function heldBack(backup: JtelBackup, stack: JtelStack, places: Places, now: Date): Held | undefined {
  const { status, metadata } = backup;
  if ((status?.phase ?? 'Pending') !== 'Pending' || metadata.deletionTimestamp !== undefined)
    return undefined;
  const slot = slotOf(backup, stack);
  if (slot !== undefined && slot.time <= now && now < slot.due)
    return {
      until: 'Due',
      due: formatTime(slot.due),
      inSeconds: Math.ceil((slot.due.getTime() - now.getTime()) / 1000),
    };
  return isPartOfOperation(backup) ? undefined : places.ask(backup);
}
