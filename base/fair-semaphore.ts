/** Bounds how many of a thing are under way, as `Semaphore` does, but no namespace takes all places. */
import { FairOrder } from './fair-order.ts';

export class FairSemaphore {
  readonly #order: FairOrder;
  readonly #granted = new Map<string, () => void>();
  #count = 0;

  constructor(permits: number) {
    this.#order = new FairOrder(permits);
  }

  /** @returns how many wait. */
  get waiting(): number {
    return this.#order.waiting;
  }

  /** Runs the work when its turn has come. @throws the signal's reason when it is aborted while waiting. */
  async run<T>(namespace: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    this.#count += 1;
    const key = `${namespace}/${this.#count}`;
    const turn = Promise.withResolvers<void>();
    const aborted = (): void => turn.reject(signal.reason);
    signal.addEventListener('abort', aborted, { once: true });
    this.#granted.set(key, turn.resolve);
    this.#order.add(key);
    this.#next();
    try {
      await turn.promise;
      return await work();
    } finally {
      signal.removeEventListener('abort', aborted);
      this.#granted.delete(key);
      this.#order.remove(key);
      this.#order.done(key);
      this.#next();
    }
  }

  #next(): void {
    for (let key = this.#order.take(); key !== undefined; key = this.#order.take())
      this.#granted.get(key)?.();
  }
}
