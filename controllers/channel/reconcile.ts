/**
 * The channel controller: which stacks may be updated to the release of a JtelChannel now.
 *
 * Flow: judge each stack that follows the channel, judge each wave, take back turns that are over, give new ones, write the
 * status. A stack takes its turn by itself and says so in its own status; it is updated like any other.
 *
 * Guarantees:
 *  - It writes only the status of the channel, locked on the version that was planned for. So of two processes with the same
 *    plan, one writes, and the number of turns never exceeds the limit.
 *  - A turn ends only when the stack said so, or is gone. What is seen late makes a turn last longer, never a second one begin.
 *  - What was begun is carried through: pausing, or another release, takes back only turns that were not used yet.
 *
 * Assumptions:
 *  - It sees the stacks of all namespaces.
 *
 * Caveats:
 *  - A stack whose operator does not work keeps its turn until it does.
 */
import { channelKind, type JtelChannel, type JtelStack } from '../../crds/index.ts';
import { WaveController, type WaveOptions, type WaveTypes } from '../../runtime/control/wave-controller.ts';
import { KnownWindows } from '../times/known-windows.ts';
import { plan, type ChannelPlan } from './plan/plan.ts';
import { channelEvents } from './report/events.ts';
import { summarise } from './report/status.ts';

export interface ChannelReconcilerOptions extends WaveOptions {
  /** Those that follow the channel of that name, or have one of its turns. */
  readonly stacksOf: (channel: JtelChannel) => readonly JtelStack[];
}

interface ChannelTypes extends WaveTypes {
  readonly object: JtelChannel;
  readonly seen: readonly JtelStack[];
  readonly plan: ChannelPlan;
  readonly found: undefined;
}

/** Times such as the age of a backup pass without a change of any object. */
const longestPauseSeconds = 300;

export function channelReconciler(options: ChannelReconcilerOptions): WaveController<ChannelTypes> {
  const windows = new KnownWindows();
  return new WaveController<ChannelTypes>(
    {
      kind: channelKind,
      observe: ({ object }) => Promise.resolve(options.stacksOf(object)),
      plan: ({ object, now }, stacks) => plan(object, stacks, { now, windows }),
      within: () => Promise.resolve(undefined),
      isLocked: () => true,
      summarise: ({ object, plan: planned, now }) => summarise(object, planned, now),
      events: ({ object }, status) =>
        channelEvents(object.status, status).map((event) => ({ ...event, action: 'Rollout' })),
      nextLook: ({ plan: { next }, now }) =>
        Math.min(
          longestPauseSeconds,
          next === undefined ? Infinity : Math.max(1, (next.getTime() - now.getTime()) / 1000),
        ),
    },
    options,
  );
}
