/** Questions about the hosts of a fleet: whose disk runs full, and which run older software than the others. Pure. */
import { formatBytes } from '../base/bytes.ts';
import { optional } from '../base/optional.ts';
import type { JtelStack } from '../crds/index.ts';
import { diskDaysLeft } from './disk.ts';
import type { Place } from './fleet-place.ts';

/** Shares of a disk that are free. */
const fullDisk = 0.1;
const nearlyFullDisk = 0.2;
/** Days until a disk is full. */
const soonDays = 7;
const laterDays = 30;

export function diskPlace(stack: JtelStack, now: Date): Place {
  const { diskFreeBytes: free, diskTotalBytes: total } = stack.status?.host ?? {};
  if (free === undefined || total === undefined || total <= 0)
    return { group: 'not known', verdict: 'Unknown', order: 5 };
  const value = free / total;
  const left = diskDaysLeft(stack, now);
  const daysLeft = left === undefined ? undefined : Math.floor(left);
  const end = daysLeft === undefined ? '' : `, full in about ${daysLeft} d`;
  const found = {
    orderInGroup: left ?? Infinity,
    value,
    detail: `${Math.floor(value * 100)} % (${formatBytes(free)}) free${end}`,
    ...optional({ daysLeft }),
  };
  if (left !== undefined && left <= soonDays)
    return { group: `full within ${soonDays} days`, verdict: 'Bad', order: 0, ...found };
  const byShare = { ...found, orderInGroup: value };
  if (value < fullDisk)
    return { group: `less than ${fullDisk * 100} % free`, verdict: 'Bad', order: 1, ...byShare };
  if (left !== undefined && left <= laterDays)
    return { group: `full within ${laterDays} days`, verdict: 'Busy', order: 2, ...found };
  return value < nearlyFullDisk
    ? { group: `less than ${nearlyFullDisk * 100} % free`, verdict: 'Busy', order: 3, ...byShare }
    : { group: 'enough', verdict: 'Good', order: 4, ...byShare };
}

/** Behind is what has a lower first number than another host of the fleet with the same product. */
export function madeWith(
  stacks: readonly JtelStack[],
  versionOf: (stack: JtelStack) => string | undefined,
): (stack: JtelStack) => Place {
  const newest = new Map<string, number>();
  for (const stack of stacks) {
    const { product, major } = productOf(versionOf(stack));
    newest.set(product, Math.max(major, newest.get(product) ?? 0));
  }
  return (stack) => {
    const version = versionOf(stack);
    if (version === undefined) return { group: 'not known', verdict: 'Unknown', order: 1 };
    const { product, major } = productOf(version);
    const isBehind = major < (newest.get(product) ?? 0);
    return { group: version, verdict: isBehind ? 'Busy' : 'Neutral', order: 0 };
  };
}

/** `Debian GNU/Linux 13 (trixie)` is 13 of `Debian GNU/Linux`; `29.1.0` is 29. */
function productOf(version = ''): { readonly product: string; readonly major: number } {
  return { product: /^\D*/.exec(version)?.[0] ?? '', major: Number(/\d+/.exec(version)?.[0] ?? 0) };
}
