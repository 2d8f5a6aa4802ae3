/** What may stand between an operator and its world in memory, for campaigns. Each part is optional. */
import type { ObjectStore } from '../../../runtime/cache/object-store.ts';
import type { Versions } from '../../../runtime/cache/object-versions.ts';
import type { Cluster } from '../../../runtime/client/cluster.ts';
import type { MemoryCluster } from '../../../runtime/fake/memory-cluster.ts';
import type { HostDriver } from '../../../host-driver/host.ts';
import type { ResourceKind } from '../../../runtime/kind.ts';
import type { KubernetesObject } from '../../../runtime/objects.ts';
import type { Logger } from '../../../runtime/report/logger.ts';

export interface Interference {
  /** Fills a cache and keeps it up to date. @returns a function that stops it */
  readonly follow?: <T extends KubernetesObject>(
    cluster: MemoryCluster,
    kind: ResourceKind<T>,
    store: ObjectStore<T>,
  ) => () => void;
  readonly versions?: (versions: Versions) => Versions;
  /** The way to the API. */
  readonly api?: (cluster: Cluster) => Cluster;
  /** The way to the hosts. */
  readonly hosts?: (driver: HostDriver) => HostDriver;
  /** Whether this process is the leader, by its own clock. */
  readonly mayAct?: () => boolean;
  /** Is told of each effect, before and after it. @param count from 1 */
  readonly effect?: (count: number, what: string) => void;
  readonly logger?: Logger;
}
