/** What is examined, by whom. */
import type { AddressRules } from '../base/address-rules.ts';
import type { JtelStack } from '../crds/index.ts';
import type { HostDriver } from '../host-driver/host.ts';
import type { Cluster } from '../runtime/client/cluster.ts';
import type { Asker } from './judge/network.ts';

export interface StackSubject {
  /** As the API server has it, or would have it. */
  readonly stack: JtelStack;
  /** Refuses every write. */
  readonly cluster: Cluster;
  /** Refuses every change of a host. */
  readonly driver: HostDriver;
  /** Which addresses the host may have; absent: all, as for a person. */
  readonly addresses?: AddressRules;
  readonly asker: Asker;
  readonly now: () => Date;
}
