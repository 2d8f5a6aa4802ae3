import { expect, it } from 'vitest';
import { monthOf, secondsByMonth } from './months.ts';

it('a time lies in a month of UTC', () => expect(monthOf('2026-12-01T00:30:00+01:00')).toBe('2026-11'));

it.each([
  ['within a month', '2026-11-03T10:00:00Z', '2026-11-03T10:01:30Z', [['2026-11', 90]]],
  [
    'over the end of a year',
    '2026-12-31T23:59:00Z',
    '2027-01-01T00:02:00Z',
    [
      ['2026-12', 60],
      ['2027-01', 120],
    ],
  ],
  [
    'over a whole month',
    '2026-01-31T23:59:59Z',
    '2026-03-01T00:00:01Z',
    [
      ['2026-01', 1],
      ['2026-02', 28 * 86_400],
      ['2026-03', 1],
    ],
  ],
  ['none, when the clock was put back', '2026-11-03T10:00:00Z', '2026-11-03T09:00:00Z', []],
])('seconds %s', (_, from, to, parts) => expect(secondsByMonth(from, to)).toEqual(parts));
