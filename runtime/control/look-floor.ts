/**
 * When an object that is woken may be looked at: a few looks at once, then one each second or so. Whoever
 * changes an object 20 times a second gets a look at the last change all the same.
 */

/** So many looks may come at once. */
const burst = 3;

export class LookFloor {
  readonly #floor: number;
  /**
   * By key, in the order of the last looks: milliseconds at which the looks so far would have been over, had
   * each taken the time of one floor. What lies in the past is forgotten.
   */
  readonly #owed = new Map<string, number>();

  constructor(seconds: number) {
    this.#floor = seconds * 1000;
  }

  /** Counts a look. @param now milliseconds */
  looked(key: string, now: number): void {
    const owed = Math.max(now, this.#owed.get(key) ?? now) + this.#floor;
    this.#owed.delete(key);
    // More looks than that are the object's own doing, and make a wake wait no longer.
    this.#owed.set(key, Math.min(owed, now + burst * this.#floor));
    for (const [other, time] of this.#owed) {
      if (time > now) break;
      this.#owed.delete(other);
    }
  }

  /** @returns milliseconds at which the key may be looked at; `now` or later */
  nextLook(key: string, now: number): number {
    return Math.max(now, (this.#owed.get(key) ?? now) - (burst - 1) * this.#floor);
  }
}
