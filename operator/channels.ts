/**
 * Channels: their controller, and which stacks a change of one wakes. A channel has stacks of all namespaces, so the leader of
 * one shard looks after all channels, over the stacks of all shards.
 */
import { isDeepStrictEqual } from 'node:util';
import { channelKind, type JtelChannel, type JtelStack } from '../crds/index.ts';
import { channelReconciler } from '../controllers/channel/index.ts';
import { Controller, Quarantine, watching, type Change, type ObjectKey } from '../runtime/index.ts';
import type { Wake } from '../runtime/control/controller.ts';
import type { Caches } from './caches.ts';
import type { FleetParts, SharedParts } from './fleet-parts.ts';

const channelWorkers = 4;

/** Runs until the signal aborts and everything that was started has ended. */
export async function runChannels(
  parts: FleetParts,
  { common, aside }: SharedParts<JtelChannel>,
  signal: AbortSignal,
): Promise<void> {
  const { caches, leadsChannels = true } = parts;
  const { channels } = caches;
  if (channels === undefined || !leadsChannels) return;
  const { stacks } = parts.whole ?? caches;
  const stacksOf = stacks.index((one) => channelsOf(one));
  const byUID = stacks.index(({ metadata }) => [metadata.uid]);
  const controller = new Controller<JtelChannel>({
    ...common,
    name: 'channel',
    store: channels,
    workers: channelWorkers,
    quarantine: new Quarantine({ ...aside, kind: channelKind, store: channels }),
    wakes: [
      watching(stacks, (one) => channelsOf(one).map((name) => ({ namespace: '', name })), {
        matters: stackMatters,
      }),
    ],
    reconciler: channelReconciler({
      ...parts,
      stacksOf: ({ metadata, status }) => {
        const following = stacksOf.get(metadata.name);
        const known = new Set(following.map((one) => one.metadata.uid));
        const others = (status?.turns ?? [])
          .filter(({ uid }) => !known.has(uid))
          .flatMap(({ uid }) => byUID.get(uid));
        return [...following, ...others];
      },
    }),
  });
  await controller.run(signal);
}

/** The channel that it follows, and the one whose turn it may still have. */
function channelsOf({ spec, status }: JtelStack): readonly string[] {
  const names = [spec.channelRef?.name, status?.channel?.name].filter((name) => name !== undefined);
  return [...new Set(names)];
}

/** Whether a change says anything to a channel. Figures that change at each look do not. */
function stackMatters({ type, object, previous }: Change<JtelStack>): boolean {
  return type !== 'Modified' || !isDeepStrictEqual(readOf(object), previous && readOf(previous));
}

function readOf({ metadata, status }: JtelStack): unknown {
  const { uid, generation, labels, annotations, deletionTimestamp } = metadata;
  const { conditions = [], channel, backup, version } = status ?? {};
  return [
    [uid, generation, labels, annotations, deletionTimestamp],
    [channel, version, backup?.lastSuccessTime, backup?.lastRestoreTestPassedTime],
    conditions
      .filter(({ type }) => ['Ready', 'Available', 'HostReachable'].includes(type))
      .map(({ type, status: is, reason }) => [type, is, reason]),
  ];
}

/** Wakes those to whom a changed channel says something new: with a turn, or without a release yet. */
export function followingChannels({ channels, stacks }: Caches): readonly Wake[] {
  if (channels === undefined) return [];
  const stacksOf = stacks.index(channelsOf);
  return [
    (wake) =>
      channels.onChange((change) => {
        for (const key of toldBy(change, stacksOf.get(change.object.metadata.name))) wake(key);
      }),
  ];
}

function toldBy(
  { type, object, previous }: Change<JtelChannel>,
  stacks: readonly JtelStack[],
): readonly ObjectKey[] {
  const isNew = type !== 'Modified' || !isDeepStrictEqual(object.spec.waves, previous?.spec.waves);
  const before = new Map(previous?.status?.turns?.map((turn) => [turn.uid, turn]));
  const changed = new Set(
    (object.status?.turns ?? [])
      .filter((turn) => !isDeepStrictEqual(turn, before.get(turn.uid)))
      .map(({ uid }) => uid),
  );
  return stacks
    .filter(
      ({ metadata, spec, status }) =>
        isNew || changed.has(metadata.uid) || spec.version === '' || status?.channel === undefined,
    )
    .map(({ metadata: { namespace, name } }) => ({ namespace, name }));
}
