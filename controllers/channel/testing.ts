/** Builders for tests of channels. */
import type { JtelChannel, JtelChannelSpec, JtelChannelStatus } from '../../crds/index.ts';
import { optional } from '../../base/optional.ts';

export { plan as planChannel } from './plan/plan.ts';
export { summarise as summariseChannel } from './report/status.ts';

/** A pilot by label, then all others. */
export function aChannel(spec: Partial<JtelChannelSpec> = {}, status?: JtelChannelStatus): JtelChannel {
  return {
    apiVersion: 'jtel.de/v1alpha1',
    kind: 'JtelChannel',
    metadata: {
      name: 'stable',
      uid: 'channel-uid',
      generation: 1,
      resourceVersion: '1',
    } as JtelChannel['metadata'],
    spec: {
      version: '3.43.1',
      waves: [
        { name: 'pilot', selector: { labels: [{ name: 'tier', value: 'pilot' }] } },
        { name: 'rest', percent: 100 },
      ],
      soakMinutes: 0,
      maxUnavailable: 1,
      maxFailures: 0,
      gates: {},
      paused: false,
      ...spec,
    },
    ...optional({ status }),
  };
}
