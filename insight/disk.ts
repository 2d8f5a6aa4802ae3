/** When the disk of a host is full, if it fills up as it did; pure. */
import type { JtelStack } from '../crds/index.ts';
import { findCondition } from '../runtime/report/conditions.ts';

const dayMilliseconds = 86_400_000;
/** One update takes room at once, and no more for weeks: what was seen for less says nothing. */
const leastDays = 3;
/** Later is not told: nobody knows how it fills up by then. */
const mostDays = 365;

/** @returns undefined if the disk does not fill up, not within a year, or nobody has looked for long enough */
export function diskDaysLeft({ status }: JtelStack, now: Date): number | undefined {
  const { diskFreeBytes: free, diskMarks = [] } = status?.host ?? {};
  const mark = diskMarks.at(-1);
  const isSeen = findCondition(status?.conditions, 'HostReachable')?.status === 'True';
  if (free === undefined || mark === undefined || !isSeen) return undefined;
  const days = (now.getTime() - Date.parse(mark.time)) / dayMilliseconds;
  const taken = mark.freeBytes - free;
  if (!(days >= leastDays) || taken <= 0) return undefined;
  const left = (free / taken) * days;
  return left <= mostDays ? left : undefined;
}
