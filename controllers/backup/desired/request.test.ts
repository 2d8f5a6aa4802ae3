import { describe, expect, test } from 'vitest';
import { defaultLimits } from './limits.ts';
import { grantSeconds } from './request.ts';
import { aBackup } from '../testing.ts';

const hour = 3600;
const lasted = (hours: number) => ({
  startTime: '2026-03-01T00:00:00Z',
  endTime: new Date(Date.parse('2026-03-01T00:00:00Z') + hours * hour * 1000).toISOString(),
});

describe('the right to write lasts', () => {
  test.each([
    ['four times as long as the last backup took', 1, lasted(2), 8 * hour],
    ['an hour at least', 1, lasted(0.01), hour],
    ['the window at most', 1, lasted(7), 12 * hour],
    ['the window when no backup says what is needed', 1, undefined, 12 * hour],
    ['the whole window of a second try', 2, lasted(0.01), 24 * hour],
    ['an hour when the last backup ended before it began', 1, lasted(-1), hour],
  ] as const)('%s', (_what, attempt, last, expected) => {
    expect(grantSeconds(aBackup({ attempt }), defaultLimits, last)).toBe(expected);
  });
});
