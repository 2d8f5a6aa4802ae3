/** What a story is about is deleted in its middle, and one of the same name is created. */
import {
  backupKind,
  restoreKind,
  stackKind,
  type JtelBackup,
  type JtelRestore,
  type JtelStack,
} from '../../../crds/index.ts';
import { isConflict } from '../../../runtime/client/api-error.ts';
import type { ResourceKind } from '../../../runtime/kind.ts';
import { waitFor } from '../../support/wait.ts';
import { LateCaches } from '../../support/world/late-caches.ts';
import { stackKey, type World } from '../../support/world/world.ts';
import type { CampaignCase } from '../campaign.ts';
import type { Story } from '../crash/stories.ts';
import { frozenSeconds, later, survive, type Undisturbed } from './life.ts';

type Replaced = JtelStack | JtelBackup | JtelRestore;

interface Replacement {
  readonly kind: ResourceKind<Replaced>;
  readonly name: string;
  /** As with `kubectl delete` of one whose finalizers somebody took away: at once, whatever the operator does. */
  readonly isForced: boolean;
}

export function replacedCases(usual: Undisturbed): readonly CampaignCase[] {
  const replacement = replacementOf(usual.story);
  if (replacement === undefined) return [];
  // One that the operator lets go is gone only after the caches told it.
  const ways = replacement.isForced ? [false, true] : [false];
  return Array.from({ length: usual.effects }, (_, index) => index + 1).flatMap((effect) =>
    ways.map((frozen) => ({
      name: `${usual.story.name}: its object replaced at effect ${effect}${frozen ? ', unseen' : ''}`,
      run: () => replacedAt(usual, replacement, { effect, frozen }),
    })),
  );
}

/** Undefined if a new object cannot bring the story to its end: it knows of no move, nor what to go back to. */
function replacementOf({ name }: Story): Replacement | undefined {
  const of = (kind: unknown, its: string, isForced: boolean): Replacement => ({
    kind: kind as ResourceKind<Replaced>,
    name: its,
    isForced,
  });
  // Without their finalizer, nobody would end their jobs.
  if (name === 'back up') return of(backupKind, 'now', false);
  if (name === 'restore over data') return of(restoreKind, 'back', false);
  if (['delete', 'move', 'move and come back', 'update that fails'].includes(name)) return undefined;
  return of(stackKind, stackKey.name, true);
}

async function replacedAt(
  usual: Undisturbed,
  replacement: Replacement,
  { effect, frozen }: { readonly effect: number; readonly frozen: boolean },
): Promise<void> {
  const caches = new LateCaches();
  let replaced: Promise<void> | undefined;
  const story: Story = {
    ...usual.story,
    done: async (world) => {
      await replaced;
      return await usual.story.done(world).catch(() => false);
    },
  };
  // A backup that was complete stays in the store.
  const ends = [usual.endState, { ...(usual.endState as object), manifests: 2 }];
  const mayTell = (each: string): boolean => !/StatusOlderThanHost|RestoreWaits/.test(each);
  await survive({ ...usual, story, ends, mayTell }, caches, (world) => {
    const replace = (): void => {
      if (frozen) {
        caches.freeze();
        later(world, frozenSeconds, () => caches.relist());
      }
      // A hook of a write must not write itself.
      replaced = Promise.resolve().then(() => replaceIn(world, replacement));
    };
    world.interference = {
      effect: (count) => {
        if (count >= effect && replaced === undefined) replace();
      },
    };
  });
}

async function replaceIn({ cluster }: World, { kind, name, isForced }: Replacement): Promise<void> {
  const { signal } = new AbortController();
  const key = { ...stackKey, name };
  const find = (): Promise<Replaced | undefined> => cluster.find(kind, key, { signal });
  const before = await find();
  if (before === undefined) return;
  if (isForced) await takeFinalizers(cluster, kind, before);
  await cluster.delete(kind, key, {}, { signal });
  const isGone = async (): Promise<boolean> => (await find()) === undefined;
  await waitFor('the object to go', isGone, { intervalMilliseconds: 1 });
  const { apiVersion, spec } = before;
  await cluster.create(kind, { apiVersion, kind: kind.kind, metadata: key, spec } as Replaced, { signal });
}

async function takeFinalizers(
  cluster: World['cluster'],
  kind: Replacement['kind'],
  object: Replaced,
): Promise<void> {
  const { signal } = new AbortController();
  try {
    await cluster.patchFinalizers(kind, object, [], { signal });
  } catch (error) {
    if (!isConflict(error)) throw error;
    // The operator has just written it.
    const { namespace, name } = object.metadata;
    const live = await cluster.find(kind, { namespace, name }, { signal });
    if (live !== undefined) await takeFinalizers(cluster, kind, live);
  }
}
