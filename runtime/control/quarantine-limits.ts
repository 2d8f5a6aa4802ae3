/** When an object is put aside, and when it is tried again. Pure. */

export interface QuarantineLimits {
  /** So many failures in a row put an object aside. */
  readonly failures: number;
  /** So many looks may come at once … */
  readonly burst: number;
  /** … and so many in the long run. */
  readonly looksPerSecond: number;
  readonly firstPauseSeconds: number;
  /** Between tries of an object whose looks do not end: its own doing. */
  readonly longestPauseSeconds: number;
  /** Between tries of an object whose looks fail. Whatever they need may come back, for all of them at once. */
  readonly longestFailurePauseSeconds: number;
  /** So many looks may come at once while an object that was put aside is tried. */
  readonly looksInTry: number;
  /** A try that has lasted so long without trouble ends the quarantine. */
  readonly calmSeconds: number;
}

/** A stack that is being installed is looked at once a second for twenty minutes, and now and then more often. */
export const usualLimits: QuarantineLimits = {
  failures: 6,
  burst: 600,
  looksPerSecond: 2,
  firstPauseSeconds: 30,
  longestPauseSeconds: 3600,
  longestFailurePauseSeconds: 300,
  looksInTry: 20,
  calmSeconds: 60,
};

/**
 * The first time after `now` at which an object may be tried that was put aside at `since`: the pauses between these
 * times double up to the longest.
 */
export function nextTry(
  since: Date,
  now: Date,
  {
    firstPauseSeconds,
    longestPauseSeconds,
  }: Pick<QuarantineLimits, 'firstPauseSeconds' | 'longestPauseSeconds'>,
): Date {
  // Somebody else's clock may have been ahead.
  let time = Math.min(since.getTime() || now.getTime(), now.getTime());
  let pause = firstPauseSeconds * 1000;
  const longest = longestPauseSeconds * 1000;
  for (time += pause; time <= now.getTime(); time += pause) {
    if (pause === longest) return new Date(now.getTime() + longest - ((now.getTime() - time) % longest));
    pause = Math.min(longest, pause * 2);
  }
  return new Date(time);
}

/** How often an object may still be looked at: a bucket that fills up again. */
export class LookBudget {
  readonly #limits: Pick<QuarantineLimits, 'burst' | 'looksPerSecond'>;
  #looks: number;
  #time: number;

  constructor(limits: Pick<QuarantineLimits, 'burst' | 'looksPerSecond'>, now: Date) {
    this.#limits = limits;
    this.#looks = limits.burst;
    this.#time = now.getTime();
  }

  /** @returns whether one more look is allowed; it is counted */
  take(now: Date): boolean {
    const { burst, looksPerSecond } = this.#limits;
    const seconds = Math.max(0, now.getTime() - this.#time) / 1000;
    this.#time = now.getTime();
    this.#looks = Math.min(burst, this.#looks + seconds * looksPerSecond);
    if (this.#looks < 1) return false;
    this.#looks -= 1;
    return true;
  }

  /** Leaves so many looks. */
  limit(looks: number): void {
    this.#looks = looks;
  }
}
