/**
 * Who may be updated now. A turn is given while there are fewer than the limit; it is taken away only when its stack is gone, has
 * left the channel, or has said that the turn is over. Pure.
 */
import type { ChannelTurn, ChannelWaveStatus, JtelChannel, JtelStack } from '../../../crds/index.ts';
import { formatTime } from '../../../runtime/report/conditions.ts';
import { isFollowing, isOver, isUsingTurn, membershipIn } from '../../channels/turns.ts';
import { standsOf, type Moment, type Stand } from './stands.ts';
import { beforeOf, wavesOf } from './waves.ts';

export interface ChannelPlan {
  readonly stands: readonly Stand[];
  readonly waves: readonly ChannelWaveStatus[];
  readonly turns: readonly ChannelTurn[];
  readonly turnNumber: number;
  /** Why no turn is given, whoever waits for one. */
  readonly stop?: 'Paused' | 'TooManyFailures';
  readonly failed: number;
  /** When something changes by itself. */
  readonly next?: Date;
}

/** @param stacks of the whole cluster */
export function plan(known: JtelChannel, stacks: readonly JtelStack[], moment: Moment): ChannelPlan {
  const { now } = moment;
  const turns = openTurns(known, stacks);
  // A stack whose turn is over is judged without it.
  const channel: JtelChannel = { ...known, status: { ...known.status, turns } };
  const stands = standsOf(channel, stacks, moment);
  const failed = stands.filter(({ standing }) => standing === 'Failed').length;
  const stop = stopOf(channel, failed);
  const waves = wavesOf(channel, stands, beforeOf(channel), now);
  const kept = withdrawn(channel, turns, stop !== undefined);
  const given = stop === undefined ? grant(channel, stands, waves, kept, now) : kept;
  const before = channel.status?.turnNumber ?? 0;
  const next = nextChange(stands, waves, now);
  return {
    stands,
    waves,
    turns: given,
    turnNumber: Math.max(before, ...given.map(({ number }) => number)),
    failed,
    ...(stop === undefined ? {} : { stop }),
    ...(next === undefined ? {} : { next }),
  };
}

function stopOf({ spec }: JtelChannel, failed: number): ChannelPlan['stop'] {
  if (spec.paused) return 'Paused';
  return failed > spec.maxFailures ? 'TooManyFailures' : undefined;
}

/** Those that are not over. */
function openTurns(channel: JtelChannel, stacks: readonly JtelStack[]): readonly ChannelTurn[] {
  const known = new Map(stacks.map((stack) => [stack.metadata.uid, stack]));
  return (channel.status?.turns ?? []).filter((turn) => {
    const stack = known.get(turn.uid);
    if (stack === undefined) return false;
    const membership = membershipIn(stack, channel);
    if (membership === undefined) return isFollowing(stack, channel.metadata.name);
    return !isOver(turn, membership);
  });
}

/** One that was not taken yet is withdrawn when the channel stops or wants another release. */
function withdrawn(
  { spec }: JtelChannel,
  turns: readonly ChannelTurn[],
  isStopped: boolean,
): readonly ChannelTurn[] {
  return turns.map((turn) =>
    isStopped || turn.version !== spec.version ? { ...turn, state: 'Withdrawn' } : turn,
  );
}

function grant(
  channel: JtelChannel,
  stands: readonly Stand[],
  waves: readonly ChannelWaveStatus[],
  kept: readonly ChannelTurn[],
  now: Date,
): readonly ChannelTurn[] {
  const { version, maxUnavailable } = channel.spec;
  const turns = new Map(kept.map((turn) => [turn.uid, turn]));
  // Those of a channel that they followed before.
  const others = stands.filter(
    ({ stack }) => membershipIn(stack, channel) === undefined && isUsingTurn(stack.status?.channel),
  ).length;
  let number = channel.status?.turnNumber ?? 0;
  for (const { stack, wave, standing } of stands) {
    if (standing !== 'Ready' || wave === undefined || waves[wave]?.state === 'Waiting') continue;
    const { uid, namespace, name } = stack.metadata;
    // A stack that failed has its place already, and may try another release in it.
    const hasPlace = turns.has(uid) && isUsingTurn(membershipIn(stack, channel));
    if (turns.has(uid) && !hasPlace) continue;
    if (!hasPlace && turns.size + others >= maxUnavailable) continue;
    number += 1;
    turns.set(uid, { number, namespace, name, uid, version, state: 'Granted', since: formatTime(now) });
  }
  return [...turns.values()];
}

function nextChange(
  stands: readonly Stand[],
  waves: readonly ChannelWaveStatus[],
  now: Date,
): Date | undefined {
  const times = [
    ...stands.map(({ until }) => until?.getTime()),
    ...waves.map(({ until }) => (until === undefined ? undefined : Date.parse(until))),
  ].filter((time) => time !== undefined && time > now.getTime()) as readonly number[];
  return times.length === 0 ? undefined : new Date(Math.min(...times));
}
