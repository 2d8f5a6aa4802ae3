/**
 * How long a stack did not serve, by calendar month (UTC), counted from what looks saw; pure. The status alone
 * remembers it: since when something is counted, and the sums of what has ended. So a stack at rest is not
 * written for it, nor when a month ends, and a new process counts on.
 */

import type { JtelStack, JtelStackStatus } from '../../../crds/index.ts';
import { secondsByMonth } from '../../../base/months.ts';
import { formatTime } from '../../../runtime/report/conditions.ts';
import type { ConditionDraft } from './condition-input.ts';

export type Availability = NonNullable<JtelStackStatus['availability']>;
type Month = NonNullable<Availability['months']>[number];

/** Months that are kept. */
const mostMonths = 13;

/**
 * @param available the condition's status, as it is now
 * @returns the same object if nothing changed; undefined before the stack was seen to serve for the first time
 */
export function countAvailability(
  { metadata, spec, status }: Pick<JtelStack, 'metadata' | 'spec' | 'status'>,
  available: ConditionDraft['status'],
  now: Date,
): Availability | undefined {
  const before = status?.availability;
  // What somebody stopped or deletes is meant not to serve.
  const isMeant = spec.powerState === 'Stopped' || metadata.deletionTimestamp !== undefined;
  const counted = isMeant ? 'True' : available;
  if (before === undefined) return available === 'True' ? { countedSince: formatTime(now) } : undefined;
  const { downSince, unknownSince, months = [], ...kept } = before;
  const since = downSince ?? unknownSince;
  const was = downSince !== undefined ? 'False' : unknownSince !== undefined ? 'Unknown' : 'True';
  if (was === counted) return before;
  const sums =
    since === undefined
      ? months
      : withSpan(months, was === 'False' ? 'downSeconds' : 'unknownSeconds', since, now);
  return {
    ...kept,
    ...(sums.length === 0 ? {} : { months: [...sums] }),
    ...(counted === 'False' ? { downSince: formatTime(now) } : {}),
    ...(counted === 'Unknown' ? { unknownSince: formatTime(now) } : {}),
  };
}

/** Newest month first. */
function withSpan(
  months: readonly Month[],
  what: 'downSeconds' | 'unknownSeconds',
  from: string,
  to: Date,
): readonly Month[] {
  const sums = new Map(months.map((one) => [one.month, one]));
  for (const [month, seconds] of secondsByMonth(from, to)) {
    if (seconds === 0) continue;
    const sum = sums.get(month) ?? { month };
    sums.set(month, { ...sum, [what]: (sum[what] ?? 0) + seconds });
  }
  return [...sums.values()].toSorted((a, b) => (a.month < b.month ? 1 : -1)).slice(0, mostMonths);
}
