/**
 * Which keys are due. It holds keys, not objects: a worker reads the object afresh. A key is in work at most
 * once at a time. Adding it again merges, and the earlier deadline wins. If it is added while in work, it
 * comes back afterwards.
 *
 * What somebody asked for goes before what is due by the clock. Namespaces take turns, and none takes all
 * workers: `base/fair-order.ts`. A key that is woken again and again has a pause before each further look:
 * `look-floor.ts`.
 */
import { pauseSeconds, spread, type BackOff } from '../../base/back-off.ts';
import { FairOrder, type Line } from '../../base/fair-order.ts';
import { LookFloor } from './look-floor.ts';
import { setTimeoutLong } from './long-timer.ts';

/** `Asked`: a person or an event waits for it. `Periodic`: the clock says so. */
export type Urgency = 'Asked' | 'Periodic';

export interface WorkQueueOptions {
  /** First pause after a failure; each further failure doubles it. Default 0.5 s. */
  readonly baseDelaySeconds?: number;
  /** Default 300 s. */
  readonly maxDelaySeconds?: number;
  /** How many keys are in work at the same time, without those that are parked. Default: any number. */
  readonly workers?: number;
  /** Between looks at a key that is woken again and again, after the first few. Default 1 s; 0: none. */
  readonly floorSeconds?: number;
  /** Work that lasts longer gives its worker to others. Default 2 s. */
  readonly parkAfterSeconds?: number;
  /** Whether the last work on a key waited in vain, such as for a host. Such keys have few workers. */
  readonly isSlow?: (key: string) => boolean;
  /** In [0, 1); for tests. */
  readonly random?: () => number;
  /** How many seconds pass here for one of the clock; more than 1 only in simulations. */
  readonly timeScale?: number;
}

interface Due {
  /** Milliseconds of the monotonic clock. */
  readonly deadline: number;
  readonly urgency: Urgency;
}

/** Whoever wants to go on so soon is in the middle of something that somebody waits for. */
const longestAskedPauseSeconds = 5;

export class WorkQueue {
  readonly #pauses: BackOff;
  readonly #random: () => number;
  readonly #timeScale: number;
  readonly #parkAfterSeconds: number;
  readonly #isSlow: (key: string) => boolean;
  readonly #floor: LookFloor;
  /** Due later, each with its timer. */
  readonly #scheduled = new Map<string, Due & { readonly cancel: () => void }>();
  /** Due now, and in work. */
  readonly #order: FairOrder;
  /** What was requested while the key was in work. */
  readonly #again = new Map<string, Due>();
  /** Of work that has not been parked. */
  readonly #parking = new Map<string, NodeJS.Timeout>();
  /** Keys that wait, and move up later; with milliseconds of the monotonic clock. */
  readonly #moving = new Map<string, { readonly deadline: number; readonly cancel: () => void }>();
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
    this.#parkAfterSeconds = options.parkAfterSeconds ?? 2;
    this.#isSlow = options.isSlow ?? (() => false);
    this.#floor = new LookFloor((options.floorSeconds ?? 1) / this.#timeScale);
  }

  /** Keys that are due and not yet taken. */
  get depth(): number {
    return this.#order.waiting;
  }

  /** Of these, the ones in a line. */
  depthOf(line: Line): number {
    return this.#order.waitingIn(line);
  }

  /**
   * Makes a key due in `afterSeconds`; a key that is due earlier keeps its time, and one that was asked for
   * stays so.
   */
  add(key: string, afterSeconds = 0, urgency = urgencyOf(afterSeconds)): void {
    this.#add(key, { deadline: this.#later(afterSeconds), urgency });
  }

  /** As `add`, because of something outside. It may happen often, so there is a floor between the looks. */
  wake(key: string, afterSeconds = 0): void {
    const deadline = Math.max(this.#later(afterSeconds), this.#floor.nextLook(key, performance.now()));
    this.#add(key, { deadline, urgency: 'Asked' });
  }

  /**
   * Adds a key after a failure, with growing pauses; returns the pause in seconds.
   * @param shortestSeconds such as a busy server asks for
   */
  addAfterFailure(key: string, shortestSeconds = 0): number {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    const pause = Math.max(shortestSeconds * 2, pauseSeconds(this.#pauses, failures));
    const afterSeconds = spread(pause, [0.5, 1], this.#random);
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
    return this.#next() ?? new Promise((resolve) => this.#takers.push(resolve));
  }

  /** Ends the work on a taken key. */
  done(key: string): void {
    clearTimeout(this.#parking.get(key));
    this.#parking.delete(key);
    this.#order.done(key);
    const again = this.#again.get(key);
    if (again !== undefined) {
      this.#again.delete(key);
      this.#add(key, again);
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
    for (const timer of this.#parking.values()) clearTimeout(timer);
    for (const { cancel } of this.#moving.values()) cancel();
    this.#moving.clear();
    this.#parking.clear();
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }

  #later(afterSeconds: number): number {
    return performance.now() + (Math.max(0, afterSeconds) * 1000) / this.#timeScale;
  }

  #add(key: string, due: Due): void {
    if (this.#closed) return;
    if (this.#order.isInWork(key)) {
      this.#again.set(key, merged(due, this.#again.get(key)));
      return;
    }
    if (this.#order.isWaiting(key)) {
      if (due.urgency === 'Asked') this.#moveUp(key, due.deadline);
      return;
    }
    const scheduled = this.#scheduled.get(key);
    const { deadline, urgency } = merged(due, scheduled);
    scheduled?.cancel();
    this.#scheduled.delete(key);
    const pause = deadline - performance.now();
    if (pause <= 0) {
      this.#makeReady(key, urgency);
      return;
    }
    const cancel = setTimeoutLong(() => {
      this.#scheduled.delete(key);
      this.#makeReady(key, urgency);
    }, pause);
    this.#scheduled.set(key, { deadline, urgency, cancel });
  }

  /** Whoever is woken with many others moves up in turn, or comes to its look before. */
  #moveUp(key: string, deadline: number): void {
    const before = this.#moving.get(key);
    if (before !== undefined && before.deadline <= deadline) return;
    before?.cancel();
    this.#moving.delete(key);
    const pause = deadline - performance.now();
    if (pause <= 0) {
      this.#order.ask(key);
      this.#handOut();
      return;
    }
    const cancel = setTimeoutLong(() => {
      this.#moving.delete(key);
      this.#order.ask(key);
      this.#handOut();
    }, pause);
    this.#moving.set(key, { deadline, cancel });
  }

  #makeReady(key: string, urgency: Urgency): void {
    this.#order.add(key, this.#isSlow(key) ? `${urgency}Slow` : urgency);
    this.#handOut();
  }

  #next(): string | undefined {
    const key = this.#order.take();
    if (key === undefined) return undefined;
    this.#floor.looked(key, performance.now());
    this.#moving.get(key)?.cancel();
    this.#moving.delete(key);
    const park = (): void => {
      this.#parking.delete(key);
      this.#order.park(key);
      this.#handOut();
    };
    this.#parking.set(key, setTimeout(park, (this.#parkAfterSeconds * 1000) / this.#timeScale));
    return key;
  }

  #handOut(): void {
    while (this.#takers.length > 0) {
      const key = this.#next();
      if (key === undefined) return;
      this.#takers.shift()?.(key);
    }
  }
}

function urgencyOf(afterSeconds: number): Urgency {
  return afterSeconds <= longestAskedPauseSeconds ? 'Asked' : 'Periodic';
}

/** The earlier deadline wins, and what was asked for stays so. */
function merged(due: Due, other: Due | undefined): Due {
  if (other === undefined) return due;
  return {
    deadline: Math.min(due.deadline, other.deadline),
    urgency: due.urgency === 'Asked' ? 'Asked' : other.urgency,
  };
}
