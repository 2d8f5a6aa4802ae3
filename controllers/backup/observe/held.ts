/** Whether the turn of a backup has come. It is asked first, from what is in memory: nothing else is looked at before. */

import type { JtelBackup, JtelStack } from '../../../crds/index.ts';
import { formatTime } from '../../../runtime/report/conditions.ts';
import { slotOf } from '../../times/backup-slot.ts';
import type { Places } from '../places/places.ts';
import type { Held } from './observed.ts';

/** Where clocks go forward, a cron may fire that long before the time that counts: {@link Schedule.nearest}. */
const earliestMilliseconds = 3_600_000;

export function heldBack(backup: JtelBackup, stack: JtelStack, places: Places, now: Date): Held | undefined {
  const { status, metadata } = backup;
  if ((status?.phase ?? 'Pending') !== 'Pending' || metadata.deletionTimestamp !== undefined)
    return undefined;
  const slot = slotOf(backup, stack);
  if (slot !== undefined && slot.time.getTime() - earliestMilliseconds <= now.getTime() && now < slot.due)
    return {
      until: 'Due',
      due: formatTime(slot.due),
      inSeconds: Math.ceil((slot.due.getTime() - now.getTime()) / 1000),
    };
  return places.ask(backup);
}
