/** `state.json` and the fence beside it: how they are read, and computed anew from a change. Pure. */
import { createHash } from 'node:crypto';
import type { AppliedService, DataOrigin, Fence, HostState, StackOwner, UpdateMark } from './host.ts';

/** Identity of an owner for the host's script, which compares it without understanding JSON. */
export function ownerDigest(owner: StackOwner): string {
  return createHash('sha256').update(JSON.stringify([owner.clusterID, owner.namespace, owner.name, owner.uid])).digest('hex');
}

/** @returns undefined when there is none, or nothing that this version understands. */
export function parseState(text: string): HostState | undefined {
  if (text.trim() === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const state = value as Partial<HostState> | null;
  if (state === null || typeof state !== 'object' || state.formatVersion !== 1) return undefined;
  if (typeof state.owner !== 'object' || typeof state.epoch !== 'number' || typeof state.machineID !== 'string') return undefined;
  return state as HostState;
}

/** Top-level keys are indented by two spaces and nothing else is: script/host.sh finds `moved` by that. */
export function formatState(state: HostState): string {
  return `${JSON.stringify(state, undefined, 2)}\n`;
}

/** sha256 of the file as it lies on the host, or `-`: the script replaces only what the caller has seen. */
export function stateDigest(text: string): string {
  return text === '' ? '-' : createHash('sha256').update(text).digest('hex');
}

export interface StateChange {
  readonly setupDigest?: string;
  readonly applied?: {
    readonly digest: string;
    readonly version: string;
    readonly composeVersion: string;
    readonly services: readonly AppliedService[];
  };
  readonly data?: DataOrigin;
  /** null: it is over. */
  readonly update?: UpdateMark | null;
  /** null: the stack lives here again. */
  readonly moved?: { readonly address: string } | null;
}

/** @param time RFC 3339. */
export function changedState(old: HostState | undefined, fence: Fence, machineID: string, change: StateChange, time: string): HostState {
  const { moved, applied, update, ...kept } = old ?? {};
  // Containers were brought to the data that is being overwritten; whoever has the new data applies anew.
  const stillApplied = change.data?.state === 'Incomplete' ? undefined : applied;
  const nowMoved = change.moved === undefined ? moved : change.moved === null ? undefined : { time, ...sameMove(moved, change.moved) };
  // Data that was loaded is of no update; said again, an update keeps the time at which it was said first.
  const begun = change.update === undefined || change.update === null || update?.to === change.update.to ? undefined : { ...change.update, time };
  const nowUpdate = change.data !== undefined || change.update === null ? undefined : (begun ?? update);
  return {
    ...kept,
    formatVersion: 1,
    owner: fence.owner,
    epoch: Math.max(fence.epoch, old?.epoch ?? 0),
    machineID,
    ...(change.setupDigest === undefined ? {} : { setupDigest: change.setupDigest }),
    ...(stillApplied === undefined ? {} : { applied: stillApplied }),
    ...(change.applied === undefined ? {} : { applied: { ...change.applied, time } }),
    ...(change.data === undefined ? {} : { data: { ...change.data, time } }),
    ...(nowUpdate === undefined ? {} : { update: nowUpdate }),
    ...(nowMoved === undefined ? {} : { moved: nowMoved }),
  };
}

/** Said again, a move keeps the time at which it was said first. */
function sameMove(old: HostState['moved'], { address }: { readonly address: string }): { readonly address: string; readonly time?: string } {
  return old?.address === address ? old : { address };
}
