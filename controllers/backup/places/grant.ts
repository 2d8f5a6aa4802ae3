/**
 * Which of the backups that wait may begin; pure. So many run at the same time, in each store and in all. Requests of people come
 * first, then each namespace in turn, the one with the fewest under way before the others, then the oldest.
 */

/** The most that run at the same time. */
export interface Bounds {
  readonly perStore: number;
  readonly inAll: number;
}

/** A backup that runs, or that was told to begin. */
export interface Taken {
  readonly namespace: string;
  /** With its namespace: names are unique only there. */
  readonly store: string;
}

export interface Waiting extends Taken {
  readonly uid: string;
  readonly name: string;
  readonly isScheduled: boolean;
  /** RFC 3339 */
  readonly created: string;
}

export interface Granted {
  /** Everyone that waits, in order. */
  readonly order: readonly Waiting[];
  /** The uids of those that may begin now. */
  readonly admitted: ReadonlySet<string>;
}

export function grant(taken: readonly Taken[], waiting: readonly Waiting[], bounds: Bounds): Granted {
  const order = inOrder(taken, waiting);
  const admitted = new Set<string>();
  const inStore = countBy(taken, ({ store }) => store);
  let free = bounds.inAll - taken.length;
  for (const { uid, store } of order) {
    if (free <= 0) break;
    const count = inStore.get(store) ?? 0;
    // A full store holds up nobody who goes to another one.
    if (count >= bounds.perStore) continue;
    inStore.set(store, count + 1);
    free -= 1;
    admitted.add(uid);
  }
  return { order, admitted };
}

function inOrder(taken: readonly Taken[], waiting: readonly Waiting[]): readonly Waiting[] {
  const turns = countBy(taken, ({ namespace }) => namespace);
  return waiting
    .toSorted((a, b) => compare(ageOf(a), ageOf(b)))
    .map((one) => {
      const turn = turns.get(one.namespace) ?? 0;
      turns.set(one.namespace, turn + 1);
      return { one, turn };
    })
    .toSorted(
      (a, b) =>
        Number(a.one.isScheduled) - Number(b.one.isScheduled) ||
        a.turn - b.turn ||
        compare(ageOf(a.one), ageOf(b.one)),
    )
    .map(({ one }) => one);
}

/** Requests of people before those of the schedule, in one namespace too; then the oldest. */
function ageOf({ isScheduled, created, namespace, name }: Waiting): string {
  return `${isScheduled ? 1 : 0} ${created} ${namespace}/${name}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function countBy<T>(items: readonly T[], key: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return counts;
}
