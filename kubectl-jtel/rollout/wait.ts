/** Waits until a channel has brought its release to all stacks, or has stopped. Ctrl-C stops the waiting, not the channel. */
import { CommandError } from '../../command-line/terminal.ts';
import { channelKind, type JtelChannel } from '../../crds/index.ts';
import { findCondition } from '../../runtime/report/conditions.ts';
import { follow, named } from '../follow.ts';
import type { Kit } from '../kit.ts';
import { ProgressLine } from '../progress-line.ts';

/** @returns the channel when nothing of its newest spec is left to do, or it needs somebody */
export async function waitForChannel(kit: Kit, name: string): Promise<JtelChannel> {
  const progress = new ProgressLine(kit);
  try {
    return await follow<JtelChannel, JtelChannel>(kit, channelKind, 'All', ({ objects, trouble }) => {
      const channel = named(objects, { namespace: '', name });
      if (channel === undefined) throw new CommandError(`JtelChannel ${name} was deleted`);
      if (hasEnded(channel)) return channel;
      const text = channel.status?.message ?? 'no operator has looked at it yet';
      progress.show({ text: trouble === undefined ? text : `not up to date: ${trouble}` });
      return undefined;
    });
  } finally {
    progress.end();
  }
}

/** What the status says of an older spec says nothing of this one. */
function hasEnded({ metadata, status }: JtelChannel): boolean {
  if (status?.observedGeneration !== metadata.generation) return false;
  return ['Ready', 'Stalled'].some((type) => findCondition(status.conditions, type)?.status === 'True');
}
