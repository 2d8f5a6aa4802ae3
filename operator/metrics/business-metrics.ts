/**
 * Metrics of the business, computed from the caches at each scrape. Every replica has them, even one that
 * does not lead, and they are the same everywhere (docs/decisions/0037-metrics-from-objects.md).
 */
import { Gauge, type Registry } from '@prometheus-io/client';
import type { MetricFamily } from '../../runtime/report/metrics.ts';
import type { Caches } from '../caches.ts';
import { availabilityMetrics } from './availability-metrics.ts';
import { backupMetrics } from './backup-metrics.ts';
import { channelMetrics } from './channel-metrics.ts';
import { drillMetrics } from './drill-metrics.ts';
import type { BusinessMetric, Fleet, Sample } from './model.ts';
import { stackMetrics } from './stack-metrics.ts';
import { storeMetrics } from './store-metrics.ts';

const businessMetrics: readonly BusinessMetric[] = [
  ...stackMetrics,
  ...availabilityMetrics,
  ...backupMetrics,
  ...storeMetrics,
  ...channelMetrics,
  ...drillMetrics,
];

export const businessMetricFamilies: readonly MetricFamily[] = businessMetrics.map(
  ({ name, help, labelNames }) => ({ name, type: 'gauge', help, labelNames }),
);

/** Computes its values when it is read and keeps none: a fleet of 1,000 stacks has 50,000 series. */
class ObjectGauge extends Gauge<string> {
  readonly #help: string;
  readonly #name: string;
  readonly #values: () => readonly Sample[];

  constructor({ name, help, labelNames, samples }: BusinessMetric, fleet: () => Fleet) {
    super({ name, help, labelNames, registers: [] });
    this.#name = name;
    this.#help = help;
    this.#values = () => samples(fleet());
  }

  override get(): ReturnType<Gauge<string>['get']> {
    return Promise.resolve({
      name: this.#name,
      help: this.#help,
      type: 'gauge',
      aggregator: 'first',
      collect: () => undefined,
      values: [...this.#values()],
    });
  }
}

/** @param fleet called once for each metric at each scrape */
export function registerBusinessMetrics(registry: Registry, fleet: () => Fleet): void {
  for (const metric of businessMetrics) registry.registerMetric(new ObjectGauge(metric, fleet));
}

/**
 * The content of the caches. Nothing until all of them were read, because half a fleet would look like a
 * whole one.
 */
export function fleetFrom({ stacks, stores, backups, restores, channels, drills }: Caches): () => Fleet {
  const backupsOf = backups.index(({ metadata, spec }) => [`${metadata.namespace}/${spec.stackRef.name}`]);
  const restoresOf = restores.index(({ metadata, spec }) => [`${metadata.namespace}/${spec.stackRef.name}`]);
  return () => {
    if (![stacks, stores, backups, restores].every(({ synced }) => synced)) return { stacks: [], stores: [] };
    return {
      stacks: stacks.list().map((stack) => {
        const key = `${stack.metadata.namespace}/${stack.metadata.name}`;
        return { stack, backups: backupsOf.get(key), restores: restoresOf.get(key) };
      }),
      stores: stores.list(),
      ...(channels === undefined ? {} : { channels: channels.list() }),
      ...(drills === undefined ? {} : { drills: drills.list() }),
    };
  };
}
