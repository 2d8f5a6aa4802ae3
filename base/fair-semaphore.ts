/** Bounds how many of a thing are under way, as `Semaphore` does, but no namespace takes all places. */
import { FairOrder } from './fair-order.ts';

export interface FairSemaphoreOptions {
  /**
   * Who takes longer has a place elsewhere from then on, and gives this one to others. Without it, work keeps
   * its place to the end.
   */
  readonly parkAfterSeconds?: number;
}

export class FairSemaphore {
  readonly #order: FairOrder;
  readonly #parkAfterSeconds: number | undefined;
  readonly #granted = new Map<string, () => void>();
  #count = 0;

  constructor(permits: number, { parkAfterSeconds }: FairSemaphoreOptions = {}) {
    this.#order = new FairOrder(permits);
    this.#parkAfterSeconds = parkAfterSeconds;
  }

  /** @returns how many wait. */
  get waiting(): number {
    return this.#order.waiting;
  }

  /**
   * Runs the work when its turn has come.
   * @param isSlow whether the last of its kind waited in vain. Such work has few of the places.
   * @throws the signal's reason when it is aborted while waiting.
   */
  async run<T>(namespace: string, signal: AbortSignal, work: () => Promise<T>, isSlow = false): Promise<T> {
    signal.throwIfAborted();
    this.#count += 1;
    const key = `${namespace}/${this.#count}`;
    const turn = Promise.withResolvers<void>();
    const aborted = (): void => turn.reject(signal.reason);
    signal.addEventListener('abort', aborted, { once: true });
    this.#granted.set(key, turn.resolve);
    this.#order.add(key, isSlow ? 'AskedSlow' : 'Asked');
    this.#next();
    let parking: NodeJS.Timeout | undefined;
    try {
      await turn.promise;
      if (this.#parkAfterSeconds !== undefined)
        parking = setTimeout(() => this.#park(key), this.#parkAfterSeconds * 1000);
      return await work();
    } finally {
      clearTimeout(parking);
      signal.removeEventListener('abort', aborted);
      this.#granted.delete(key);
      this.#order.remove(key);
      this.#order.done(key);
      this.#next();
    }
  }

  #park(key: string): void {
    this.#order.park(key);
    this.#next();
  }

  #next(): void {
    for (let key = this.#order.take(); key !== undefined; key = this.#order.take())
      this.#granted.get(key)?.();
  }
}
