/** Releases compare as three numbers: main, minor, patch. */

/**
 * @returns a negative number if `left` is older, 0 if equal.
 * @throws {Error} for anything but three numbers.
 */
export function compareReleases(left: string, right: string): number {
  const a = numbers(left);
  const b = numbers(right);
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function numbers(release: string): readonly number[] {
  if (!/^\d{1,6}\.\d{1,6}\.\d{1,6}$/.test(release))
    throw new Error(`${JSON.stringify(release)} is no release such as 3.43.1`);
  return release.split('.').map(Number);
}
