/** Which JtelRestores of a stack stand, and which job on the host is theirs. */

import type { JtelRestore, JtelStack } from '../../../crds/index.ts';
import type { HostObservation } from '../../../host-driver/host.ts';
import type { CallOptions } from '../../../runtime/client/cluster.ts';
import {
  checkJobUID,
  isOrdered,
  loadJobUID,
  restoreJobUID,
  standingOrders,
} from '../../loading/restore-orders.ts';
import { importedFrom } from '../../inputs/import-source.ts';
import { importJobUID } from '../../loading/import-job.ts';
import { optional } from '../../../base/optional.ts';

export interface RestoreDependencies {
  /** All JtelRestores of a stack, as last heard of. */
  readonly restoresOf: (stack: JtelStack, options: CallOptions) => Promise<readonly JtelRestore[]>;
}

/** What is asked for, before anything was looked at. */
export interface Orders {
  readonly order?: JtelRestore;
  readonly ahead?: JtelRestore;
}

export async function observeOrders(
  stack: JtelStack,
  { restoresOf }: RestoreDependencies,
  options: CallOptions,
): Promise<Orders> {
  const standing = standingOrders(await restoresOf(stack, options));
  const order = standing.find(isOrdered);
  const ahead = standing[0];
  return {
    ...optional({ order }),
    ...(ahead === undefined || order !== undefined ? {} : { ahead }),
  };
}

/** The job whose report matters now. */
export function jobToRead(
  stack: JtelStack,
  { order }: Orders,
  host: HostObservation | undefined,
  move: string | undefined,
): string {
  if (move !== undefined) return restoreJobUID(move);
  if (order === undefined) return firstLoadUID(stack, host);
  const { uid } = order.metadata;
  const load = restoreJobUID(uid);
  // In place: only the load itself counts from here on.
  if (host?.state?.data?.requestUID === uid || host?.jobs.some((job) => job.uid === load) === true)
    return load;
  return checkJobUID(uid);
}

function firstLoadUID({ metadata, spec }: JtelStack, host: HostObservation | undefined): string {
  if (spec.initialData.source !== 'Import') return loadJobUID(metadata.uid);
  const from = importedFrom(spec);
  const finish = importJobUID(metadata.uid, 'Finish', from);
  return host?.jobs.some(({ uid }) => uid === finish) === true
    ? finish
    : importJobUID(metadata.uid, 'Pull', from);
}
