/**
 * In which order due keys are worked on, so that none of them holds up the others for long.
 *
 * What was asked for goes first, what is only due by the clock last, and keys whose last work waited in vain
 * have few places of their own. A line that was passed over several times has the next turn, so nobody
 * starves (docs/decisions/0056-two-classes-and-a-lane.md).
 *
 * Within a line, namespaces take turns. Each may have as many keys in work as workers are free, so whoever
 * works for long, such as at hosts that hang, always leaves workers: one namespace takes half of them, two
 * take a third each, and so on. A namespace that has nothing in work may always begin.
 */

/** Where a key waits: what was asked for, or is due by the clock; and the same of keys that waited in vain. */
export type Line = 'Asked' | 'AskedSlow' | 'Periodic' | 'PeriodicSlow';

/** In the order of their right of way. Within a line it is first come, first served. */
export const lines: readonly Line[] = ['Asked', 'AskedSlow', 'Periodic', 'PeriodicSlow'];

/** A line has a turn after it was passed over so often. */
const longestPatience = 7;
/** Of all workers. The rest is free for what is asked for. */
const shareOfBackground = 3 / 4;
/** Of all workers. */
const shareOfSlow = 1 / 4;
/** They cost memory, and calls of the API when they go on. One namespace alone has half of these places. */
const parkedPerWorker = 8;

/** Places that namespaces share. Each may have as many as are free. */
interface Places {
  readonly most: number;
  taken: number;
  readonly byNamespace: Map<string, number>;
}

function places(most: number): Places {
  return { most, taken: 0, byNamespace: new Map() };
}

/** Bounds how many keys of some lines are in work. */
interface Bound extends Places {
  readonly lines: ReadonlySet<Line>;
}

function bound(most: number, ...bounded: readonly Line[]): Bound {
  return { ...places(most), lines: new Set(bounded) };
}

export class FairOrder {
  readonly #bounds: readonly Bound[];
  /** Of each line: namespaces in the order of their turns, and their keys in the order they became due. */
  readonly #waiting = new Map<Line, Map<string, Set<string>>>(lines.map((line) => [line, new Map()]));
  readonly #lineOf = new Map<string, Line>();
  /** How often each line was passed over since its last turn. */
  readonly #passedOver = new Map<Line, number>();
  /** Keys that hold a worker. */
  readonly #inWork = new Map<string, Line>();
  /** Keys that are worked on and have given their worker back. */
  readonly #parked = new Set<string>();
  readonly #parkedPlaces: Places;
  /** Keys that hold a worker until there is room among the parked. */
  readonly #overdue = new Set<string>();

  constructor(workers: number) {
    const share = (of: number): number => Math.max(1, Math.floor(workers * of));
    this.#bounds = [
      bound(workers, ...lines),
      bound(share(shareOfBackground), 'AskedSlow', 'Periodic', 'PeriodicSlow'),
      bound(share(shareOfSlow), 'AskedSlow', 'PeriodicSlow'),
    ];
    this.#parkedPlaces = places(workers * parkedPerWorker);
  }

  get waiting(): number {
    return this.#lineOf.size;
  }

  /** @returns how many keys wait in a line */
  waitingIn(line: Line): number {
    return this.#waitingIn(line)
      .values()
      .reduce((sum, keys) => sum + keys.size, 0);
  }

  isWaiting(key: string): boolean {
    return this.#lineOf.has(key);
  }

  isInWork(key: string): boolean {
    return this.#inWork.has(key) || this.#parked.has(key);
  }

  /** @param key neither waits nor is in work */
  add(key: string, line: Line = 'Asked'): void {
    const waiting = this.#waitingIn(line);
    const namespace = namespaceOf(key);
    const keys = waiting.get(namespace) ?? new Set();
    waiting.set(namespace, keys.add(key));
    this.#lineOf.set(key, line);
  }

  /** Moves a key that waits to those that were asked for. */
  ask(key: string): void {
    const line = this.#lineOf.get(key);
    if (line !== 'Periodic' && line !== 'PeriodicSlow') return;
    this.remove(key);
    this.add(key, line === 'Periodic' ? 'Asked' : 'AskedSlow');
  }

  /** The next key, in work from now on; undefined if none may begin. */
  take(): string | undefined {
    const isImpatient = (line: Line): boolean => (this.#passedOver.get(line) ?? 0) >= longestPatience;
    for (const line of [...lines.filter(isImpatient), ...lines.filter((one) => !isImpatient(one))]) {
      const key = this.#takeFrom(line);
      if (key === undefined) continue;
      for (const other of lines)
        if (this.#waitingIn(other).size > 0)
          this.#passedOver.set(other, (this.#passedOver.get(other) ?? 0) + 1);
      this.#passedOver.delete(line);
      return key;
    }
    return undefined;
  }

  /** Drops a key that waits. */
  remove(key: string): void {
    const line = this.#lineOf.get(key);
    if (line === undefined) return;
    this.#lineOf.delete(key);
    const waiting = this.#waitingIn(line);
    const namespace = namespaceOf(key);
    const keys = waiting.get(namespace);
    keys?.delete(key);
    if (keys?.size === 0) waiting.delete(namespace);
    if (waiting.size === 0) this.#passedOver.delete(line);
  }

  /**
   * Gives the worker of a key in work to others, because it only waits. The key counts as in work until `done`.
   * Those places are shared as the workers are. A key that finds none keeps its worker until there is one.
   */
  park(key: string): void {
    if (!this.#inWork.has(key)) return;
    const namespace = namespaceOf(key);
    if (!hasRoomFor(this.#parkedPlaces, namespace)) {
      this.#overdue.add(key);
      return;
    }
    this.#overdue.delete(key);
    this.#leave(key);
    this.#parked.add(key);
    count(this.#parkedPlaces, namespace, 1);
  }

  /** Ends the work on a taken key. */
  done(key: string): void {
    this.#overdue.delete(key);
    this.#leave(key);
    if (!this.#parked.delete(key)) return;
    count(this.#parkedPlaces, namespaceOf(key), -1);
    for (const overdue of this.#overdue) this.park(overdue);
  }

  /** Drops what waits. */
  clear(): void {
    for (const waiting of this.#waiting.values()) waiting.clear();
    this.#lineOf.clear();
    this.#passedOver.clear();
  }

  #waitingIn(line: Line): Map<string, Set<string>> {
    return this.#waiting.get(line) ?? new Map<string, Set<string>>();
  }

  #takeFrom(line: Line): string | undefined {
    const bounds = this.#bounds.filter((one) => one.lines.has(line));
    if (bounds.some(({ taken, most }) => taken >= most)) return undefined;
    const waiting = this.#waitingIn(line);
    for (const [namespace, keys] of waiting) {
      const [key] = keys;
      if (key === undefined || !bounds.every((one) => hasRoomFor(one, namespace))) continue;
      this.remove(key);
      this.#toTheEnd(line, namespace);
      this.#inWork.set(key, line);
      for (const one of bounds) count(one, namespace, 1);
      return key;
    }
    return undefined;
  }

  #leave(key: string): void {
    const line = this.#inWork.get(key);
    if (line === undefined) return;
    this.#inWork.delete(key);
    const namespace = namespaceOf(key);
    for (const one of this.#bounds) if (one.lines.has(line)) count(one, namespace, -1);
    // Those who came during the work have not had a turn yet.
    this.#toTheEnd(line, namespace);
  }

  /** The next turn of this namespace comes after everybody else's. */
  #toTheEnd(line: Line, namespace: string): void {
    const waiting = this.#waitingIn(line);
    const keys = waiting.get(namespace);
    if (keys === undefined) return;
    waiting.delete(namespace);
    waiting.set(namespace, keys);
  }
}

function hasRoomFor({ most, taken, byNamespace }: Places, namespace: string): boolean {
  const own = byNamespace.get(namespace) ?? 0;
  return taken < most && (own === 0 || own < most - taken);
}

function count(shared: Places, namespace: string, change: 1 | -1): void {
  shared.taken += change;
  const own = (shared.byNamespace.get(namespace) ?? 0) + change;
  if (own === 0) shared.byNamespace.delete(namespace);
  else shared.byNamespace.set(namespace, own);
}

function namespaceOf(key: string): string {
  return key.slice(0, key.indexOf('/') + 1);
}
