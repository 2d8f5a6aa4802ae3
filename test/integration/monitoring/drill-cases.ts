/** The situations that a drill is in. */
import { steady, type AlertCase, type Series } from './alert-case.ts';

const on = (metric: string, labels = ''): string => `jtel_drill_${metric}{name="nightly"${labels}}`;
const daySeconds = 86_400;
const dayMinutes = 1440;

/** One that promises a test within seven days, and made the last one of each stack an hour before it was looked at. */
const inTime: Series = {
  [on('creation_timestamp_seconds')]: steady(-100 * daySeconds),
  [on('test_within_seconds')]: steady(7 * daySeconds),
  [on('stacks', ',of="all"')]: steady(40),
  [on('oldest_test_timestamp_seconds')]: steady(-3600),
};

const stalled = (reason: string): Series => ({
  [on('condition', `,condition="Stalled",status="True",reason="${reason}"`)]: steady(1),
  [on('condition_last_transition_timestamp_seconds', ',condition="Stalled"')]: steady(-3600),
});

const overdue: Series = { ...inTime, [on('oldest_test_timestamp_seconds')]: steady(-8 * daySeconds) };
const { [on('oldest_test_timestamp_seconds')]: _, ...neverTested } = inTime;

export const drillCases: readonly AlertCase[] = [
  { when: 'a drill tests every backup in time', series: inTime, fires: [], after: dayMinutes + 60 },
  {
    when: 'a backup of a stack failed its test',
    series: { ...inTime, ...stalled('DrillFailed') },
    fires: ['JtelDrillFailing'],
    after: 60,
    says: {
      customer: 'drill nightly',
      summary: 'Backups are not tested as they should be, or one could not be restored: DrillFailed',
      since: '1969-12-31 23:00 UTC',
    },
  },
  {
    when: 'the last test of a stack is too long ago',
    series: overdue,
    fires: ['JtelDrillBehind'],
    after: dayMinutes + 60,
    says: {
      customer: 'drill nightly',
      summary: 'Backups of a stack were not tested for longer than the drill promises',
      since: '1969-12-24 00:00 UTC',
    },
  },
  {
    when: 'a stack was never tested, although the drill has had the time for it',
    series: neverTested,
    fires: ['JtelDrillBehind'],
    after: dayMinutes + 60,
  },
  {
    when: 'a stack was never tested, and the drill is new',
    series: { ...neverTested, [on('creation_timestamp_seconds')]: steady(-3600) },
    fires: [],
    after: dayMinutes + 60,
  },
  {
    when: 'a drill is behind because its host is away: that is told once',
    series: { ...overdue, ...stalled('DrillHostUnreachable') },
    fires: ['JtelDrillFailing'],
    after: dayMinutes + 60,
  },
  {
    when: 'a drill has nothing to test',
    series: { ...neverTested, [on('stacks', ',of="all"')]: steady(0) },
    fires: [],
    after: dayMinutes + 60,
  },
];
