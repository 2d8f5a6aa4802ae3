/**
 * A stack that is moved: where its data are, where it shall live, and what is known about the way. Pure.
 *
 * `status.dataHost` says which machine holds the data. It changes only after the data are complete on the new host, in the same
 * write that notes the old one as former: so at any moment one machine, and only one, may start the stack.
 */

import { createHash } from 'node:crypto';
import type { JtelBackup, JtelStack, JtelStackStatus } from '../../crds/index.ts';
import type { HostObservation, HostState } from '../../host-driver/host.ts';
import { samePlace } from '../hosts/machine.ts';
import type { Outcome } from '../inputs/outcome.ts';

export type DataHost = NonNullable<JtelStackStatus['dataHost']>;
export type FormerHost = NonNullable<JtelStackStatus['formerHosts']>[number];

/** So many hosts at most are still to be fenced: a further move waits then, because none of them may be forgotten. */
export const mostPending = 32;

/** What is known about a move that is under way. */
export interface RelocationLook {
  readonly id: string;
  readonly from: DataHost;
  readonly toMachineID: string;
  /** How the data get there: decided once, and then kept. */
  readonly source: 'Migrate' | 'RecoverFromBackup';
  /** The host that the data are on, as it is now. */
  readonly old: Outcome<HostObservation>;
  /** The old host's lock was had since spec.host changed: whatever was begun there before has ended, and shows in `old`. */
  readonly isQuiet?: true;
  /** While the stack runs: so that the last one is small. */
  readonly warm?: JtelBackup;
  /** After everything but the database was stopped. */
  readonly final?: JtelBackup;
  /** For who has to decide: the newest backup in the store, while the old host does not answer. */
  readonly newest?: Outcome<{ readonly backupID: string; readonly time: string }>;
}

/** A former host that was not fenced yet, as it is now. */
export interface FormerLook {
  readonly former: FormerHost;
  readonly host: Outcome<HostObservation>;
}

/** Whether the machine that was reached is to take the stack over from the one that holds the data. */
export function isMoving({ spec, status }: JtelStack, machineID: string): boolean {
  const home = status?.dataHost;
  return home !== undefined && home.machineID !== machineID && !samePlace(home.host, spec.host);
}

/**
 * The host that was to get the data, when the spec names another one before they are there. The stack never ran there, and what was
 * begun is to end: its database may be up, and a job may load it.
 * @param machineID of the machine that answers at `spec.host`
 */
export function leftNewHost(
  { spec, status }: Pick<JtelStack, 'spec' | 'status'>,
  machineID: string | undefined,
): FormerHost | undefined {
  const known = status?.newHost;
  if (known === undefined || machineID === undefined || known.machineID === machineID) return undefined;
  const { hostKeyFingerprints } = known.host;
  // Another machine in its place: that one is gone.
  if (samePlace(known.host, { ...spec.host, hostKeyFingerprints })) return undefined;
  return { ...known, state: 'Pending', left: 'BeforeData' };
}

/** Nothing of the stack is left to do on a former host. */
export function isLeft(former: FormerHost, host: HostObservation): boolean {
  if (former.left === 'BeforeData') return isEnded(host);
  // Who removes the job of a move's last backup looks for it where the stack is now.
  return isForgotten(host) || (isFenced(host) && host.jobs.length === 0);
}

/** Former hosts that are looked at: those that are still to be fenced, and, before a stack is destroyed, those that it may only have claimed. */
export function formersToLookAt({ metadata, spec, status }: JtelStack): readonly FormerHost[] {
  const isDestroyed = metadata.deletionTimestamp !== undefined && spec.deletionPolicy === 'Destroy';
  return (status?.formerHosts ?? []).filter(
    ({ state, left }) => state === 'Pending' || (isDestroyed && left === 'BeforeData'),
  );
}

/** The stack left its record there and nothing else. */
export function isOnlyClaimed({ state, containers, jobs }: HostObservation): boolean {
  if (state === undefined || containers.length > 0 || jobs.length > 0) return false;
  const { setupDigest, applied, data, moved } = state;
  return [setupDigest, applied, data, moved].every((one) => one === undefined);
}

/** Nothing of what was begun there goes on, or could. */
export function isEnded(host: HostObservation): boolean {
  if (host.jobs.length > 0 || host.containers.length > 0) return false;
  // Nothing is started before the set-up is complete.
  return isForgotten(host) || isFenced(host) || host.state?.setupDigest === undefined;
}

/** Marked as moved, and nothing of the stack is left that a reboot could bring back. */
export function isFenced(host: HostObservation): boolean {
  return host.state?.moved !== undefined && hasNoContainers(host);
}

/** The machine has no record of the stack, and nothing of it that runs or could. */
export function isForgotten(host: HostObservation): boolean {
  return host.state === undefined && hasNoContainers(host);
}

/** A Docker that does not answer shows none either, and starts them when it comes up. */
function hasNoContainers({ facts, containers }: HostObservation): boolean {
  return facts.dockerVersion !== undefined && containers.length === 0;
}

const idPrefix = 'move-';

/**
 * Identifies one move, and its backups: kept in the status from the first look on, made from what is moved and when. The old host is
 * stopped for it, so its last backup stays true as long as the stack does not run there again, wherever it is moved to.
 * @param now RFC 3339.
 */
export function relocationID({ metadata, status }: JtelStack, toMachineID: string, now: string): string {
  const known = status?.relocation;
  if (
    known !== undefined &&
    known.state !== 'Completed' &&
    known.state !== 'Failed' &&
    known.fromMachineID === status?.dataHost?.machineID
  )
    return known.id;
  const digest = createHash('sha256')
    .update(JSON.stringify([metadata.uid, status?.dataHost?.machineID, toMachineID, now]))
    .digest('hex');
  return `${idPrefix}${digest.slice(0, 16)}`;
}

/** Names of the two backups of a move. */
export function relocationBackups(id: string): { readonly warm: string; readonly final: string } {
  return { warm: `${id}-warm`, final: `${id}-final` };
}

/** The stack ran there, or was brought there by a move: so what lies there may be older than what it has elsewhere. */
export function isUsed({ applied, data }: HostState): boolean {
  return applied !== undefined || data?.requestUID?.startsWith(idPrefix) === true;
}

/**
 * Whether data that lie on the machine to move to may be overwritten: a copy of an earlier or this very move that never served, or
 * what is superseded by our own mark. Anything else is not known to be worthless.
 */
export function isSuperseded(state: HostState): boolean {
  if (state.moved !== undefined) return true;
  return state.applied === undefined && state.data?.requestUID?.startsWith(idPrefix) === true;
}
