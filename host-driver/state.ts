/** `state.json` and the fence beside it: how they are read, and computed anew from a change. Pure. */
import { createHash } from 'node:crypto';
import { dockerVolume, type SwitchedVolumes } from './volumes.ts';
import { mergeCarriedOut } from './carried-out.ts';
import type { AppliedService, Fence, HostState, RecordedChange, StackOwner } from './host.ts';
import { optional } from '../base/optional.ts';

/** Identity of an owner for the host's script, which compares it without understanding JSON. */
export function ownerDigest(owner: StackOwner): string {
  return createHash('sha256')
    .update(JSON.stringify([owner.clusterID, owner.namespace, owner.name, owner.uid]))
    .digest('hex');
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
  if (state === null || typeof state !== 'object' || (state.formatVersion !== 1 && state.formatVersion !== 2))
    return undefined;
  if (
    typeof state.owner !== 'object' ||
    typeof state.epoch !== 'number' ||
    typeof state.machineID !== 'string'
  )
    return undefined;
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

export interface StateChange extends Omit<RecordedChange, 'applied'> {
  readonly setupDigest?: string;
  readonly applied?: {
    readonly digest: string;
    readonly version: string;
    readonly series?: string;
    readonly composeVersion: string;
    readonly services: readonly AppliedService[];
  };
  /** null: the stack lives here again. */
  readonly moved?: { readonly address: string } | null;
}

/** Whose state it is, and when it is written. */
export interface StateContext {
  readonly project: string;
  readonly fence: Fence;
  readonly machineID: string;
  /** RFC 3339. */
  readonly time: string;
}

export function changedState(
  old: HostState | undefined,
  context: StateContext,
  change: StateChange,
): HostState {
  const { fence, machineID, time } = context;
  const { moved, ...kept } = switchedState(old, context, change);
  const { applied, update, data, volumes, ...rest } = kept;
  // Containers were brought to the data that is being overwritten; whoever has the new data applies anew.
  const stillApplied = change.data === null || change.data?.state === 'Incomplete' ? undefined : applied;
  const nowData =
    change.data === undefined ? data : change.data === null ? undefined : { ...change.data, time };
  const nowVolumes = change.data === null ? undefined : volumes;
  const nowMoved =
    change.moved === undefined
      ? moved
      : change.moved === null
        ? undefined
        : { time, ...sameMove(moved, change.moved) };
  // Data that was loaded is of no update; said again, an update keeps the time at which it was said first.
  const begun =
    change.update === undefined || change.update === null || update?.to === change.update.to
      ? undefined
      : { ...change.update, time };
  const nowUpdate = change.data !== undefined || change.update === null ? undefined : (begun ?? update);
  return {
    ...rest,
    // An operator that knows nothing of switched volumes would start the stack on the data from before.
    formatVersion: nowVolumes === undefined ? 1 : 2,
    owner: fence.owner,
    epoch: Math.max(fence.epoch, old?.epoch ?? 0),
    machineID,
    ...optional({ setupDigest: change.setupDigest, applied: stillApplied }),
    ...(change.applied === undefined ? {} : { applied: { ...change.applied, time } }),
    ...optional({ data: nowData, volumes: nowVolumes }),
    ...rememberedOrders(old, change),
    ...optional({ update: nowUpdate, moved: nowMoved }),
  };
}

/** One whose data were switched away again does not count. */
function rememberedOrders(
  old: HostState | undefined,
  { carriedOut, refuse }: StateChange,
): Pick<HostState, 'carriedOut'> {
  if (carriedOut === undefined && old?.carriedOut === undefined) return {};
  return {
    carriedOut: mergeCarriedOut(old?.carriedOut, carriedOut).filter(
      ({ requestUID }) => requestUID !== refuse?.requestUID,
    ),
  };
}

/** The state after the part of a change that concerns volumes. */
function switchedState(
  old: HostState | undefined,
  context: StateContext,
  change: StateChange,
): Partial<HostState> {
  if (old === undefined) return {};
  if (change.switch !== undefined) return switched(old, context, change.switch);
  if (change.refuse !== undefined) return switchedBack(old, context, change.refuse);
  if (change.previous === undefined || old.previous === undefined) return old;
  const { previous, ...kept } = old;
  return change.previous === null
    ? kept
    : { ...kept, previous: { ...previous, ...change.previous, measured: true } };
}

/** Containers of the old volumes are no longer what was applied, and no update of them goes on. */
function switched(
  old: HostState,
  { project, time }: StateContext,
  { data, volumes, untilTime }: NonNullable<RecordedChange['switch']>,
): Partial<HostState> {
  const inUse = Object.fromEntries(
    Object.keys(volumes).map((volume) => [volume, dockerVolume(project, volume, old.volumes)]),
  );
  if (isSame(inUse, volumes)) return old;
  const { applied, update, previous: _previous, refused: _refused, ...kept } = old;
  const version = update?.to ?? applied?.version;
  const previous =
    old.data?.state === 'Incomplete' || untilTime === undefined
      ? {}
      : {
          previous: {
            ...optional({ data: old.data }),
            volumes: inUse,
            ...optional({ version }),
            switchTime: time,
            untilTime,
          },
        };
  return { ...kept, ...previous, volumes: { ...old.volumes, ...volumes }, data: { ...data, time } };
}

function switchedBack(
  old: HostState,
  { time }: StateContext,
  refuse: NonNullable<RecordedChange['refuse']>,
): Partial<HostState> {
  const { previous, applied: _applied, update: _update, data, ...kept } = old;
  if (previous === undefined || data?.requestUID !== refuse.requestUID) return old;
  return {
    ...kept,
    volumes: { ...old.volumes, ...previous.volumes },
    ...optional({ data: previous.data }),
    refused: { ...refuse, time },
  };
}

function isSame(a: SwitchedVolumes, b: SwitchedVolumes): boolean {
  return (
    Object.keys(a).length === Object.keys(b).length &&
    Object.entries(a).every(([volume, name]) => b[volume] === name)
  );
}

/**
 * The volumes that neither the containers nor the previous data need.
 * @param names Docker volumes of the project
 */
export function needlessVolumes(
  project: string,
  names: readonly string[],
  { volumes, previous }: Pick<HostState, 'volumes' | 'previous'>,
): readonly string[] {
  return names.filter((name) => {
    const [, volume, load] =
      /^([a-z0-9-]+)(\.[a-z0-9]+)?$/.exec(
        name.startsWith(`${project}_`) ? name.slice(project.length + 1) : '',
      ) ?? [];
    // One that no restore ever replaced belongs to the release, whatever that may use it for.
    if (volume === undefined || (load === undefined && volumes?.[volume] === undefined)) return false;
    return name !== dockerVolume(project, volume, volumes) && name !== previous?.volumes[volume];
  });
}

/** Said again, a move keeps the time at which it was said first. */
function sameMove(
  old: HostState['moved'],
  { address }: { readonly address: string },
): { readonly address: string; readonly time?: string } {
  return old?.address === address ? old : { address };
}
