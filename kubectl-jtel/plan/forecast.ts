/** What `kubectl jtel plan` found, before it becomes words; `-o json` prints this. */
import type { Reason } from '../../crds/index.ts';
import type { ServiceChange } from './changes.ts';

export interface Forecast {
  readonly stack: string;
  /**
   * `Act`: the operator would begin now. `Wait`: something is under way. `Blocked`: it cannot continue.
   * `Done`: nothing to do.
   */
  readonly kind: 'Act' | 'Wait' | 'Blocked' | 'Done';
  readonly step: string;
  readonly message?: string;
  readonly reason?: Reason;
  /** The actions of the next wave. After it the operator looks again and plans anew. */
  readonly actions: readonly {
    readonly type: string;
    readonly description: string;
    readonly cause: string;
  }[];
  /** While this is set, none of it is done. */
  readonly paused?: 'Suspended' | 'Observing';
  /** Why the operator cannot begin with this spec; the plan is then for the last good one. */
  readonly objection?: { readonly reason: Reason; readonly message: string };
  /** The obstacle of a later step. */
  readonly obstacles: readonly { readonly reason: Reason; readonly message: string }[];
  readonly runs?: { readonly version: string; readonly time: string };
  readonly wants: { readonly version: string };
  /**
   * Containers that an apply would create, remove or recreate. `Unknown` if what runs cannot be
   * reconstructed.
   */
  readonly changes: readonly ServiceChange[] | 'Unknown';
  /** Whether the host itself would be set up (packages, firewall, DNS, time zone). */
  readonly setUp: boolean;
}
