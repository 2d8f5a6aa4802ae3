/**
 * W25: a namespace is deleted as a whole. Its controller deletes Secrets before stacks, and nothing can be
 * made again in it.
 */
import assert from 'node:assert/strict';
import { annotations, stackKind, type JtelStack } from '../../../../crds/index.ts';
import { secrets } from '../../../../runtime/client/kinds.ts';
import { inWorld, installed, project } from '../../../support/world/restores.ts';
import { stackKey, World } from '../../../support/world/world.ts';
import type { WorldCase } from '../scene.ts';

const options = { signal: new AbortController().signal };
const sshKey = { namespace: 'acme', name: 'ssh' };

/** Works as the namespace controller does: one kind after the other, Secrets first. */
async function deleteNamespace(world: World): Promise<void> {
  for (const { metadata } of await world.cluster.list(secrets, { namespace: 'acme' }, options))
    await world.cluster.delete(secrets, { namespace: 'acme', name: metadata?.name ?? '' }, {}, options);
  await world.cluster.delete(stackKind, stackKey, {}, options);
}

const running = (world: World): number =>
  [...(world.machine().projects.get(project)?.containers.values() ?? [])].filter(
    ({ state }) => state === 'running',
  ).length;
const gone = async (world: World): Promise<boolean> => (await world.find()) === undefined;
const secretGone = async (world: World): Promise<boolean> =>
  (await world.cluster.find(secrets, sshKey, options)) === undefined;

async function held(world: World): Promise<boolean> {
  return (await world.cluster.find(secrets, sshKey, options))?.metadata?.finalizers !== undefined;
}

async function annotate(
  world: World,
  given: (stack: JtelStack) => Readonly<Record<string, string>>,
): Promise<void> {
  const stack = await world.stack();
  await world.cluster.patchAnnotations(stackKind, stack, given(stack), options);
}

export const cases: readonly WorldCase[] = [
  {
    id: 'W25',
    title:
      'a stack with deletionPolicy Stop is stopped, although its Secrets were deleted first; then everything goes',
    needs: 'nothing',
    run: () =>
      inWorld(async (world) => {
        await installed(world, { deletionPolicy: 'Stop' });
        await world.until('the Secret to be held', () => held(world));
        await deleteNamespace(world);
        await world.until('the stack to go', () => gone(world));
        assert.equal(running(world), 0);
        assert.ok(await secretGone(world));
      }),
  },
  {
    id: 'W25',
    title: 'one with Destroy waits for its consent with the key kept, and is destroyed then',
    needs: 'nothing',
    run: () =>
      inWorld(async (world) => {
        await installed(world, { deletionPolicy: 'Destroy' });
        await world.until('the Secret to be held', () => held(world));
        await deleteNamespace(world);
        await world.until(
          'the question for consent',
          async () => (await world.stack()).status?.message?.includes(annotations.confirmDestroy) === true,
        );
        assert.equal(await secretGone(world), false);
        await annotate(world, ({ metadata }) => ({ [annotations.confirmDestroy]: metadata.uid }));
        await world.until('the stack to go', () => gone(world));
        assert.equal(world.machine().projects.has(project), false);
        assert.ok(await secretGone(world));
      }),
  },
  {
    id: 'W25',
    title: 'the operator is killed at every effect of it, and it ends the same',
    needs: 'nothing',
    run: async () => {
      for (let crashAt = 1, crashes = 0; ; crashAt += 1) {
        const world = await installed(await World.create(), { deletionPolicy: 'Stop' });
        await world.until('the Secret to be held', () => held(world));
        await world.kill();
        await deleteNamespace(world);
        world.start(crashAt);
        const whole = await world.until(
          'the stack to go',
          async () => (await gone(world)) && (await secretGone(world)),
        );
        await world.kill();
        if (!whole) {
          crashes += 1;
          world.start();
          await world.until(
            `the stack to go after a kill at effect ${crashAt}`,
            async () => (await gone(world)) && (await secretGone(world)),
          );
          await world.kill();
        }
        assert.equal(running(world), 0, `after a kill at effect ${crashAt}`);
        if (whole) {
          assert.ok(crashes > 5, `only ${crashes} effects`);
          return;
        }
      }
    },
  },
  {
    id: 'W25',
    title: 'where the key is gone all the same, what is advised can be done',
    needs: 'nothing',
    run: () =>
      inWorld(async (world) => {
        await installed(world, { deletionPolicy: 'Stop' });
        await world.until('the Secret to be held', () => held(world));
        const secret = await world.cluster.get(secrets, sshKey, options);
        await world.cluster.patchFinalizers(secrets, secret, [], options);
        await deleteNamespace(world);
        await world.until(
          'the advice',
          async () =>
            (await world.stack()).status?.message?.includes(
              'If the namespace is being deleted, that cannot be done any more',
            ) === true,
        );
        assert.match(
          (await world.stack()).status?.message ?? '',
          new RegExp(`kubectl annotate jtelstack main -n acme ${annotations.abandonHost}=true`),
        );
        await annotate(world, () => ({ [annotations.abandonHost]: 'true' }));
        await world.until('the stack to go', () => gone(world));
      }),
  },
  {
    id: 'W25',
    title:
      'a Secret that is deleted by itself is not held for long, and one that is no longer needed not at all',
    needs: 'nothing',
    run: () =>
      inWorld(async (world) => {
        await installed(world, { deletionPolicy: 'Stop' });
        await world.until('the Secret to be held', () => held(world));
        const { data = {} } = await world.cluster.get(secrets, sshKey, options);
        await world.cluster.delete(secrets, sshKey, {}, options);
        assert.equal(await secretGone(world), false);
        await world.until('the Secret to go', () => secretGone(world));
        await world.cluster.create(secrets, { metadata: sshKey, data }, options);
        await world.until('the new one to be held', () => held(world));
        await world.change({ deletionPolicy: 'Orphan' });
        await world.until(
          'the new one to be let go',
          async () =>
            ((await world.cluster.get(secrets, sshKey, options)).metadata?.finalizers ?? []).length === 0,
        );
      }),
  },
];
