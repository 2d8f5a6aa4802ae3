/**
 * Which keys are due. It holds keys, not objects: a worker reads the object afresh. A key is in work at most
 * once at a time. Adding it again merges, and the earlier deadline wins. If it is added while in work, it
 * comes back afterwards.
 *
 * Namespaces take turns, and none takes all workers: `base/fair-order.ts`.
 */
import { pauseSeconds, spread, type BackOff } from '../../base/back-off.ts';
import { FairOrder } from '../../base/fair-order.ts';
import { setTimeoutLong } from './long-timer.ts';

export interface WorkQueueOptions {
  /** First pause after a failure; each further failure doubles it. Default 0.5 s. */
  readonly baseDelaySeconds?: number;
  /** Default 300 s. */
  readonly maxDelaySeconds?: number;
  /** How many take keys at the same time; without it a namespace may have any number in work. */
  readonly workers?: number;
  /** In [0, 1); for tests. */
  readonly random?: () => number;
  /** How many seconds pass here for one of the clock; more than 1 only in simulations. */
  readonly timeScale?: number;
}

interface Entry {
  /** Milliseconds of the monotonic clock. */
  deadline: number;
  cancel: () => void;
}

export class WorkQueue {
  readonly #pauses: BackOff;
  readonly #random: () => number;
  readonly #timeScale: number;
  /** Due later, each with its timer. */
  readonly #scheduled = new Map<string, Entry>();
  /** Due now, and in work. */
  readonly #order: FairOrder;
  /** Deadlines requested while the key was in work. */
  readonly #again = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  readonly #takers: ((key: string | undefined) => void)[] = [];
  #closed = false;

  constructor(options: WorkQueueOptions = {}) {
    this.#pauses = {
      firstSeconds: options.baseDelaySeconds ?? 0.5,
      longestSeconds: options.maxDelaySeconds ?? 300,
    };
    this.#order = new FairOrder(options.workers ?? Number.POSITIVE_INFINITY);
    this.#random = options.random ?? Math.random;
    this.#timeScale = options.timeScale ?? 1;
  }

  /** Keys that are due and not yet taken. */
  get depth(): number {
    return this.#order.waiting;
  }

  /** Makes a key due in `afterSeconds`; a key that is due earlier keeps its time. */
  add(key: string, afterSeconds = 0): void {
    if (this.#closed) return;
    const deadline = performance.now() + (Math.max(0, afterSeconds) * 1000) / this.#timeScale;
    if (this.#order.isInWork(key)) {
      this.#again.set(key, Math.min(deadline, this.#again.get(key) ?? Infinity));
      return;
    }
    if (this.#order.isWaiting(key)) return;
    const scheduled = this.#scheduled.get(key);
    if (scheduled !== undefined && scheduled.deadline <= deadline) return;
    scheduled?.cancel();
    this.#scheduled.delete(key);
    if (afterSeconds <= 0) {
      this.#makeReady(key);
      return;
    }
    const cancel = setTimeoutLong(() => {
      this.#scheduled.delete(key);
      this.#makeReady(key);
    }, deadline - performance.now());
    this.#scheduled.set(key, { deadline, cancel });
  }

  /** Adds a key after a failure, with growing pauses; returns the pause in seconds. */
  addAfterFailure(key: string): number {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    const afterSeconds = spread(pauseSeconds(this.#pauses, failures), [0.5, 1], this.#random);
    this.add(key, afterSeconds);
    return afterSeconds;
  }

  /** The next failure of this key starts at the first pause again. */
  resetFailures(key: string): void {
    this.#failures.delete(key);
  }

  /** The next due key, to be given back with `done`; undefined when the queue is closed. */
  async take(): Promise<string | undefined> {
    if (this.#closed) return undefined;
    return this.#order.take() ?? new Promise((resolve) => this.#takers.push(resolve));
  }

  /** Ends the work on a taken key. */
  done(key: string): void {
    this.#order.done(key);
    const deadline = this.#again.get(key);
    if (deadline !== undefined) {
      this.#again.delete(key);
      this.add(key, ((deadline - performance.now()) / 1000) * this.#timeScale);
    }
    // Its namespace may have had enough in work until now.
    this.#handOut();
  }

  /** Drops waiting keys and wakes the workers. */
  close(): void {
    this.#closed = true;
    for (const { cancel } of this.#scheduled.values()) cancel();
    this.#scheduled.clear();
    this.#order.clear();
    this.#again.clear();
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }

  #makeReady(key: string): void {
    this.#order.add(key);
    this.#handOut();
  }

  #handOut(): void {
    while (this.#takers.length > 0) {
      const key = this.#order.take();
      if (key === undefined) return;
      this.#takers.shift()?.(key);
    }
  }
}
