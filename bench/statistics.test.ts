import { describe, expect, test } from 'vitest';
import { formatValue, percentile, sampleOf } from './statistics.ts';

describe('a sample', () => {
  test('of an odd number of runs has the middle one as its median, whatever their order', () => {
    expect(sampleOf([9, 1, 5, 100, 4])).toEqual({ median: 5, min: 1, max: 100 });
  });

  test('of an even number of runs has the mean of the middle two', () => {
    expect(sampleOf([4, 1, 3, 2]).median).toBe(2.5);
  });

  test('of one run is that run', () => {
    expect(sampleOf([7])).toEqual({ median: 7, min: 7, max: 7 });
  });

  test('is refused when a run gave no number, or there was none', () => {
    expect(() => sampleOf([])).toThrow('no measured values');
    expect(() => sampleOf([1, Number.NaN])).toThrow('is not a number');
  });

  test('does not sort as text, and leaves the values as they were', () => {
    const values = [10, 9, 100];
    expect(sampleOf(values).median).toBe(10);
    expect(values).toEqual([10, 9, 100]);
  });
});

describe('a percentile', () => {
  const hundred = Array.from({ length: 101 }, (_, index) => index);

  test.for([
    [0, 0],
    [50, 50],
    [99, 99],
    [100, 100],
  ] as const)('%i of 0 to 100 is %i', ([percent, expected]) => {
    expect(percentile(hundred, percent)).toBe(expected);
  });

  test('between two values is interpolated', () => {
    expect(percentile([0, 10], 99)).toBeCloseTo(9.9);
  });

  test('outside of 0 to 100 is refused', () => {
    expect(() => percentile([1], 101)).toThrow('not between');
  });
});

test.for([
  [1234.5, '1235'],
  [12.345, '12.3'],
  [0.012345, '0.0123'],
  [0, '0'],
  [-3.14159, '-3.14'],
] as const)('%f is shown as %s', ([value, text]) => {
  expect(formatValue(value)).toBe(text);
});
