/** What controllers share that see the whole fleet: one process leads them, over the objects of all shards. */
import type { ControllerOptions, Quarantine, WaveOptions } from '../runtime/index.ts';
import type { KubernetesObject } from '../runtime/objects.ts';
import type { Caches } from './caches.ts';

export interface FleetParts extends WaveOptions {
  readonly caches: Caches;
  /** The objects of all shards; default: those of the caches. */
  readonly whole?: Caches;
  /** Whether this process leads channels and drills; default true. */
  readonly leadsChannels?: boolean;
}

/** What all controllers of the operator have. */
export interface SharedParts<T extends KubernetesObject> {
  readonly common: Pick<ControllerOptions<T>, 'logger' | 'reads' | 'metrics' | 'queue' | 'unexpected'>;
  readonly aside: Omit<ConstructorParameters<typeof Quarantine>[0], 'kind' | 'store'>;
}
