/** Where each stack of a channel stands towards its release, and what stands in its way; pure. */
import type { JtelChannel, JtelStack, Reason, StackChannel } from '../../../crds/index.ts';
import { isReason } from '../../../crds/index.ts';
import { optional } from '../../../base/optional.ts';
import { findCondition } from '../../../runtime/report/conditions.ts';
import { isFollowing, isUsingTurn, membershipIn, turnOf } from '../../channels/turns.ts';
import { positionOf, waveOf } from '../../channels/place.ts';
import type { KnownWindows } from '../../times/known-windows.ts';
import { gateOf } from './gates.ts';

/**
 * `Ready`: it may get a turn. `Waiting`: the wave waits for it. `Aside`: nobody waits for it; it gets its turn when it can be
 * updated again.
 */
export type Standing = 'Updated' | 'Running' | 'Failed' | 'Ready' | 'Waiting' | 'Aside';

export interface Stand {
  readonly stack: JtelStack;
  /** Undefined: the channel has no wave for it. */
  readonly wave: number | undefined;
  readonly position: number;
  readonly standing: Standing;
  readonly reason?: Reason;
  readonly message?: string;
  /** When that may change by itself. */
  readonly until?: Date;
}

/** When it is judged. */
export interface Moment {
  readonly now: Date;
  readonly windows: Pick<KnownWindows, 'state'>;
}

type Verdict = Pick<Stand, 'standing' | 'reason' | 'message' | 'until'>;

/** After a stack gave its turn back without a fault of its own, such as at the end of its window. */
const againAfterSeconds = 300;

/** All stacks that follow the channel and are not being deleted, in the order in which they get their turns. */
export function standsOf(
  channel: JtelChannel,
  stacks: readonly JtelStack[],
  moment: Moment,
): readonly Stand[] {
  return stacks
    .filter(
      (stack) => isFollowing(stack, channel.metadata.name) && stack.metadata.deletionTimestamp === undefined,
    )
    .map((stack) => standOf(channel, stack, moment))
    .toSorted((a, b) => (a.wave ?? Infinity) - (b.wave ?? Infinity) || a.position - b.position);
}

function standOf(channel: JtelChannel, stack: JtelStack, moment: Moment): Stand {
  const wave = waveOf(stack, channel);
  const verdict = wave === undefined ? unplaced(stack) : verdictOn(channel, stack, moment);
  return { stack, wave, position: positionOf(stack.metadata), ...verdict };
}

function unplaced({ spec }: JtelStack): Verdict {
  const { channelWave } = spec;
  const message =
    channelWave === undefined
      ? 'no wave has a selector that matches its labels, and none has a percentage'
      : `spec.channelWave names ${channelWave}, and the channel has no such wave`;
  return { standing: 'Aside', reason: 'WaveNotFound', message };
}

function verdictOn(channel: JtelChannel, stack: JtelStack, moment: Moment): Verdict {
  const { version } = channel.spec;
  const membership = membershipIn(stack, channel);
  if (membership === undefined) return joining(stack);
  const ends = membership.version === version;
  // It keeps its place until somebody mends it; another release may do that.
  if (membership.state === 'Failed') {
    if (ends) return { standing: 'Failed', ...why(membership) };
    // Such a stack takes no turn, also one that it was given already.
    const closed = leftAlone(stack) ?? windowObstacle(stack, moment);
    if (closed !== undefined) return closed;
    const turn = turnOf(channel, stack);
    const isAsked = turn?.state === 'Granted' && turn.version === version;
    return isAsked ? { standing: 'Running', reason: 'Updating' } : { standing: 'Ready' };
  }
  const isSettled = membership.state === 'Updated' || membership.state === 'HandedBack';
  if (turnOf(channel, stack) !== undefined || (ends && !isSettled))
    return { standing: 'Running', reason: 'Updating' };
  if (ends) return { standing: 'Updated' };
  return (
    triedVerdict(membership, stack, version, moment.now) ??
    obstacle(channel, stack, moment) ?? { standing: 'Ready' }
  );
}

/** It has not joined yet, maybe because it still has a turn of another channel, or of one of the same name before. */
function joining({ status }: JtelStack): Verdict {
  const former = status?.channel;
  if (former === undefined || !isUsingTurn(former))
    return { standing: 'Waiting', reason: 'Pending', message: 'the operator has not looked at it yet' };
  if (former.state === 'Failed') return { standing: 'Aside', ...why(former) };
  const message = `it is still being updated to ${former.version}, by the channel that it followed before`;
  return { standing: 'Running', reason: 'Updating', message };
}

/** What became of its last try with this release. */
function triedVerdict(
  membership: StackChannel,
  { metadata }: JtelStack,
  version: string,
  now: Date,
): Verdict | undefined {
  const { state, tried, triedFor, reason, time = '' } = membership;
  if (
    state !== 'HandedBack' ||
    tried !== version ||
    triedFor !== (metadata.annotations?.['jtel.de/retry'] ?? '')
  )
    return undefined;
  if (reason === 'DowngradeRefused') return { standing: 'Aside', ...why(membership) };
  if (!passingReasons.has(reason ?? '')) return { standing: 'Failed', ...why(membership) };
  const [given, pause] = [Date.parse(time), againAfterSeconds * 1000];
  // A stack's clock may be ahead a little. Further ahead, it was wrong.
  const isRecent = Math.abs(now.getTime() - given) < pause;
  return isRecent ? { standing: 'Waiting', ...why(membership), until: new Date(given + pause) } : undefined;
}

/** For which a turn is given back, and which say nothing about the release. */
const passingReasons: ReadonlySet<string> = new Set<Reason>([
  'WaitingForWindow',
  'TurnWithdrawn',
  'Suspended',
  'Observing',
  'Stopped',
  'StoreUnreachable',
  'StoreThrottled',
  'HostUnreachable',
]);

function why({ reason, message, tried, version }: StackChannel): Pick<Stand, 'reason' | 'message'> {
  return {
    ...(reason !== undefined && isReason(reason) ? { reason } : {}),
    message: message ?? `the update to ${tried ?? version} failed`,
  };
}

function obstacle(channel: JtelChannel, stack: JtelStack, moment: Moment): Verdict | undefined {
  const alone = leftAlone(stack);
  if (alone !== undefined) return alone;
  const { conditions } = stack.status ?? {};
  const reachable = findCondition(conditions, 'HostReachable');
  if (reachable?.status !== 'True')
    return { standing: 'Aside', reason: 'HostUnreachable', ...optional({ message: reachable?.message }) };
  const ready = findCondition(conditions, 'Ready');
  if (ready?.status !== 'True')
    return {
      standing: 'Aside',
      ...(isReason(ready?.reason ?? '') ? { reason: ready?.reason as Reason } : { reason: 'Pending' }),
      ...optional({ message: ready?.message }),
    };
  return windowObstacle(stack, moment) ?? gateOf(channel.spec.gates, stack, moment.now);
}

/** By its own spec. */
function leftAlone({ spec }: JtelStack): Verdict | undefined {
  if (spec.suspend) return { standing: 'Aside', reason: 'Suspended', message: 'spec.suspend is true' };
  if (spec.managementMode === 'Observe')
    return { standing: 'Aside', reason: 'Observing', message: 'spec.managementMode is Observe' };
  return spec.powerState === 'Stopped'
    ? { standing: 'Aside', reason: 'Stopped', message: 'spec.powerState is Stopped' }
    : undefined;
}

function windowObstacle({ spec }: JtelStack, { now, windows }: Moment): Verdict | undefined {
  const window = windows.state(spec.update.windows, now);
  if (window.kind === 'Open') return undefined;
  if (window.kind === 'Invalid')
    return { standing: 'Aside', reason: 'SpecInvalid', message: `no time zone ${window.timeZone} is known` };
  const { next } = window;
  const message = `its window opens at ${next.toISOString()}`;
  return { standing: 'Waiting', reason: 'WaitingForWindow', message, until: next };
}
