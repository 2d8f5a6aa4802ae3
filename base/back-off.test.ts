import { describe, expect, it } from 'vitest';
import { pauseSeconds, spread } from './back-off.ts';

const backOff = { firstSeconds: 2, longestSeconds: 300 };

describe('a back-off', () => {
  it.each([
    [0, 2],
    [1, 2],
    [2, 4],
    [8, 256],
    [9, 300],
    // Double precision ends at 2 ** 1024.
    [5_000, 300],
  ])('after %i failures pauses for %i s', (failures, seconds) => {
    expect(pauseSeconds(backOff, failures)).toBe(seconds);
  });

  it.each([
    [0, 75],
    [0.5, 100],
    [0.999, 124.95],
  ])('is spread by chance within its bounds (%f)', (random, seconds) => {
    expect(spread(100, [0.75, 1.25], () => random)).toBeCloseTo(seconds);
  });
});
