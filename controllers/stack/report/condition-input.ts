/** What the conditions of a stack are made from, and what one is before it has a time. */

import type { JtelStack, Reason, StackConditionType } from '../../../crds/index.ts';
import type { Problem } from '../../inputs/outcome.ts';
import type { Activity, Choice, Observed, Plan } from '../model.ts';

export interface ConditionDraft {
  readonly type: StackConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: Reason;
  readonly message: string;
}

export interface ConditionInput extends Omit<Choice, 'stack'> {
  /** As it stands in the cluster, whatever it is held to. */
  readonly stack: JtelStack;
  readonly clusterID: string;
  readonly observed: Observed;
  readonly plan: Plan;
  readonly activity?: Activity;
  readonly failure?: Problem;
  readonly deleting: boolean;
  readonly suspended: boolean;
  readonly observeOnly: boolean;
  readonly driftPolicy: 'Correct' | 'Warn' | 'Ignore';
  /** A first installation, which nothing can be taken back from, takes longer than the spec allows: by how many seconds it says. */
  readonly overdueSeconds?: number;
  /** The host has not answered for longer than the grace time. */
  readonly graceOver: boolean;
  /** Ready as it stands in the status; what is believed meanwhile. */
  readonly previousReady?: {
    readonly status: 'True' | 'False' | 'Unknown';
    readonly reason: string;
    readonly current: boolean;
  };
}
