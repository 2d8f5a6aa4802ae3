/** Metrics of each drill: how much of the fleet is tested, and how long that takes. */
import { conditionMetrics, ofDrill, secondsOf, type BusinessMetric } from './model.ts';

export const drillMetrics: readonly BusinessMetric[] = [
  ofDrill(
    'stacks',
    'Stacks with a backup: all, those tested in time, those whose last test failed, those whose newest backup waits',
    ({ status }) =>
      (['stacks', 'tested', 'failed', 'waiting'] as const).flatMap((of) => {
        const value = status?.[of];
        return value === undefined ? [] : [{ labels: { of: of === 'stacks' ? 'all' : of }, value }];
      }),
    ['of'],
  ),
  ofDrill('running_tests', 'Tests that run now', ({ status }) => status?.running),
  ofDrill('tests', 'Tests that ended since the drill was created', ({ status }) => status?.testsDone),
  ofDrill(
    'test_seconds',
    'How long a test takes, as the mean of the last ones',
    ({ status }) => status?.testSeconds,
  ),
  ofDrill(
    'cycle_hours',
    'Forecast of the time in which each stack is tested once',
    ({ status }) => status?.cycleHours,
  ),
  ofDrill(
    'oldest_test_timestamp_seconds',
    'When the last test of the stack ended whose last test is the longest ago; missing if one was never tested',
    ({ status }) => secondsOf(status?.oldest?.testTime),
  ),
  ofDrill('creation_timestamp_seconds', 'When the object was created', ({ metadata }) =>
    secondsOf(metadata.creationTimestamp),
  ),
  ofDrill(
    'test_within_seconds',
    'How old the last test of each stack may be',
    ({ spec }) => spec.testWithinDays * 86_400,
  ),
  ofDrill(
    'host_ready',
    '1 if tests can begin on the host',
    ({ status }) =>
      (status?.hosts ?? []).map(({ name, state }) => ({
        labels: { host: name },
        value: state === 'Ready' ? 1 : 0,
      })),
    ['host'],
  ),
  ...conditionMetrics(ofDrill, ({ status }) => status?.conditions),
];
