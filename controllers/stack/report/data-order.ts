/** How far the JtelRestore is that a stack carries out, as its status says it; pure. */

import { statusMessageMaxLength, type JtelStackStatus } from '../../../crds/index.ts';
import { formatTime } from '../../../runtime/report/conditions.ts';
import { isCarriedOut } from '../data-order.ts';
import type { Observed, Plan } from '../model.ts';
import { failuresOf } from '../plan/load-report.ts';
import { describe } from './sentences/index.ts';
import { optional } from '../../../base/optional.ts';
import { secondsBetween } from '../../../base/time.ts';

type DataOrderStatus = JtelStackStatus['dataOrder'];

/** What the stack's status says about the order, for the controller that gave it. @param before what it said at the last look */
export function summariseOrder(
  before: DataOrderStatus,
  observed: Observed,
  plan: Plan,
  now: Date,
): DataOrderStatus {
  const { order, load, host, beside } = observed;
  if (order === undefined) return isStillDown(before) && plan.kind !== 'Done' ? before : undefined;
  if (order.kind === 'Relocation') return undefined;
  const known = before?.requestUID === order.requestUID ? before : undefined;
  const count = beside?.ok === true ? beside.value.count : undefined;
  const failures = failuresOf(before, order, load?.job.state === 'Failed' ? load : count);
  const stops = plan.kind === 'Act' && plan.wave.some(({ type }) => type === 'StopStack');
  const stopTime = known?.stopTime ?? (stops ? formatTime(now) : undefined);
  const common = {
    requestUID: order.requestUID,
    requestRef: { name: order.name },
    ...(order.backup.ok && order.backup.value.backupID !== undefined
      ? { backupID: order.backup.value.backupID }
      : {}),
    ...(failures.count === 0 ? {} : { failures: failures.count, lastFailure: failures.last }),
    ...optional({ stopTime }),
  };
  const message = plan.kind === 'Done' ? '' : describe(plan.facts).slice(0, statusMessageMaxLength);
  const state = host.ok ? host.value.state : undefined;
  if (state?.refused?.requestUID === order.requestUID) {
    return {
      ...common,
      state: 'Failed',
      reason: state.refused.reason.slice(0, 63),
      message: state.refused.message.slice(0, statusMessageMaxLength),
    };
  }
  if (isCarriedOut(state?.data, order)) {
    // What is held up is only the newest spec: what runs is well, or the plan would say so.
    const done =
      plan.kind === 'Done' ||
      (plan.kind === 'Blocked' && plan.reason === 'RolledBack') ||
      (plan.kind === 'Act' && plan.step === 'CleanUp');
    const downtimeSeconds =
      known?.downtimeSeconds ?? (done && stopTime !== undefined ? secondsBetween(stopTime, now) : undefined);
    return {
      ...common,
      state: done ? 'Done' : 'Starting',
      message,
      ...optional({ downtimeSeconds }),
    };
  }
  if (plan.kind === 'Blocked' && plan.endsOrder === true)
    return { ...common, state: 'Failed', reason: plan.reason, message };
  const running = load?.job.state === 'Running';
  return {
    ...common,
    state: running ? 'Loading' : 'Preparing',
    ...(plan.kind === 'Blocked' ? { reason: plan.reason } : {}),
    message,
    ...(running
      ? { progressPercent: Math.max(0, Math.min(100, Math.floor(load.progress?.percent ?? 0))) }
      : {}),
  };
}

/** Stopped for a restore that somebody deleted in that moment. */
function isStillDown(before: DataOrderStatus): boolean {
  return before?.stopTime !== undefined && before.downtimeSeconds === undefined && before.state !== 'Failed';
}
