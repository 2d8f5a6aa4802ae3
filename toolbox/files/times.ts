/** Times of files, which may lie before 1970. */

/** Whole seconds since 1970, never later than the time itself. */
export function floorSeconds(nanoseconds: bigint): number {
  const seconds = Number(nanoseconds / 1_000_000_000n);
  return nanoseconds < 0n && nanoseconds % 1_000_000_000n !== 0n ? seconds - 1 : seconds;
}

/** For calls of Node's `fs`, which reads a negative number as now. */
export function timeOf(seconds: number): Date {
  return new Date(seconds * 1000);
}
