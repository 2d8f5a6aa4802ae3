/**
 * Which changes concern whom, and which objects wait for hosts that do not answer. The controllers of
 * `controllers.ts` are woken by these and by nothing else, so a change that nobody reads costs no look.
 */
import { isDeepStrictEqual } from 'node:util';
import { isHostAway } from '../controllers/hosts/away.ts';
import {
  stackKind,
  type JtelBackup,
  type JtelBackupStore,
  type JtelRestore,
  type JtelStack,
} from '../crds/index.ts';
import type { Change, Store } from '../runtime/cache/store.ts';
import type { ReadMetadata } from '../runtime/control/meaningful-change.ts';
import type { ObjectKey } from '../runtime/objects.ts';
import { findCondition } from '../runtime/report/conditions.ts';

/** Labels and annotations of others, such as those of GitOps tools, are not read by any controller. */
export const readMetadata: ReadMetadata = ({ annotations = {} }) =>
  Object.entries(annotations)
    .filter(([name]) => name.startsWith(`${stackKind.group}/`))
    .toSorted();

/** Whether the change of a store concerns the stacks that use it. Times and figures do not. */
export function storeMatters({ type, object, previous }: Change<JtelBackupStore>): boolean {
  return type !== 'Modified' || !isDeepStrictEqual(readOfStore(object), previous && readOfStore(previous));
}

function readOfStore({ metadata, status }: JtelBackupStore): unknown {
  const available = findCondition(status?.conditions, 'Available');
  return [
    metadata.uid,
    metadata.generation,
    status?.signingKeys,
    status?.retention,
    available?.status,
    available?.reason,
  ];
}

/** Whether the host of the stack answers again. */
export function hostIsBack({ object, previous }: Change<JtelStack>): boolean {
  return previous !== undefined && isHostAway(previous) && !isHostAway(object);
}

/** Whether a backup of the stack may begin now, or never: it waits for the host, for its moment by the schedule, or for a place. */
export function waitingBackupMatters(change: Change<JtelStack>): boolean {
  const { type, object, previous } = change;
  return (
    type === 'Deleted' ||
    hostIsBack(change) ||
    (previous !== undefined && !isDeepStrictEqual(readByBackup(object), readByBackup(previous)))
  );
}

function readByBackup({ metadata, spec }: JtelStack): unknown {
  return [metadata.uid, metadata.deletionTimestamp, spec.backup];
}

/** What a stack's host is reached through. Those who share one of them may be reached again together. */
export function doorsOf({ spec: { host } }: JtelStack): readonly string[] {
  const { jumpHost } = host;
  return [host, ...(jumpHost === undefined ? [] : [jumpHost])].map(
    ({ address, port }) => `${address}:${port}`,
  );
}

/**
 * Only its beginning and end: a stack shows those, and need not look at its host for each percent in between.
 */
export function stackToTell(backup: JtelBackup): readonly ObjectKey[] {
  const { metadata, spec, status } = backup;
  return status?.phase === 'Running' || status?.phase === 'Verifying'
    ? []
    : [{ namespace: metadata.namespace, name: spec.stackRef.name }];
}

/** A store shows how many backups it has. */
export function storeToCount({ metadata, status }: JtelBackup): readonly ObjectKey[] {
  return status?.phase === 'Completed' && status.storeRef !== undefined
    ? [{ namespace: metadata.namespace, name: status.storeRef.name }]
    : [];
}

/** Whether a request waits for the host of its stack, which does not answer. */
export function waitsForHost(stacks: Store<JtelStack>): (request: JtelBackup | JtelRestore) => boolean {
  return ({ metadata: { namespace }, spec }) => {
    const stack = stacks.get({ namespace, name: spec.stackRef.name });
    return stack !== undefined && isHostAway(stack);
  };
}
