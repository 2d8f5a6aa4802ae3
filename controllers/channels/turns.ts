/**
 * The turns of a channel, as the channel and its stacks agree on them; pure.
 *
 * The channel's controller gives a turn in the channel's status, and takes it away again only when the stack's status says that
 * it is over, or that the stack does not take it. So of two sides that see each other late, neither believes in a turn that the
 * other has ended: each only waits for longer. docs/decisions/0064-channels.md has the argument.
 */
import type { ChannelTurn, JtelChannel, JtelStack, StackChannel } from '../../crds/index.ts';

/** States in which a stack uses the turn that it took last. */
const usingStates: ReadonlySet<StackChannel['state']> = new Set(['Taken', 'Updating', 'Failed']);

export function isUsingTurn(membership: StackChannel | undefined): boolean {
  return membership !== undefined && usingStates.has(membership.state);
}

/** What the stack keeps of exactly this channel. */
export function membershipIn(
  { status }: Pick<JtelStack, 'status'>,
  { metadata }: Pick<JtelChannel, 'metadata'>,
): StackChannel | undefined {
  const membership = status?.channel;
  return membership?.uid === metadata.uid ? membership : undefined;
}

export function isFollowing({ spec }: Pick<JtelStack, 'spec'>, name: string): boolean {
  return spec.channelRef?.name === name;
}

/** The turn of exactly this stack, whatever its state. */
export function turnOf(
  { status }: Pick<JtelChannel, 'status'>,
  { metadata }: Pick<JtelStack, 'metadata'>,
): ChannelTurn | undefined {
  return status?.turns?.findLast(({ uid }) => uid === metadata.uid);
}

/** Whether the stack has said that it neither uses this turn nor ever will. */
export function isOver({ number }: Pick<ChannelTurn, 'number'>, membership: StackChannel): boolean {
  const { turn = 0, declined = 0 } = membership;
  if (turn === number) return !isUsingTurn(membership);
  return turn > number || declined >= number;
}
