/**
 * What each owner may take of something that all share: much at once, and a small share of the time in the long run.
 * Whoever has taken more waits until that share has caught up, also when nobody else wants anything: what is shared may
 * be a processor that others need for other things.
 */
export interface AllowanceOptions {
  /** Milliseconds of work that are had at once. */
  readonly atOnce: number;
  /** Of the time, after that. */
  readonly share: number;
}

export class Allowance {
  readonly #options: AllowanceOptions;
  /**
   * By owner, in the order of their last work: milliseconds of the clock at which its share has caught up with all that
   * it took. What lies in the past is forgotten.
   */
  readonly #paid = new Map<string, number>();

  constructor(options: AllowanceOptions) {
    this.#options = options;
  }

  /** @param milliseconds of work that was done @param now milliseconds of the clock */
  spend(owner: string, milliseconds: number, now: number): void {
    if (milliseconds <= 0) return;
    const paid = Math.max(now, this.#paid.get(owner) ?? now) + milliseconds / this.#options.share;
    this.#paid.delete(owner);
    this.#paid.set(owner, paid);
    for (const [other, time] of this.#paid) {
      if (time > now) break;
      this.#paid.delete(other);
    }
  }

  /** @returns milliseconds of the clock at which the owner may have more; `now` or later */
  next(owner: string, now: number): number {
    const { atOnce, share } = this.#options;
    return Math.max(now, (this.#paid.get(owner) ?? now) - atOnce / share);
  }
}
