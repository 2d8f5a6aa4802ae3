/**
 * Hands items from several producers to one consumer. Producers wait while it is full, so nothing piles up.
 */
export class Handover<T> {
  readonly #items: T[] = [];
  readonly #limit: number;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #wakeConsumer: (() => void) | undefined;
  #wakeProducers: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  async put(item: T): Promise<void> {
    while (this.#items.length >= this.#limit && !this.#ended)
      await new Promise<void>((resolve) => this.#wakeProducers.push(resolve));
    if (this.#ended) return;
    this.#items.push(item);
    this.#wakeConsumer?.();
  }

  /** The consumer gets the remaining items, then the end or the error. */
  end(failure?: { readonly error: unknown }): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    this.#wakeConsumer?.();
    this.#release();
  }

  async *take(): AsyncGenerator<T, void, undefined> {
    try {
      for (;;) {
        while (this.#items.length > 0) {
          const item = this.#items.shift() as T;
          if (this.#items.length < this.#limit) this.#release();
          yield item;
        }
        if (this.#failure !== undefined) throw this.#failure.error;
        if (this.#ended) return;
        await new Promise<void>((resolve) => (this.#wakeConsumer = resolve));
        this.#wakeConsumer = undefined;
      }
    } finally {
      this.end();
    }
  }

  #release(): void {
    for (const wake of this.#wakeProducers.splice(0)) wake();
  }
}
