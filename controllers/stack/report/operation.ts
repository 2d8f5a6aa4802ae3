/** The running operation as the status shows it: who works on the stack, on what, and how far it is; pure. */

import { statusMessageMaxLength, type JtelStack, type JtelStackStatus } from '../../../crds/index.ts';
import { formatTime } from '../../../runtime/report/conditions.ts';
import type { Heartbeat } from '../../../runtime/report/status-changed.ts';
import type { Problem } from '../../inputs/outcome.ts';
import type { Activity, Observed, Plan } from '../model.ts';
import { needsPerson } from './readiness.ts';
import { describe } from './sentences/index.ts';
import { optional } from '../../../base/optional.ts';

export type Operation = NonNullable<JtelStackStatus['operation']>;

/** Written no more often than this: a heartbeat must not become the busiest writer of the cluster. */
export const operationHeartbeat: Heartbeat = { path: ['operation', 'lastHeartbeatTime'], everySeconds: 10 };

export interface OperationInput {
  readonly stack: JtelStack;
  readonly observed: Observed;
  readonly plan: Plan;
  readonly activity?: Activity;
  readonly failure?: Problem;
  /** Used when a new operation begins. */
  readonly newID: string;
  readonly epoch?: number;
  readonly now: Date;
}

/** @returns the operation to show, or undefined when nothing is under way. */
export function currentOperation(input: OperationInput): Operation | undefined {
  const { stack, plan, activity, failure, now } = input;
  const rests = plan.kind === 'Done' || plan.kind === 'Blocked' || needsPerson(failure);
  if (activity === undefined && rests) return undefined;
  const previous = stack.status?.operation;
  const epoch = input.epoch ?? previous?.epoch;
  return {
    id: previous?.id ?? input.newID,
    type: previous?.type ?? operationType(input),
    step: plan.step,
    ...(activity?.progressPercent === undefined ? {} : { progressPercent: activity.progressPercent }),
    message: (activity?.message ?? (plan.kind === 'Done' ? '' : describe(plan.facts))).slice(
      0,
      statusMessageMaxLength,
    ),
    startTime: previous?.startTime ?? formatTime(now),
    lastHeartbeatTime: formatTime(now),
    ...optional({ epoch }),
  };
}

function operationType({ stack, observed, plan }: OperationInput): Operation['type'] {
  if (plan.step === 'Delete') return 'Delete';
  if (plan.step === 'Stop') return 'Stop';
  if (plan.step === 'Repair') return 'Repair';
  if (observed.revisions?.current.outcome?.result === 'RollingBack') return 'Rollback';
  const action =
    observed.revisions?.current.outcome === undefined
      ? observed.revisions?.current.attempt?.action
      : undefined;
  if (action !== undefined) return action;
  const state = observed.host.ok ? observed.host.value.state : undefined;
  if (state?.applied === undefined) return 'Install';
  if (state.applied.version !== stack.spec.version) return 'Update';
  return 'Configure';
}
