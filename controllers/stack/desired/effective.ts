/**
 * Which spec a stack is held to. Mostly the one that stands there; the last good one while that cannot be begun (its window is
 * closed, its release is missing, the host is too small …), and the previous one after it failed and was taken back. So what
 * runs stays looked after, and a spec that failed is not tried again until somebody changes it. Pure.
 */

import type { JtelStack, JtelStackSpec } from '../../../crds/index.ts';
import type { HostState, ObservedContainer, UpdateMark } from '../../../host-driver/host.ts';
import type { Revision, Revisions } from './revisions.ts';
import { optional } from '../../../base/optional.ts';

/** What containers are made from. Everything else (host, policies, switches) is always as the spec says now. */
type Workload = Pick<
  JtelStackSpec,
  'version' | 'size' | 'network' | 'components' | 'releaseStoreRef' | 'imagePullSecretRef'
>;

/** The stack as it is now, with the containers of an earlier revision. */
export function withWorkload(stack: JtelStack, { spec }: Revision): JtelStack {
  const { version, size, network, releaseStoreRef } = spec;
  const { components: _components, imagePullSecretRef: _pull, ...rest } = stack.spec;
  const workload: Workload = {
    version,
    size,
    network,
    releaseStoreRef,
    ...optional({ components: spec.components, imagePullSecretRef: spec.imagePullSecretRef }),
  };
  return { ...stack, spec: { ...rest, ...workload } };
}

/** The revision whose containers run instead of the current one's, once that was taken back. */
export function takenBackTo({ all, current }: Revisions): Revision | undefined {
  const { outcome } = current;
  if (outcome?.result !== 'RollingBack' && outcome?.result !== 'RolledBack') return undefined;
  return all.find(({ number }) => number === outcome.backTo);
}

/**
 * The revision to keep running while the current one cannot be begun. Only one whose version the data have: an older release on
 * newer data is what nobody wants.
 */
export function fallback({ current, good }: Revisions, state: HostState | undefined): Revision | undefined {
  if (good === undefined || good.number === current.number) return undefined;
  // What was begun is carried through or failed, never undone by the way.
  if (current.attempt !== undefined) return undefined;
  if (state?.applied === undefined || state.update !== undefined || state.data?.state === 'Incomplete')
    return undefined;
  return good.spec.version === state.applied.version ? good : undefined;
}

/**
 * Whether a restore replaced the data since the change began. Nothing is applied to them, so there is nothing to back up first, and
 * to go back to the former release would bring it onto data that this one may have updated.
 */
export function isOvertaken({ attempt, outcome }: Revision, state: HostState | undefined): boolean {
  return (
    attempt?.from !== undefined &&
    outcome === undefined &&
    state?.data !== undefined &&
    state.applied === undefined &&
    state.update === undefined
  );
}

/** Whether the data may have been changed by the release that an update is about. Only no is certain. */
export function dataTouched(
  { updater, database }: UpdateMark,
  containers: readonly ObservedContainer[],
): boolean {
  if (updater === undefined || mayHaveStarted(updater, containers)) return true;
  return database !== undefined && mayHaveStarted(database, containers);
}

function mayHaveStarted(
  { service, image }: NonNullable<UpdateMark['updater']>,
  containers: readonly ObservedContainer[],
): boolean {
  const container = containers.find((one) => one.service === service);
  return container === undefined || (container.image === image && container.state !== 'created');
}

/** The version that the data on the host have; undefined while nothing was applied. */
export function presentVersion(
  state: HostState | undefined,
  containers: readonly ObservedContainer[],
): string | undefined {
  if (state?.update === undefined) return state?.applied?.version;
  return dataTouched(state.update, containers) ? state.update.to : state.update.from;
}
