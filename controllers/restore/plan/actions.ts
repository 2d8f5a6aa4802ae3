/** What a restore does next: the plan, its actions, and the cause of each. */

import type { JtelRestore } from '../../../crds/index.ts';
import type { Phase } from '../desired/request.ts';
import type { Observed } from '../observe/observed.ts';
import type { Facts, FailedJob, Finding, TestResult } from './findings.ts';

export interface PlanInput {
  readonly restore: JtelRestore;
  readonly observed: Observed;
  /** A wave of this restore runs now: what it does may not be seen yet. */
  readonly isBusy?: boolean;
  readonly now: Date;
}

/** What was seen that makes an action due. */
export type Cause =
  | 'ActsOnHost'
  | 'NoDocker'
  | 'NotLoaded'
  | 'Loaded'
  | 'DatabaseRuns'
  | 'Counted'
  | 'StackRuns'
  | 'JobFailed'
  | 'ScratchLeft';

export type Action = { readonly cause: Cause } & (
  | { readonly type: 'ClaimHost' }
  | { readonly type: 'SetUpHost' }
  | { readonly type: 'WriteRelease' }
  | { readonly type: 'PullImages' }
  | { readonly type: 'StartRestore' }
  | { readonly type: 'StartDatabase'; readonly service: string }
  | { readonly type: 'StartCount' }
  /** Those that smoke checks ask, with what they depend on. */
  | { readonly type: 'StartStack' }
  | { readonly type: 'StartSmoke' }
  | { readonly type: 'RemoveJob'; readonly uid: string; readonly job: FailedJob }
  /** Removes everything of the scratch project, volumes too: they are the request's own. */
  | { readonly type: 'DestroyScratch' }
);

export type Plan =
  | ({
      readonly kind: 'Wait';
      readonly phase: Phase;
      readonly afterSeconds: number;
      readonly progressPercent?: number;
      readonly trouble?: true;
    } & Finding)
  | { readonly kind: 'CreateBackup'; readonly name: string }
  /** Everything is checked: from now on the stack carries it out. */
  | { readonly kind: 'Order'; readonly facts: Facts }
  | { readonly kind: 'Act'; readonly phase: Phase; readonly wave: readonly Action[] }
  /** The result of a test, to be noted before the wave that cleans up. */
  | {
      readonly kind: 'Note';
      readonly phase: Phase;
      readonly result: 'Passed' | 'Failed';
      readonly facts: TestResult;
    }
  | ({ readonly kind: 'Complete' } & Finding)
  | ({ readonly kind: 'Fail' } & Finding)
  /** Deleted, and nothing of it is left. */
  | { readonly kind: 'LetGo' };
