/** How far the JtelRestore is that a stack carries out, and which ones it carried out before; pure. */

import { statusMessageMaxLength, type JtelStackStatus } from '../../crds/index.ts';
import type { CarriedOutOrder, DataOrigin } from '../../host-driver/host.ts';
import { mergeCarriedOut } from '../../host-driver/carried-out.ts';
import { carriedOutBefore, describeCarriedOut } from '../restore-orders.ts';
import { isPermanent } from './load-report.ts';
import type { DataOrder, DataSource, Observed, Plan, PlanInput } from './model.ts';

/** Its data are loaded; what is left is to start the stack on them. */
export function isCarriedOut(data: DataOrigin | undefined, { requestUID }: Pick<DataOrder, 'requestUID'>): boolean {
  return data?.requestUID === requestUID && data.state === undefined;
}

/** What the host remembers, and what is known of it from before: a host that is new, or lost its state, knows nothing. */
export function rememberedOrders(known: JtelStackStatus['carriedOut'], { host }: Pick<Observed, 'host'>): readonly CarriedOutOrder[] {
  return mergeCarriedOut(known, host.ok ? host.value.state?.carriedOut : undefined);
}

/** Why an order is not carried out: it was before, where the data are. The last word before its data are touched. */
export function replayObjection({ stack, observed }: Pick<PlanInput, 'stack' | 'observed'>, order: DataOrder): string | undefined {
  const { id, requestUID } = order;
  if (id === undefined) return undefined;
  const data = observed.host.ok ? observed.host.value.state?.data : undefined;
  const earlier = carriedOutBefore({ id, requestUID }, rememberedOrders(stack.status?.carriedOut, observed), data);
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
      : [{ id: order.id, name: order.name, requestUID: order.requestUID, ...(backupID === undefined ? {} : { backupID }), time: now.toISOString() }];
  return mergeCarriedOut(source.carriedOut, stack.status?.carriedOut, own);
}

/** What the stack's status says about the order, for the controller that gave it. */
export function summariseOrder({ order, load, host }: Observed, plan: Plan): JtelStackStatus['dataOrder'] {
  if (order === undefined || order.kind === 'Relocation') return undefined;
  const common = {
    requestUID: order.requestUID,
    requestRef: { name: order.name },
    ...(order.backup.ok && order.backup.value.backupID !== undefined ? { backupID: order.backup.value.backupID } : {}),
  };
  const message = plan.kind === 'Done' ? '' : plan.message.slice(0, statusMessageMaxLength);
  if (isCarriedOut(host.ok ? host.value.state?.data : undefined, order)) {
    const done = plan.kind === 'Done' || (plan.kind === 'Act' && plan.step === 'CleanUp');
    return { ...common, state: done ? 'Done' : 'Starting', message };
  }
  const isRefused = plan.kind === 'Blocked' && plan.reason === 'AlreadyCarriedOut';
  if (isRefused || (load?.job.state === 'Failed' && isPermanent(load) && plan.kind === 'Blocked')) return { ...common, state: 'Failed', reason: plan.reason, message };
  const running = load?.job.state === 'Running';
  return {
    ...common,
    state: running ? 'Loading' : 'Preparing',
    ...(plan.kind === 'Blocked' ? { reason: plan.reason } : {}),
    message,
    ...(running ? { progressPercent: Math.max(0, Math.min(100, Math.floor(load.progress?.percent ?? 0))) } : {}),
  };
}
