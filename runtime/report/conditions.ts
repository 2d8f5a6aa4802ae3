/** Conditions as in the Kubernetes API conventions; pure functions over the list in a status. */

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}

export type ConditionUpdate<C extends Condition = Condition> = Omit<C, 'lastTransitionTime'>;

/** RFC 3339 in whole seconds, as `metav1.Time` is written. */
export function formatTime(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

export function findCondition<C extends Condition>(
  conditions: readonly C[] | undefined,
  type: C['type'],
): C | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/**
 * The list with that condition in it. `lastTransitionTime` moves to `now` only when `status` changes; a new reason or
 * message alone keeps it. The same array comes back when nothing changes; order is kept.
 */
export function setCondition<C extends Condition>(
  conditions: readonly C[] | undefined,
  update: ConditionUpdate<C>,
  now: Date,
): readonly C[] {
  const list = conditions ?? [];
  const index = list.findIndex((condition) => condition.type === update.type);
  const previous = list[index];
  const lastTransitionTime =
    previous?.status === update.status ? previous.lastTransitionTime : formatTime(now);
  const next = { ...update, lastTransitionTime } as C;
  if (previous === undefined) return [...list, next];
  const unchanged =
    previous.status === next.status &&
    previous.reason === next.reason &&
    previous.message === next.message &&
    previous.observedGeneration === next.observedGeneration;
  return unchanged ? list : list.with(index, next);
}

/** The list without that condition; the same array when it was not there. */
export function removeCondition<C extends Condition>(
  conditions: readonly C[] | undefined,
  type: C['type'],
): readonly C[] {
  const list = conditions ?? [];
  return list.some((condition) => condition.type === type)
    ? list.filter((condition) => condition.type !== type)
    : list;
}

/** `metav1.MicroTime` as JSON: RFC 3339 with exactly six fraction digits. */
export function formatMicroTime(time: Date): string {
  return time.toISOString().replace('Z', '000Z');
}
