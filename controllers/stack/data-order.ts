/** How far the JtelRestore is that a stack carries out; pure. */

import { statusMessageMaxLength, type JtelStackStatus } from '../../crds/index.ts';
import type { DataOrigin } from '../../host-driver/host.ts';
import { isPermanent } from './load-report.ts';
import type { DataOrder, Observed, Plan } from './model.ts';

/** Its data are loaded; what is left is to start the stack on them. */
export function isCarriedOut(data: DataOrigin | undefined, { requestUID }: Pick<DataOrder, 'requestUID'>): boolean {
  return data?.requestUID === requestUID && data.state === undefined;
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
  if (load?.job.state === 'Failed' && isPermanent(load) && plan.kind === 'Blocked') return { ...common, state: 'Failed', reason: plan.reason, message };
  const running = load?.job.state === 'Running';
  return {
    ...common,
    state: running ? 'Loading' : 'Preparing',
    ...(plan.kind === 'Blocked' ? { reason: plan.reason } : {}),
    message,
    ...(running ? { progressPercent: Math.max(0, Math.min(100, Math.floor(load.progress?.percent ?? 0))) } : {}),
  };
}
