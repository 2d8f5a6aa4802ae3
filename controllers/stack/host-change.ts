/**
 * Whether the host saw changes of which the stack's objects know nothing, as after etcd was brought back from an older
 * snapshot: then the spec may be older than what runs. Pure.
 *
 * Each wave that configures the host gets a number, which the status notes before and the host after. So a host's number is
 * greater than the status's only if the status is from before that wave.
 */

import { annotations, type JtelStack, type JtelStackStatus } from '../../crds/index.ts';
import type { HostState } from '../../host-driver/host.ts';
import { largestEpoch } from '../../host-driver/state-schema.ts';
import { optional } from '../../base/optional.ts';
import type { Action, ActionType } from './actions.ts';
import type { UnknownChange } from './findings.ts';
import type { Choice, Observed } from './model.ts';

type HostChange = NonNullable<JtelStackStatus['hostChange']>;

export interface HostChangeInput extends Pick<Choice, 'desired'> {
  readonly stack: JtelStack;
  readonly observed: Pick<Observed, 'host'>;
}

/** Actions after which the host records a new configuration. */
const configuring: ReadonlySet<ActionType> = new Set(['SetUpHost', 'MarkUpdate', 'RecordApplied']);

/**
 * The number to note for the wave that is due; undefined if there is none, or it does not concern the count. A claim makes what
 * another object configured here its own, so its number is known from then on.
 */
export function changeNumber(
  { stack, observed }: Pick<HostChangeInput, 'stack' | 'observed'>,
  wave: readonly Action[] | undefined,
): number | undefined {
  if (wave === undefined) return undefined;
  const state = observed.host.ok ? observed.host.value.state : undefined;
  const seen = Math.max(stack.status?.hostChange?.number ?? 0, state?.change?.number ?? 0);
  if (wave.some(({ type }) => configuring.has(type))) return Math.min(seen + 1, largestEpoch);
  const isTakenOver = ownState(stack, state) === undefined && wave.some(({ type }) => type === 'ClaimHost');
  return isTakenOver && seen > 0 ? seen : undefined;
}

/** What to ask consent for; undefined when the status knows everything, or somebody consented. */
export function unknownChange(input: HostChangeInput): UnknownChange | undefined {
  const found = findUnknown(input);
  return input.stack.metadata.annotations?.[annotations.acceptOlderStatus] === found?.time
    ? undefined
    : found;
}

/** The status notes what was seen on the host, and in advance what is about to be done there. */
export function summariseHostChange(
  input: HostChangeInput & { readonly now: Date },
  next: number | undefined,
): HostChange | undefined {
  const { stack, observed, now } = input;
  const known = stack.status?.hostChange;
  const unknown = unknownChange(input);
  if (unknown !== undefined)
    return { number: known?.number ?? 0, ...optional({ time: known?.time }), unknown };
  const own = observed.host.ok ? ownState(stack, observed.host.value.state) : undefined;
  const number = Math.max(known?.number ?? 0, own?.change?.number ?? 0, next ?? 0);
  if (number === 0) return undefined;
  if (number === known?.number) return { number, ...optional({ time: known.time }) };
  const time = number === own?.change?.number ? moment(own.change.time) : now.toISOString();
  return { number, time };
}

function findUnknown({ stack, observed, desired }: HostChangeInput): UnknownChange | undefined {
  if (!observed.host.ok) return undefined;
  const { status } = stack;
  const { facts, containers } = observed.host.value;
  const state = ownState(stack, observed.host.value.state);
  if (state === undefined) return undefined;
  if (
    state.moved !== undefined &&
    status?.dataHost?.machineID === facts.machineID &&
    !isLeaving(status, facts.machineID)
  )
    return { kind: 'Moved', time: moment(state.moved.time), address: state.moved.address };
  const known = knownNumber(status);
  if (state.change === undefined || known === undefined || state.change.number <= known) return undefined;
  const stops = stack.spec.powerState === 'Stopped' && containers.some(({ state: one }) => one === 'running');
  return isConfigured(state, desired) && !stops
    ? undefined
    : { kind: 'Configured', time: moment(state.change.time) };
}

/** A stack that was deleted and applied again is another object: its spec was just given, and is no older one. */
function ownState({ metadata }: JtelStack, state: HostState | undefined): HostState | undefined {
  return state?.owner.uid === metadata.uid ? state : undefined;
}

/** The status of an operator that did not count yet knows no number, and proves nothing. */
function knownNumber(status: JtelStackStatus | undefined): number | undefined {
  return status?.hostChange?.number ?? (status?.version === undefined ? 0 : undefined);
}

/** The status knows of a move away from the machine, so the mark of one is no news. */
function isLeaving({ relocation }: JtelStackStatus, machineID: string): boolean {
  return (
    relocation?.fromMachineID === machineID &&
    relocation.state !== 'Completed' &&
    relocation.state !== 'Failed'
  );
}

/** The host has exactly what the spec asks for, so however old the status is, nothing would be taken back. */
function isConfigured({ applied, setupDigest, update }: HostState, desired: Choice['desired']): boolean {
  return (
    desired !== undefined &&
    update === undefined &&
    applied?.digest === desired.release.digest &&
    setupDigest === desired.setupDigest
  );
}

/** The host's words are not repeated as they are. */
function moment(time: string): string {
  return new Date(time).toISOString();
}
