/**
 * What a stack keeps of its channel, and how it uses its turns; pure. The stack alone decides whether it takes a turn, and says so in its own
 * status, locked on the version that it was decided on. It never takes a turn that it has declined, and its word that a turn is
 * over is final (`controllers/channels/turns.ts`).
 */
import {
  annotations,
  isReason,
  type ChannelTurn,
  type JtelChannel,
  type JtelStack,
  type JtelStackStatus,
  type Reason,
  type StackChannel,
} from '../../../crds/index.ts';
import { optional } from '../../../base/optional.ts';
import type { StoryEvent } from '../../../runtime/report/event-recorder.ts';
import { formatTime } from '../../../runtime/report/conditions.ts';
import { firstRelease, waveOf } from '../../channels/place.ts';
import { isUsingTurn, turnOf } from '../../channels/turns.ts';
import { windowState } from '../../times/update-windows.ts';
import type { Observed, Plan, Refusal } from '../model.ts';
import { describe } from './sentences/index.ts';

export interface ChannelInput {
  readonly stack: JtelStack;
  /** Undefined: there is none of that name, or this operator does not follow channels. */
  readonly channel: JtelChannel | undefined;
  readonly plan: Plan;
  readonly objection?: Refusal;
  readonly observed: Pick<Observed, 'host' | 'revisions'>;
  /** A wave runs, or starts with this look. */
  readonly isActing: boolean;
  readonly now: Date;
}

/** @returns undefined while the stack has a release of its own, or nobody has said one yet */
export function followChannel(input: ChannelInput): StackChannel | undefined {
  const { stack, channel } = input;
  const { channelRef } = stack.spec;
  if (channelRef === undefined) return undefined;
  const known = stack.status?.channel;
  if (known !== undefined && isUsingTurn(known) && known.uid !== channel?.metadata.uid)
    return progressed(known, input, undefined);
  const membership = known?.uid === undefined || known.uid !== channel?.metadata.uid ? joined(input) : known;
  if (membership === undefined || channel === undefined) return membership;
  const turn = turnOf(channel, stack);
  const last = Math.max(membership.turn ?? 0, membership.declined ?? 0);
  if (turn !== undefined && turn.number > last) return answered(membership, turn, input);
  return withPlace(progressed(membership, input, turn), input);
}

/** At first a stack keeps what it has. A new one begins with what its wave is at. */
function joined({ stack, channel, now }: ChannelInput): StackChannel | undefined {
  const { spec, status } = stack;
  const name = spec.channelRef?.name ?? '';
  const version = status?.channel?.version ?? status?.version;
  const time = formatTime(now);
  if (channel === undefined) {
    const message = `JtelChannel ${name} does not exist, or this operator looks after some namespaces only.`;
    return version === undefined
      ? undefined
      : { ...withoutChannel(status?.channel, name, version, time), reason: 'ChannelNotFound', message };
  }
  const { uid } = channel.metadata;
  // Turns that were given to it before it joined are not its own.
  const declined = turnOf(channel, stack)?.number ?? 0;
  if (version !== undefined) return { name, uid, version, state: 'Updated', declined, time };
  const first = firstRelease(stack, channel);
  return first === undefined ? undefined : { name, uid, version: first, state: 'Installing', declined, time };
}

/** It keeps its release. */
function withoutChannel(
  before: StackChannel | undefined,
  name: string,
  version: string,
  time: string,
): StackChannel {
  if (before?.name === name && before.reason === 'ChannelNotFound') return before;
  return { name, version, state: 'Updated', time };
}

function answered(membership: StackChannel, turn: ChannelTurn, { stack, now }: ChannelInput): StackChannel {
  const { spec } = stack;
  const may =
    turn.state === 'Granted' &&
    leftAlone(stack) === undefined &&
    stack.metadata.deletionTimestamp === undefined &&
    windowState(spec.update.windows, now).kind === 'Open';
  if (may)
    return {
      ...whatItIs(membership),
      ...optional({ tried: membership.state === 'Failed' ? membership.version : undefined }),
      version: turn.version,
      state: 'Taken',
      from: membership.version,
      turn: turn.number,
      time: formatTime(now),
    };
  // One that failed keeps its place, whatever was offered to it.
  return isUsingTurn(membership) ? membership : { ...membership, declined: turn.number };
}

/** Without what became of the last try. */
function whatItIs({ name, uid, version, state, turn, declined }: StackChannel): StackChannel {
  return { name, version, state, ...optional({ uid, turn, declined }) };
}

function progressed(
  membership: StackChannel,
  input: ChannelInput,
  turn: ChannelTurn | undefined,
): StackChannel {
  if (membership.state !== 'Installing' && !isUsingTurn(membership)) return membership;
  const progress = progressOf(membership, input, turn);
  const time = formatTime(input.now);
  const { from, version } = membership;
  switch (progress.is) {
    case 'Done':
      return { ...whatItIs(membership), state: 'Updated', time };
    case 'Held':
      return membership.state === 'Failed' && membership.tried === version
        ? membership
        : { ...membership, state: 'Failed', tried: version, ...because(progress), time };
    case 'Over': {
      if (from === undefined) return membership;
      // It was broken before, too, and still holds its place.
      const state = membership.tried === from ? 'Failed' : 'HandedBack';
      const triedFor = input.stack.metadata.annotations?.[annotations.retry] ?? '';
      const tried = state === 'Failed' ? from : version;
      return { ...whatItIs(membership), version: from, state, tried, triedFor, ...because(progress), time };
    }
    case 'Working':
      return membership.state === 'Taken' ? { ...membership, state: 'Updating', time } : membership;
    case 'Unknown':
      return membership;
  }
}

type Progress =
  | { readonly is: 'Done' | 'Working' | 'Unknown' }
  /** Nothing of it is left to do: it was never begun, or was undone. */
  | { readonly is: 'Over' | 'Held'; readonly reason: Reason; readonly message: string };

function because({ reason, message }: { readonly reason: Reason; readonly message: string }): {
  readonly reason: Reason;
  readonly message: string;
} {
  return { reason, message: message.slice(0, 1024) };
}

function progressOf(membership: StackChannel, input: ChannelInput, turn: ChannelTurn | undefined): Progress {
  const { version } = membership;
  const { stack, plan, observed, isActing } = input;
  const { host, revisions } = observed;
  // Without the host nobody knows what was done.
  if (!host.ok || revisions === undefined || stack.spec.version !== version) return { is: 'Unknown' };
  const { outcome, attempt, spec, isNew } = revisions.current;
  if (isNew === true || spec.version !== version) return { is: 'Unknown' };
  const { state } = host.value;
  if (plan.kind === 'Done' && state?.applied?.version === version) return { is: 'Done' };
  const reason = outcome?.reason ?? 'HealthGateFailed';
  const message = outcome?.message ?? `the update to ${version} failed`;
  if (outcome?.result === 'RolledBack') return { is: 'Over', reason, message };
  if (outcome?.result === 'Held') return { is: 'Held', reason, message };
  // What another try has begun is not undone by wanting the former release.
  const isUntouched = state?.update === undefined && state?.applied?.version === membership.from;
  const over = isUntouched && !isActing ? whyNotBegun(input, attempt !== undefined, turn) : undefined;
  if (over !== undefined) return over;
  // Only a person can help.
  if (plan.kind === 'Blocked' && plan.stalled && !isUntouched && !isActing)
    return { is: 'Held', reason: plan.reason, message: describe(plan.facts) };
  return { is: isActing || attempt !== undefined ? 'Working' : 'Unknown' };
}

/** Why an update is not begun now. Nothing was touched. */
function whyNotBegun(
  { stack, plan, objection }: ChannelInput,
  isAttempted: boolean,
  turn: ChannelTurn | undefined,
): Extract<Progress, { is: 'Over' | 'Held' }> | undefined {
  if (plan.kind === 'Blocked' && plan.step === 'Backup')
    return { is: 'Over', reason: plan.reason, message: describe(plan.facts) };
  if (isAttempted) return undefined;
  if (objection !== undefined)
    return { is: 'Over', reason: objection.reason, message: describe(objection.facts) };
  const alone = leftAlone(stack);
  if (alone !== undefined) return { is: 'Over', ...alone };
  return turn?.state === 'Withdrawn'
    ? { is: 'Over', reason: 'TurnWithdrawn', message: 'The channel has taken the turn back.' }
    : undefined;
}

/** A stack without a wave is told; it keeps what it has. */
function withPlace(membership: StackChannel, { stack, channel }: ChannelInput): StackChannel {
  if (channel === undefined || isUsingTurn(membership)) return membership;
  const { reason, message, ...others } = membership;
  const isPlaced = waveOf(stack, channel) !== undefined;
  if (isPlaced) return reason === 'WaveNotFound' ? others : membership;
  const wave = stack.spec.channelWave;
  const why =
    wave === undefined
      ? `JtelChannel ${membership.name} has no wave for it: no selector matches its labels.`
      : `JtelChannel ${membership.name} has no wave ${wave}, which spec.channelWave names.`;
  return {
    ...others,
    reason: 'WaveNotFound',
    message: reason === 'WaveNotFound' && message === why ? message : why,
  };
}

/** Why nobody updates it now, by its own spec. */
function leftAlone({ spec }: JtelStack): { readonly reason: Reason; readonly message: string } | undefined {
  if (spec.suspend) return { reason: 'Suspended', message: 'spec.suspend is true.' };
  if (spec.managementMode === 'Observe')
    return { reason: 'Observing', message: 'spec.managementMode is Observe.' };
  return spec.powerState === 'Stopped'
    ? { reason: 'Stopped', message: 'spec.powerState is Stopped.' }
    : undefined;
}

/** A stack that follows none has nothing to keep of one. */
export function withChannel(status: JtelStackStatus, channel: StackChannel | undefined): JtelStackStatus {
  const { channel: _before, ...others } = status;
  return { ...others, ...optional({ channel }) };
}

/** What became of a turn, and why there is nothing to follow; each is told once. */
export function channelEvents(
  previous: JtelStackStatus | undefined,
  next: JtelStackStatus,
): readonly StoryEvent<Reason>[] {
  const [before, after] = [previous?.channel, next.channel];
  const { reason, message = '' } = after ?? {};
  if (reason === undefined || !isReason(reason)) return [];
  if (before?.reason === reason && before.time === after?.time) return [];
  return [{ type: 'Warning', reason, note: message.slice(0, longestNote) }];
}

const longestNote = 1000;
