/** What a channel costs the Kubernetes API: the writes of a whole rollout, beside those of the same updates without a channel. */
import { afterEach, expect, it } from 'vitest';
import { aChannel } from '../controllers/channel/testing.ts';
import { aStack } from '../controllers/stack/testing.ts';
import { channelKind, stackKind, type JtelStack } from '../crds/index.ts';
import { findCondition } from '../runtime/report/conditions.ts';
import { isWrite, tally } from '../test/support/counted-cluster.ts';
import { waitFor } from '../test/support/wait.ts';
import { killAll, World } from '../test/support/world/world.ts';

const { signal } = new AbortController();
const [before, after] = ['3.43.1', '3.43.2'];
const names = ['p1', 'r1', 'r2', 'r3'];
/** More than the updates themselves, for each stack. */
const mostWrites = 12;

afterEach(killAll);

const key = (name: string) => ({ namespace: 'acme', name });

async function allAt(world: World, version: string): Promise<boolean> {
  const stacks = await Promise.all(names.map((name) => world.cluster.get(stackKind, key(name), { signal })));
  return stacks.every(
    ({ status }) =>
      status?.version === version &&
      status.operation === undefined &&
      findCondition(status.conditions, 'Ready')?.status === 'True',
  );
}

/** @returns how often each verb met each kind from the new version on until everything has it, without events */
async function writesOf(how: 'Channel' | 'Alone'): Promise<Readonly<Record<string, number>>> {
  const world = await World.create();
  const { host, update } = aStack().spec;
  const follows = how === 'Channel';
  if (follows)
    await world.cluster.create(channelKind, aChannel({ version: before, maxUnavailable: 2 }), { signal });
  for (const [index, name] of names.entries()) {
    const address = `198.51.100.${index + 1}`;
    world.machine(address);
    const labels = { tier: name.startsWith('p') ? 'pilot' : 'none' };
    const release = follows ? { version: '', channelRef: { name: 'stable' } } : { version: before };
    const spec = { ...release, host: { ...host, address }, update: { ...update, preUpdateBackup: 'Skip' } };
    await world.apply(aStack(spec as Partial<JtelStack['spec']>, { name, uid: name, labels }));
  }
  world.start();
  const channel = () => world.cluster.get(channelKind, { namespace: '', name: 'stable' }, { signal });
  const isDone = async (version: string): Promise<boolean> => {
    if (!(await allAt(world, version))) return false;
    if (!follows) return true;
    const { status } = await channel();
    return (
      status?.version === version &&
      (status.turns ?? []).length === 0 &&
      findCondition(status.conditions, 'Ready')?.status === 'True'
    );
  };
  await world.until('all to be installed', () => isDone(before));
  const begin = world.calls.length;
  const changed: readonly (() => Promise<unknown>)[] = follows
    ? [async () => world.cluster.replace(channelKind, inChannel(await channel()), { signal })]
    : names.map((name) => async () => {
        const live = await world.cluster.get(stackKind, key(name), { signal });
        return world.cluster.replace(
          stackKind,
          { ...live, spec: { ...live.spec, version: after } },
          { signal },
        );
      });
  for (const change of changed)
    await waitFor('the change to be taken', () => change().catch(() => undefined));
  await world.until('all to be updated', () => isDone(after));
  const calls = world.calls.slice(begin).filter((call) => isWrite(call) && call.kind !== 'Event');
  return tally(calls);
}

const inChannel = <T extends { readonly spec: object }>(from: T): T => ({
  ...from,
  spec: { ...from.spec, version: after },
});

it('a rollout takes few writes for each stack more than its updates do', { timeout: 120_000 }, async () => {
  const alone = await writesOf('Alone');
  const rollout = await writesOf('Channel');
  const sum = (writes: Readonly<Record<string, number>>): number =>
    Object.values(writes).reduce((all, count) => all + count, 0);
  const more = (sum(rollout) - sum(alone)) / names.length;
  expect(rollout['patch JtelChannel']).toBeGreaterThan(0);
  expect(more).toBeLessThanOrEqual(mostWrites);
});
