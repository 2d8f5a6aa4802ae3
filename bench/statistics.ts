/**
 * Statistics of repeated runs: the median, because one slow run on a busy machine says nothing, and the span
 * as the noise.
 */

export interface Sample {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** @throws if there is no value, or one that is not a number: a broken run must not become a figure. */
export function sampleOf(values: readonly number[]): Sample {
  const sorted = sortedOf(values);
  return { median: quantile(sorted, 0.5), min: quantile(sorted, 0), max: quantile(sorted, 1) };
}

/** @param percent 0 to 100, e.g. 99; interpolated between two values. */
export function percentile(values: readonly number[], percent: number): number {
  if (!(percent >= 0 && percent <= 100))
    throw new RangeError(`percentile ${percent} is not between 0 and 100`);
  return quantile(sortedOf(values), percent / 100);
}

function sortedOf(values: readonly number[]): readonly number[] {
  if (values.length === 0) throw new RangeError('no measured values');
  const bad = values.find((value) => !Number.isFinite(value));
  if (bad !== undefined) throw new RangeError(`measured value ${bad} is not a number`);
  return values.toSorted((a, b) => a - b);
}

function quantile(sorted: readonly number[], share: number): number {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.ceil(position)] ?? Number.NaN;
  return low + (high - low) * (position - below);
}

/** Three significant digits, because the measurement has no more: `1234`, `12.3`, `0.0123`. */
export function formatValue(value: number): string {
  if (value === 0) return '0';
  const digits = Math.floor(Math.log10(Math.abs(value))) + 1;
  return value.toFixed(Math.min(6, Math.max(0, 3 - digits)));
}
