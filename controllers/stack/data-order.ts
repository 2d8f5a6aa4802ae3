/** Which JtelRestores a stack carried out, and what is to be remembered of them; pure. */

import type { JtelStackStatus } from '../../crds/index.ts';
import type { CarriedOutOrder, DataOrigin } from '../../host-driver/host.ts';
import { mergeCarriedOut } from '../../host-driver/carried-out.ts';
import { carriedOutBefore } from '../loading/restore-orders.ts';
import type { DataOrder, DataSource, Observed, PlanInput } from './model.ts';
import { optional } from '../../base/optional.ts';

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
): CarriedOutOrder | undefined {
  const { id, requestUID } = order;
  if (id === undefined) return undefined;
  const data = observed.host.ok ? observed.host.value.state?.data : undefined;
  const earlier = carriedOutBefore(
    { id, requestUID },
    rememberedOrders(stack.status?.carriedOut, observed),
    data,
  );
  return earlier;
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
