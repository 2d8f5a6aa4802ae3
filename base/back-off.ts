/** How long to wait before something that failed is tried again; pure. The figures belong to whoever waits. */

/** The first pause, doubled with each further failure up to the longest. */
export interface BackOff {
  readonly firstSeconds: number;
  readonly longestSeconds: number;
}

/** @param failures so far; none counts as one. @returns seconds, without chance */
export function pauseSeconds({ firstSeconds, longestSeconds }: BackOff, failures: number): number {
  return Math.min(longestSeconds, firstSeconds * 2 ** Math.max(0, failures - 1));
}

/**
 * Many things that failed together, or were started together, must not come back together.
 * @param random in [0, 1)
 * @returns a time between these two shares of the given one
 */
export function spread(seconds: number, [from, to]: readonly [number, number], random: () => number): number {
  return seconds * (from + (to - from) * random());
}
