/**
 * Which of the backups that wait may begin; pure. So many run at the same time, in each store and in all, and those of one namespace
 * have half of the places at most: its hosts may hold them for a day. Namespaces take turns, the one with the fewest under way first.
 * Within a namespace what people asked for comes first, then the oldest. Who asked is what the creator writes, so it helps nobody
 * against others.
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

/** What is full: a store, the share of a namespace, or all places. */
export type Full = 'Store' | 'Namespace' | 'All';

export interface Refused {
  readonly full: Full;
  /** So many others wait for the same and come first. */
  readonly before: number;
}

export interface Granted {
  /** Everyone that waits, in order. */
  readonly order: readonly Waiting[];
  /** The uids of those that may begin now. */
  readonly admitted: ReadonlySet<string>;
  /** Why the others may not, by their uids. */
  readonly refused: ReadonlyMap<string, Refused>;
}

/** The most that one namespace has at the same time. */
export function shareOf({ inAll }: Bounds): number {
  return Math.ceil(inAll / 2);
}

export function grant(taken: readonly Taken[], waiting: readonly Waiting[], bounds: Bounds): Granted {
  const order = inOrder(taken, waiting);
  const admitted = new Set<string>();
  const refused = new Map<string, Refused>();
  const inStore = countBy(taken, ({ store }) => store);
  const inNamespace = countBy(taken, ({ namespace }) => namespace);
  const before = { all: 0, store: new Map<string, number>(), namespace: new Map<string, number>() };
  let free = bounds.inAll - taken.length;
  for (const { uid, store, namespace } of order) {
    // A full store, or a namespace with its share, holds up nobody else.
    if (free <= 0) refused.set(uid, { full: 'All', before: before.all });
    else if (countOf(inStore, store) >= bounds.perStore)
      refused.set(uid, { full: 'Store', before: countOf(before.store, store) });
    else if (countOf(inNamespace, namespace) >= shareOf(bounds))
      refused.set(uid, { full: 'Namespace', before: countOf(before.namespace, namespace) });
    else {
      add(inStore, store);
      add(inNamespace, namespace);
      free -= 1;
      admitted.add(uid);
    }
    before.all += 1;
    add(before.store, store);
    add(before.namespace, namespace);
  }
  return { order, admitted, refused };
}

function inOrder(taken: readonly Taken[], waiting: readonly Waiting[]): readonly Waiting[] {
  const turns = countBy(taken, ({ namespace }) => namespace);
  return waiting
    .toSorted((a, b) => compare(ageOf(a), ageOf(b)))
    .map((one) => {
      const turn = countOf(turns, one.namespace);
      add(turns, one.namespace);
      return { one, turn };
    })
    .toSorted((a, b) => a.turn - b.turn || compare(ageOf(a.one), ageOf(b.one)))
    .map(({ one }) => one);
}

/** Requests of people, then those of the schedule; then the oldest. */
function ageOf({ isScheduled, created, namespace, name }: Waiting): string {
  return `${isScheduled ? 1 : 0} ${created} ${namespace}/${name}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function countBy<T>(items: readonly T[], key: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) add(counts, key(item));
  return counts;
}

function countOf(counts: ReadonlyMap<string, number>, key: string): number {
  return counts.get(key) ?? 0;
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, countOf(counts, key) + 1);
}
