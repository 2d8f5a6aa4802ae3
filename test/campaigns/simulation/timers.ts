/** Timers in the order in which they are due; of several at one moment, the one that was set first. A binary heap. */

export interface Timed {
  /** Milliseconds. */
  due: number;
  /** Grows with each time that a timer is set. */
  order: number;
  isSet: boolean;
}

export class Timers<T extends Timed> {
  readonly #heap: T[] = [];

  add(timer: T): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || isBefore(above, timer)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = timer;
  }

  first(): T | undefined {
    return this.#heap[0];
  }

  removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
      if (left === undefined) break;
      const child = right !== undefined && isBefore(right, left) ? 2 * at + 2 : 2 * at + 1;
      const below = heap[child];
      if (below === undefined || isBefore(last, below)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(one: Timed, other: Timed): boolean {
  return one.due === other.due ? one.order < other.order : one.due < other.due;
}
