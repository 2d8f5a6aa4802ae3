/** How long to wait before something that failed is tried again. Pure. The callers have the figures. */

/** The first pause; each further failure doubles it, up to the longest. */
export interface BackOff {
  readonly firstSeconds: number;
  readonly longestSeconds: number;
}

/** @param failures so far; zero counts as one. @returns seconds, without randomness */
export function pauseSeconds({ firstSeconds, longestSeconds }: BackOff, failures: number): number {
  return Math.min(longestSeconds, firstSeconds * 2 ** Math.max(0, failures - 1));
}

/**
 * Things that failed or started together must not come back together.
 * @param random in [0, 1)
 * @returns a time between these two shares of the given one
 */
export function spread(seconds: number, [from, to]: readonly [number, number], random: () => number): number {
  return seconds * (from + (to - from) * random());
}
