/** Metrics of each channel: how far its release is. */
import { conditionMetrics, fromBoolean, ofChannel, type BusinessMetric } from './model.ts';

const parts = ['updated', 'running', 'failed', 'waitingForWindow', 'waiting', 'aside'] as const;

export const channelMetrics: readonly BusinessMetric[] = [
  ofChannel(
    'info',
    'Always 1; the release that the channel is about',
    ({ spec }) => [{ labels: { version: spec.version }, value: 1 }],
    ['version'],
  ),
  ofChannel('paused', '1 while nothing new begins', ({ spec }) => fromBoolean(spec.paused)),
  ofChannel('turns', 'Stacks that may be updated now, or are', ({ status }) => status?.turns?.length),
  ofChannel(
    'stacks',
    'Stacks of each wave, by how they stand towards the release',
    ({ status }) =>
      (status?.waves ?? []).flatMap((wave) =>
        parts.map((standing) => ({ labels: { wave: wave.name, standing }, value: wave[standing] })),
      ),
    ['wave', 'standing'],
  ),
  ...conditionMetrics(ofChannel, ({ status }) => status?.conditions),
];
