/** Metrics of how long each stack did not serve: what its status counts, and since when what lasts still does. */
import type { JtelStackStatus } from '../../crds/index.ts';
import { ofStack, secondsOf, type BusinessMetric, type StackView } from './model.ts';

type Availability = NonNullable<JtelStackStatus['availability']>;

const counted = ({ stack }: StackView): Partial<Availability> => stack.status?.availability ?? {};

export const availabilityMetrics: readonly BusinessMetric[] = [
  ofStack(
    'down_seconds',
    'How long the stack did not serve in a month (13 at most, none without such a time), without what lasts still',
    (view) => byMonth(view, 'downSeconds'),
    ['month'],
  ),
  ofStack('down_start_timestamp_seconds', 'Since when the stack does not serve, as counted', (view) =>
    secondsOf(counted(view).downSince),
  ),
  ofStack(
    'unknown_seconds',
    'How long nobody knew in a month whether the stack served, without what lasts still',
    (view) => byMonth(view, 'unknownSeconds'),
    ['month'],
  ),
  ofStack(
    'unknown_start_timestamp_seconds',
    'Since when nobody knows whether the stack serves, as counted',
    (view) => secondsOf(counted(view).unknownSince),
  ),
  ofStack(
    'counted_start_timestamp_seconds',
    'Since when it is counted how long the stack does not serve',
    (view) => secondsOf(counted(view).countedSince),
  ),
];

function byMonth(
  view: StackView,
  what: 'downSeconds' | 'unknownSeconds',
): readonly { readonly labels: { month: string }; readonly value: number }[] {
  return (counted(view).months ?? []).flatMap(({ month, [what]: value }) =>
    value === undefined ? [] : [{ labels: { month }, value }],
  );
}
