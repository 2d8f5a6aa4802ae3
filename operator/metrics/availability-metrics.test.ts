import { expect, it } from 'vitest';
import { aStack } from '../../controllers/stack/testing.ts';
import type { JtelStackStatus } from '../../crds/index.ts';
import { availabilityMetrics } from './availability-metrics.ts';

/** `metric month value`, without the name of the stack. */
function told(availability: JtelStackStatus['availability']): readonly string[] {
  const stack = aStack({}, {}, availability === undefined ? {} : { availability });
  return availabilityMetrics.flatMap(({ name, samples }) =>
    samples({ stacks: [{ stack, backups: [], restores: [] }], stores: [] }).map(
      ({ labels: { month = '' }, value }) => `${name.replace('jtel_stack_', '')} ${month} ${value}`,
    ),
  );
}

const countedSince = '2026-10-01T00:00:00Z';
const seconds = (time: string): number => Date.parse(time) / 1000;

it('down time is told by month, and what lasts still by its beginning', () => {
  const downSince = '2026-12-01T00:00:00Z';
  const months = [
    { month: '2026-11', downSeconds: 241, unknownSeconds: 60 },
    { month: '2026-10', downSeconds: 5 },
  ];
  expect(told({ countedSince, downSince, months })).toEqual([
    'down_seconds 2026-11 241',
    'down_seconds 2026-10 5',
    `down_start_timestamp_seconds  ${seconds(downSince)}`,
    'unknown_seconds 2026-11 60',
    `counted_start_timestamp_seconds  ${seconds(countedSince)}`,
  ]);
});

it('a stack without down time has only the time since when it is counted, and a new one nothing', () => {
  expect(told({ countedSince })).toEqual([`counted_start_timestamp_seconds  ${seconds(countedSince)}`]);
  expect(told(undefined)).toEqual([]);
});
