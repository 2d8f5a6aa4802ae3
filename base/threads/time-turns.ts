/**
 * One piece of work at a time, and who has had the most time waits the longest. Turns by number would let an owner with dear
 * work take nearly all of the time from others whose work is cheap.
 *
 * Each owner has a time of its own that goes on with what its work takes; the work of the owner that is furthest back goes next.
 * Nobody saves time up: who comes begins where the work that began last stood. So it waits for one piece of work of those who
 * had more than it had, and nobody starves.
 *
 * An owner that has used up its allowance waits, although nobody else may want a turn.
 */
import type { Allowance } from './allowance.ts';

interface Waiting {
  readonly begin: () => void;
}

export interface TimeTurnsOptions {
  /** Milliseconds; for tests. */
  readonly now?: () => number;
  /** By the same clock. Default: owners may take what they can get. */
  readonly allowance?: Pick<Allowance, 'next'>;
}

export class TimeTurns {
  readonly #now: () => number;
  readonly #allowance: Pick<Allowance, 'next'>;
  /** By owner, in the order in which they came. An owner that does not wait has no entry. */
  readonly #waiting = new Map<string, Set<Waiting>>();
  /** Where each owner stands, in milliseconds of work. */
  readonly #stands = new Map<string, number>();
  /** Where the owner stood whose work began last. */
  #begun = 0;
  #isBusy = false;
  /** While all who wait have used up their allowance. */
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TimeTurnsOptions = {}) {
    this.#now = options.now ?? (() => performance.now());
    this.#allowance = options.allowance ?? { next: (_owner, now) => now };
  }

  /** @returns how many wait. */
  get waiting(): number {
    return this.#waiting.values().reduce((sum, those) => sum + those.size, 0);
  }

  /**
   * Does the work when its turn has come.
   * @throws the signal's reason when it is aborted while waiting.
   */
  async run<T>(owner: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const turn = Promise.withResolvers<void>();
    const one: Waiting = { begin: turn.resolve };
    const leave = (): void => {
      this.#leave(owner, one);
      turn.reject(signal.reason);
    };
    signal.addEventListener('abort', leave, { once: true });
    const others = this.#waiting.get(owner) ?? new Set();
    this.#waiting.set(owner, others.add(one));
    this.#stands.set(owner, Math.max(this.#stands.get(owner) ?? 0, this.#begun));
    this.#next();
    try {
      await turn.promise;
    } finally {
      signal.removeEventListener('abort', leave);
    }
    const start = this.#now();
    try {
      return await work();
    } finally {
      this.#stands.set(owner, (this.#stands.get(owner) ?? 0) + this.#now() - start);
      this.#isBusy = false;
      this.#next();
    }
  }

  #next(): void {
    clearTimeout(this.#timer);
    if (this.#isBusy) return;
    if (this.#waiting.size === 0) {
      // Nobody was kept waiting, so nobody owes anything.
      this.#stands.clear();
      this.#begun = 0;
      return;
    }
    const now = this.#now();
    const [first] = [...this.#waiting]
      .filter(([owner]) => this.#allowance.next(owner, now) <= now)
      .toSorted(([a], [b]) => this.#standOf(a) - this.#standOf(b));
    if (first === undefined) return this.#later(now);
    const [owner, those] = first;
    const [one] = those;
    if (one === undefined) return;
    this.#leave(owner, one);
    this.#begun = this.#standOf(owner);
    this.#isBusy = true;
    one.begin();
  }

  /** Whoever waits has somebody who awaits it, so the timer keeps no process alive. */
  #later(now: number): void {
    const next = Math.min(...[...this.#waiting.keys()].map((owner) => this.#allowance.next(owner, now)));
    this.#timer = setTimeout(() => this.#next(), Math.ceil(next - now)).unref();
  }

  #standOf(owner: string): number {
    return this.#stands.get(owner) ?? 0;
  }

  #leave(owner: string, one: Waiting): void {
    const those = this.#waiting.get(owner);
    those?.delete(one);
    if (those?.size === 0) this.#waiting.delete(owner);
  }
}
