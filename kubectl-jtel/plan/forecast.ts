/** What `kubectl jtel plan` found, before it is made into words; also what `-o json` gives. */
import type { Reason } from '../../crds/index.ts';
import type { ServiceChange } from './changes.ts';

export interface Forecast {
  readonly stack: string;
  /** `Act`: the operator would begin now. `Wait`: something is under way. `Blocked`: it cannot go on. `Done`: all is as wanted. */
  readonly kind: 'Act' | 'Wait' | 'Blocked' | 'Done';
  readonly step: string;
  readonly message?: string;
  readonly reason?: Reason;
  /** Of the next wave; afterwards the operator looks again and plans anew. */
  readonly actions: readonly { readonly type: string; readonly description: string }[];
  /** Nothing of it is done while this is so. */
  readonly paused?: 'Suspended' | 'Observing';
  /** Why the spec cannot be begun; what is planned is for the last good one then. */
  readonly objection?: { readonly reason: Reason; readonly message: string };
  /** What will be in the way at a later step. */
  readonly obstacles: readonly { readonly reason: Reason; readonly message: string }[];
  readonly runs?: { readonly version: string; readonly time: string };
  readonly wants: { readonly version: string };
  /** Containers that an apply would make, remove or make anew; `Unknown` when what runs cannot be reconstructed. */
  readonly changes: readonly ServiceChange[] | 'Unknown';
  /** Whether the host itself would be set up (packages, firewall, DNS, time zone). */
  readonly setUp: boolean;
}
