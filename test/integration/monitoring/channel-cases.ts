/** The situations that a channel is in. */
import { steady, type AlertCase, type Series } from './alert-case.ts';

const on = (metric: string, labels: string): string => `jtel_channel_${metric}{name="stable",${labels}}`;

const stalled = (reason: string): Series => ({
  [on('condition', `condition="Stalled",status="True",reason="${reason}"`)]: steady(1),
  [on('condition_last_transition_timestamp_seconds', 'condition="Stalled"')]: steady(-3600),
});

const says = {
  customer: 'channel stable',
  summary: 'The channel gives its release to no further stack: TooManyFailures',
  since: '1969-12-31 23:00 UTC',
};

export const channelCases: readonly AlertCase[] = [
  {
    when: 'too many updates of a channel failed',
    series: stalled('TooManyFailures'),
    fires: ['JtelChannelStopped'],
    after: 60,
    says,
  },
  {
    when: 'no stack of a wave could be updated',
    series: stalled('WaveUnproven'),
    fires: ['JtelChannelStopped'],
    after: 60,
  },
  {
    when: 'a channel is paused',
    series: {
      'jtel_channel_paused{name="stable"}': steady(1),
      [on('condition', 'condition="Reconciling",status="True",reason="ChannelPaused"')]: steady(1),
      [on('condition_last_transition_timestamp_seconds', 'condition="Reconciling"')]: steady(-3600),
    },
    fires: [],
    after: 60,
  },
];
