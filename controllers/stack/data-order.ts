/** How far the JtelRestore is that a stack carries out, and which ones it carried out before; pure. */

import { statusMessageMaxLength, type JtelStackStatus } from '../../crds/index.ts';
import type { CarriedOutOrder, DataOrigin } from '../../host-driver/host.ts';
import { mergeCarriedOut } from '../../host-driver/carried-out.ts';
import { carriedOutBefore, describeCarriedOut } from '../loading/restore-orders.ts';
import { formatTime } from '../../runtime/report/conditions.ts';
import { failuresOf } from './plan/load-report.ts';
import type { DataOrder, DataSource, Observed, Plan, PlanInput } from './model.ts';
import { optional } from '../../base/optional.ts';

type DataOrderStatus = JtelStackStatus['dataOrder'];

/** Its data are loaded; what is left is to start the stack on them. */
export function isCarriedOut(
  data: DataOrigin | undefined,
  { requestUID }: Pick<DataOrder, 'requestUID'>,
): boolean {
  return data?.requestUID === requestUID && data.state === undefined;
}

/**
 * What the host remembers, and what is known of it from before: a host that is new, or lost its state, knows nothing. An order whose
 * data were switched away again does not count.
 */
export function rememberedOrders(
  known: JtelStackStatus['carriedOut'],
  { host }: Pick<Observed, 'host'>,
): readonly CarriedOutOrder[] {
  const state = host.ok ? host.value.state : undefined;
  return mergeCarriedOut(known, state?.carriedOut).filter(
    ({ requestUID }) => requestUID !== state?.refused?.requestUID,
  );
}

/** Why an order is not carried out: it was before, where the data are. The last word before its data are touched. */
export function replayObjection(
  { stack, observed }: Pick<PlanInput, 'stack' | 'observed'>,
  order: DataOrder,
): string | undefined {
  const { id, requestUID } = order;
  if (id === undefined) return undefined;
  const data = observed.host.ok ? observed.host.value.state?.data : undefined;
  const earlier = carriedOutBefore(
    { id, requestUID },
    rememberedOrders(stack.status?.carriedOut, observed),
    data,
  );
  return earlier === undefined ? undefined : describeCarriedOut(earlier);
}

/** What is to be remembered where data come to lie: this order, those that the stack knows, and those that the data had seen. */
export function ordersToRemember(
  { stack, now }: Pick<PlanInput, 'stack' | 'now'>,
  order: DataOrder | undefined,
  source: DataSource,
): readonly CarriedOutOrder[] {
  const { backupID } = source;
  const own: readonly CarriedOutOrder[] =
    order?.id === undefined
      ? []
      : [
          {
            id: order.id,
            name: order.name,
            requestUID: order.requestUID,
            ...optional({ backupID }),
            time: now.toISOString(),
          },
        ];
  return mergeCarriedOut(source.carriedOut, stack.status?.carriedOut, own);
}

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
  const message = plan.kind === 'Done' ? '' : plan.message.slice(0, statusMessageMaxLength);
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
    const done = plan.kind === 'Done' || (plan.kind === 'Act' && plan.step === 'CleanUp');
    const downtimeSeconds =
      known?.downtimeSeconds ??
      (done && stopTime !== undefined
        ? Math.max(0, Math.round((now.getTime() - Date.parse(stopTime)) / 1000))
        : undefined);
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
