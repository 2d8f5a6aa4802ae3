/** Whether a stack serves callers, whatever else is still to be done with it. */
import { monthOf, secondsByMonth } from '../base/months.ts';
import { findCondition } from '../runtime/report/conditions.ts';
import type { JtelStack } from '../crds/index.ts';

/** Of a status without the condition, as of an operator before 0.2: the host answers, and every wanted container is healthy. */
export function isAvailable(stack: JtelStack): boolean {
  const told = findCondition(stack.status?.conditions, 'Available');
  if (told !== undefined) return told.status === 'True';
  const components = componentsOf(stack);
  return (
    findCondition(stack.status?.conditions, 'HostReachable')?.status === 'True' &&
    components !== undefined &&
    components.wanted > 0 &&
    components.healthy >= components.wanted
  );
}

export interface DownTime {
  /** Such as `2026-11`. */
  readonly month: string;
  readonly downSeconds: number;
  readonly unknownSeconds: number;
}

/**
 * How long a stack did not serve, with what is not over yet: the present month, and others in which there was
 * such a time, newest first. Empty if nothing was counted yet.
 */
export function downTimes({ status }: JtelStack, now: Date): readonly DownTime[] {
  const counted = status?.availability;
  if (counted === undefined) return [];
  const { downSince, unknownSince, months = [] } = counted;
  const none = (month: string): DownTime => ({ month, downSeconds: 0, unknownSeconds: 0 });
  const sums = new Map([
    [monthOf(now), none(monthOf(now))],
    ...months.map((one): [string, DownTime] => [one.month, { ...none(one.month), ...one }]),
  ]);
  const add = (what: 'downSeconds' | 'unknownSeconds', since: string | undefined): void => {
    for (const [month, seconds] of since === undefined ? [] : secondsByMonth(since, now)) {
      const sum = sums.get(month) ?? none(month);
      sums.set(month, { ...sum, [what]: sum[what] + seconds });
    }
  };
  add('downSeconds', downSince);
  add('unknownSeconds', unknownSince);
  return [...sums.values()].toSorted((a, b) => (a.month < b.month ? 1 : -1));
}

/** `status.componentsReady` is text for people, such as 7/8. */
export function componentsOf({
  status,
}: JtelStack): { readonly healthy: number; readonly wanted: number } | undefined {
  const [, healthy, wanted] = /^(\d+)\/(\d+)$/.exec(status?.componentsReady ?? '') ?? [];
  return healthy === undefined || wanted === undefined
    ? undefined
    : { healthy: Number(healthy), wanted: Number(wanted) };
}
