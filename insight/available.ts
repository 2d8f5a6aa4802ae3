/** Whether a stack serves callers, whatever else is still to be done with it. */
import { findCondition } from '../runtime/report/conditions.ts';
import type { JtelStack } from '../crds/index.ts';

/** The host answers, and every wanted container is healthy. */
export function isAvailable(stack: JtelStack): boolean {
  const components = componentsOf(stack);
  return (
    findCondition(stack.status?.conditions, 'HostReachable')?.status === 'True' &&
    components !== undefined &&
    components.wanted > 0 &&
    components.healthy >= components.wanted
  );
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
