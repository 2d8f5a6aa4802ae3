import { expect, it } from 'vitest';
import { aStack } from '../controllers/stack/testing.ts';
import type { JtelStackStatus } from '../crds/index.ts';
import { downTimes } from './available.ts';
import { factsOf } from './facts.ts';

const now = new Date('2026-12-01T00:10:00Z');
const counting = (availability: JtelStackStatus['availability']) =>
  aStack({}, {}, availability === undefined ? {} : { availability });
const countedSince = '2026-10-01T00:00:00Z';

it('nothing is said of a stack that was never counted', () =>
  expect(downTimes(counting(undefined), now)).toEqual([]));

it('a stack that was never down has none this month', () =>
  expect(downTimes(counting({ countedSince }), now)).toEqual([
    { month: '2026-12', downSeconds: 0, unknownSeconds: 0 },
  ]));

it('what is not over yet counts, in each month that it lasts', () => {
  const stack = counting({
    countedSince,
    downSince: '2026-11-30T23:55:00Z',
    months: [
      { month: '2026-11', downSeconds: 60, unknownSeconds: 7 },
      { month: '2026-10', downSeconds: 1 },
    ],
  });
  expect(downTimes(stack, now)).toEqual([
    { month: '2026-12', downSeconds: 600, unknownSeconds: 0 },
    { month: '2026-11', downSeconds: 360, unknownSeconds: 7 },
    { month: '2026-10', downSeconds: 1, unknownSeconds: 0 },
  ]);
  expect(factsOf(stack, now)).toContainEqual([
    'Down time',
    '2026-12 10m, 2026-11 6m (and 7s in which nobody knew)',
  ]);
});
