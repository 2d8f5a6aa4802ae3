/** Conditions as in the Kubernetes API conventions: pure functions over the list in a status. */

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
 * Returns the list with that condition in it. `lastTransitionTime` moves to `now` only if `status` changes; a
 * new reason or message alone keeps it. If nothing changes, the same array comes back. The order stays.
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

/** Returns the list without that condition; the same array if it was not there. */
export function removeCondition<C extends Condition>(
  conditions: readonly C[] | undefined,
  type: C['type'],
): readonly C[] {
  const list = conditions ?? [];
  return list.some((condition) => condition.type === type)
    ? list.filter((condition) => condition.type !== type)
    : list;
}

/** The content of a condition; setting it adds generation, time and length limits. */
export type ConditionDraft<C extends Condition = Condition> = Omit<
  C,
  'lastTransitionTime' | 'observedGeneration'
>;

export interface ConditionRules<C extends Condition> {
  /** Generation of the object that was looked at. */
  readonly generation: number;
  /** Types that exist only while they are drafted; all others keep their last state. */
  readonly transient: readonly C['type'][];
  /** In characters; a longer text is cut. */
  readonly longestMessage: number;
  readonly now: Date;
}

/** The conditions of a status after a look that drafted these. Returns a new list in the same order. */
export function summariseConditions<C extends Condition>(
  previous: readonly C[] | undefined,
  drafts: readonly ConditionDraft<C>[],
  { generation, transient, longestMessage, now }: ConditionRules<C>,
): C[] {
  const drafted = new Set(drafts.map(({ type }) => type));
  const fleeting = new Set(transient);
  const kept = (previous ?? []).filter(({ type }) => drafted.has(type) || !fleeting.has(type));
  return [
    ...drafts.reduce<readonly C[]>((conditions, draft) => {
      const message = draft.message.slice(0, longestMessage);
      // A draft has every field of C except these two and the time, which setCondition adds.
      const update = { ...draft, message, observedGeneration: generation } as object as ConditionUpdate<C>;
      return setCondition(conditions, update, now);
    }, kept),
  ];
}

/** `metav1.MicroTime` as JSON: RFC 3339 with exactly six fraction digits. */
export function formatMicroTime(time: Date): string {
  return time.toISOString().replace('Z', '000Z');
}
