/** Answers that are kept for a moment, so that a page that asks often does not ask the API server as often. */

/** Rights that were taken away hold at most this long. */
export const keptSeconds = 30;

interface Kept<T> {
  readonly value: Promise<T>;
  readonly until: number;
}

export class Cached<T> {
  readonly #kept = new Map<string, Kept<T>>();
  readonly #most: number;
  readonly #now: () => number;

  /**
   * @param most as many answers are kept; the oldest goes first
   * @param now in milliseconds
   */
  constructor(most: number, now: () => number) {
    this.#most = most;
    this.#now = now;
  }

  /** The kept answer, or that of `ask`. A failure is not kept. */
  async get(key: string, ask: () => Promise<T>): Promise<T> {
    const kept = this.#kept.get(key);
    if (kept !== undefined && kept.until > this.#now()) return await kept.value;
    this.#kept.delete(key);
    const value = ask();
    this.#kept.set(key, { value, until: this.#now() + keptSeconds * 1000 });
    for (const [oldest] of this.#kept) {
      if (this.#kept.size <= this.#most) break;
      this.#kept.delete(oldest);
    }
    try {
      return await value;
    } catch (error) {
      if (this.#kept.get(key)?.value === value) this.#kept.delete(key);
      throw error;
    }
  }
}
