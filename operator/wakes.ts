/**
 * Which changes concern whom, and which objects wait for hosts that do not answer. The controllers of
 * `controllers.ts` are woken by these and by nothing else, so a change that nobody reads costs no look.
 */
import { isDeepStrictEqual } from 'node:util';
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

/** Whether the host of the stack is reached now and was not before. */
export function hostIsBack({ type, object, previous }: Change<JtelStack>): boolean {
  return type === 'Modified' && isReached(object) && !(previous !== undefined && isReached(previous));
}

function isReached({ status }: JtelStack): boolean {
  return findCondition(status?.conditions, 'HostReachable')?.status === 'True';
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
  const door = ({ address, port }: { readonly address: string; readonly port: number }): string =>
    `${address}:${port}`;
  // Customers behind different jump hosts may have the same private addresses.
  return jumpHost === undefined ? [door(host)] : [`${door(host)} by ${door(jumpHost)}`, door(jumpHost)];
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

/** Whether something is done to the object that somebody waits for. */
export function isAtWork({ kind, status }: JtelStack | JtelBackup | JtelRestore): boolean {
  if (kind === 'JtelStack') return status?.operation !== undefined;
  return status?.phase !== 'Completed' && status?.phase !== 'Failed';
}

export function isNotReady({ status }: JtelStack): boolean {
  return status?.phase !== 'Ready';
}

export function keyOfMetadata({ metadata }: JtelStack | JtelBackup | JtelRestore): ObjectKey {
  return { namespace: metadata.namespace, name: metadata.name };
}

/** Those whom a change concerns, in the order in which they are woken. Those that wait for it are first. */
export function waitingFirst<T extends JtelStack | JtelRestore>(
  objects: readonly T[],
  isWaiting: (object: T) => boolean,
): readonly ObjectKey[] {
  const others = objects.filter((one) => !isWaiting(one));
  return [...objects.filter(isWaiting), ...others].map(keyOfMetadata);
}

/** Whether a request waits for the host of its stack, which does not answer. */
export function waitsForHost(
  stacks: Store<JtelStack>,
  isAway: (stack: JtelStack) => boolean,
): (request: JtelBackup | JtelRestore) => boolean {
  return ({ metadata: { namespace }, spec }) => {
    const stack = stacks.get({ namespace, name: spec.stackRef.name });
    return stack !== undefined && isAway(stack);
  };
}
