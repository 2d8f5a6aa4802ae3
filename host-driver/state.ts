/** Reads `state.json` and the fence beside it, and computes the next state from a change. Pure. */
import { createHash } from 'node:crypto';
import { areOwnVolumes, dockerVolume, type SwitchedVolumes } from './volumes.ts';
import { mergeCarriedOut } from './carried-out.ts';
import { HostError } from './host.ts';
import type { AppliedService, Fence, HostState, RecordedChange, StackOwner } from './host.ts';
import { hostState, largestEpoch } from './state-schema.ts';
import { FormatError, integer, object, read } from '../backup-format/schema.ts';
import { optional } from '../base/optional.ts';

const newestFormat = 2;
const versioned = object({ formatVersion: integer(1) });

/** Identifies an owner for the host's script, which compares it without understanding JSON. */
export function ownerDigest(owner: StackOwner): string {
  return createHash('sha256')
    .update(JSON.stringify([owner.clusterID, owner.namespace, owner.name, owner.uid]))
    .digest('hex');
}

/** What lies in the place of a state, in words: this version cannot use it, and overwrites it only with consent. */
export interface UnusableState {
  /** `FenceInvalid`: the fence beside it, which lies there in a file of its own. */
  readonly kind: 'Newer' | 'Invalid' | 'FenceInvalid';
  readonly why: string;
}

/** @returns nothing if there is no state; fields that this version does not know stay. */
export function readState(text: string): {
  readonly state?: HostState;
  readonly unusable?: UnusableState;
} {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    const { formatVersion } = read(versioned, value, 'it');
    if (formatVersion > newestFormat)
      return { unusable: { kind: 'Newer', why: `its format version is ${formatVersion}` } };
    read(hostState, value, 'it');
    return { state: value as HostState };
  } catch (error) {
    // The parser's own message repeats a part of the text.
    const why = error instanceof FormatError ? error.message.replace(/^it: /, '') : 'it is no JSON';
    return { unusable: { kind: 'Invalid', why } };
  }
}

/** A state that names volumes of others: somebody may have broken into the host. */
export function foreignVolumes(project: string, state: HostState | undefined): UnusableState | undefined {
  return [state?.volumes ?? {}, state?.previous?.volumes ?? {}].every((names) =>
    areOwnVolumes(project, names),
  )
    ? undefined
    : { kind: 'Invalid', why: 'it names volumes of others' };
}

/** @throws HostError HostStateInvalid, or HostOwned if a newer operator wrote it. */
export function requireUsable(host: string, project: string, unusable: UnusableState | undefined): void {
  if (unusable === undefined) return;
  const folder = `/opt/jtel/${project}`;
  const what = `${folder}/state.json on ${host} cannot be used: ${unusable.why}`;
  if (unusable.kind === 'Newer')
    throw new HostError('HostOwned', host, `${what}; use the operator that wrote it`);
  throw new HostError(
    'HostStateInvalid',
    host,
    `${what}; nothing is changed there. Find out who wrote that, then put a good copy in its place; or take the host anew, ` +
      `without what it recorded: sudo mv ${folder}/state.json ${folder}/state.json.bad` +
      (unusable.kind === 'FenceInvalid' ? `; sudo rm ${folder}/fence` : ''),
  );
}

/** The newest epoch that the host has seen, from the file that its script checks; state.json may be one step behind. */
export function readFence(line: string | undefined): {
  readonly epoch?: number;
  readonly unusable?: UnusableState;
} {
  if (line === undefined) return {};
  const [digits = ''] = line.split(' ');
  const epoch = Number(digits);
  return /^\d{1,16}$/.test(digits) && epoch <= largestEpoch
    ? { epoch }
    : {
        unusable: {
          kind: 'FenceInvalid',
          why: `the fence beside it must begin with a number up to ${largestEpoch}`,
        },
      };
}

/** Only top-level keys are indented by two spaces. script/host.sh relies on that to find `moved`. */
export function formatState(state: HostState): string {
  return `${JSON.stringify(state, undefined, 2)}\n`;
}

/** sha256 of the file on the host, or `-`. The script replaces only the state that the caller has seen. */
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
  /** null: the stack is here again. */
  readonly moved?: { readonly address: string } | null;
}

/** Says whose state it is and when it is written. */
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
  // The containers belong to the data that are being overwritten. After the load, the release is applied
  // again.
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
  // Loaded data end an update. An update that is recorded again keeps its first time.
  const begun =
    change.update === undefined || change.update === null || update?.to === change.update.to
      ? undefined
      : { ...change.update, time };
  const nowUpdate = change.data !== undefined || change.update === null ? undefined : (begun ?? update);
  return {
    ...rest,
    // An operator that does not know switched volumes would start the stack on the old data.
    formatVersion: nowVolumes === undefined ? 1 : 2,
    owner: fence.owner,
    epoch: Math.max(fence.epoch, old?.epoch ?? 0),
    machineID,
    ...optional({ setupDigest: change.setupDigest, applied: stillApplied }),
    ...(change.applied === undefined ? {} : { applied: { ...change.applied, time } }),
    ...optional({ data: nowData, volumes: nowVolumes }),
    ...rememberedOrders(old, change),
    ...optional({ update: nowUpdate, moved: nowMoved, change: countedChange(old, context, change) }),
  };
}

/** Grows with each change of what is configured here. So a status from before it is noticed. */
function countedChange(
  old: HostState | undefined,
  { fence, time }: StateContext,
  { applied, update, setupDigest }: StateChange,
): HostState['change'] {
  const configures = applied !== undefined || setupDigest !== undefined || (update ?? null) !== null;
  if (!configures || fence.change === undefined || fence.change <= (old?.change?.number ?? 0))
    return old?.change;
  return { number: fence.change, time };
}

/** A restore whose data were switched away again does not count. */
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

/** Applies the part of a change that concerns volumes. */
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

/** Containers of the old volumes are no longer what was applied, and their update is over. */
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
 * Returns the volumes that neither the containers nor the previous data need.
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
    // A volume that no restore ever replaced belongs to the release, whatever it is for.
    if (volume === undefined || (load === undefined && volumes?.[volume] === undefined)) return false;
    return name !== dockerVolume(project, volume, volumes) && name !== previous?.volumes[volume];
  });
}

/** A move that is recorded again keeps its first time. */
function sameMove(
  old: HostState['moved'],
  { address }: { readonly address: string },
): { readonly address: string; readonly time?: string } {
  return old?.address === address ? old : { address };
}
