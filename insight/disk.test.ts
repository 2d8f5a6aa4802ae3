import { expect, it } from 'vitest';
import { aStack } from '../controllers/stack/testing.ts';
import type { JtelStackStatus } from '../crds/index.ts';
import { diskDaysLeft } from './disk.ts';

const now = new Date('2026-03-15T00:00:00Z');

function daysLeft(
  free: number,
  marks: readonly (readonly [day: string, free: number])[],
  reachable: 'True' | 'False' = 'True',
): number | undefined {
  const time = '2026-03-01T00:00:00Z';
  const status: JtelStackStatus = {
    conditions: [
      {
        type: 'HostReachable',
        status: reachable,
        reason: 'HostReachable',
        message: '',
        lastTransitionTime: time,
      },
    ],
    host: {
      diskFreeBytes: free,
      diskMarks: marks.map(([day, freeBytes]) => ({ time: `2026-03-${day}T00:00:00Z`, freeBytes })),
    },
  };
  return diskDaysLeft(aStack({}, {}, status), now);
}

it.each([
  ['that lost 10 a day for a week has as many days as tens', 30, [['08', 100]], 3],
  [
    'is judged by the older mark',
    20,
    [
      ['12', 30],
      ['05', 120],
    ],
    2,
  ],
  ['that was not seen for three days has none yet', 10, [['13', 100]], undefined],
  ['that does not fill up has none', 100, [['05', 100]], undefined],
  ['that got emptier has none', 120, [['05', 100]], undefined],
  ['that fills up within years only has none', 1000, [['05', 1001]], undefined],
  ['that nobody looked at has none', 100, [], undefined],
] as const)('a disk %s', (_, free, marks, expected) => expect(daysLeft(free, marks)).toBe(expected));

it('of a host that does not answer, nothing is foretold', () =>
  expect(daysLeft(30, [['08', 100]], 'False')).toBeUndefined());
