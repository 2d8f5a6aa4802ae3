/** Looks at what is loaded beside a stack that serves: the database in a project of its own, and what was counted in it. */

import type { Host, HostObservation } from '../../../host-driver/host.ts';
import { compareCounts } from '../../loading/compare-counts.ts';
import { countJobUID } from '../../loading/restore-orders.ts';
import type { BesideLook, Observed } from '../model.ts';
import type { DataLook } from './source.ts';
import { isCarriedOut } from '../data-order.ts';
import { answersOf } from '../../hosts/answers.ts';
import { outcome } from '../../inputs/outcome.ts';
import { optional } from '../../../base/optional.ts';

/** Costs a round trip, so only while there is something that needs a database of its own. */
export async function observeBeside(
  address: string,
  host: Host,
  seen: HostObservation,
  data: DataLook | undefined,
  signal: AbortSignal,
): Promise<Observed['beside']> {
  const order = data?.observed.order;
  if (
    order?.beside === undefined ||
    order.kind !== 'Restore' ||
    !order.backup.ok ||
    isCarriedOut(seen.state?.data, order)
  )
    return undefined;
  if (order.backup.value.database !== 'Logical' && order.verify !== 'Start') return undefined;
  const { project } = order.beside;
  const uid = countJobUID(order.requestUID);
  const counts = seen.jobs.some((job) => job.uid === uid);
  return await outcome(async (): Promise<BesideLook> => {
    const [there, count] = await answersOf(
      address,
      signal,
    )((bounded) =>
      Promise.all([host.observe(project, 'full', bounded), counts ? host.readJob(uid, bounded) : undefined]),
    );
    const manifest = data?.loading?.backup?.loaded.manifest;
    const compared =
      count?.job.state === 'Succeeded' && manifest !== undefined
        ? { comparison: compareCounts(manifest, count.result, 'Restore') }
        : {};
    return { host: there, ...optional({ count }), ...compared };
  });
}
