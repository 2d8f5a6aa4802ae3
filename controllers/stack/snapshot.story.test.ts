/**
 * etcd is brought back from an older snapshot: the objects know nothing of what was done to the host since. With the very
 * operator, in memory.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { annotations, stackKind, type JtelStack, type JtelStackSpec } from '../../crds/index.ts';
import { arrived, moveTo, newAddress, oldAddress, runs } from '../../test/support/world/moves.ts';
import {
  effects,
  installed,
  killedEverywhere,
  looksAt,
  project,
  ready,
  stackOf,
} from '../../test/support/world/restores.ts';
import { killAll, stackKey, World } from '../../test/support/world/world.ts';

// Whole lives of a stack: a busy machine needs its time.
vi.setConfig({ testTimeout: 60_000 });

afterEach(killAll);

const { signal: never } = new AbortController();
const newer: Partial<JtelStackSpec> = {
  components: [{ name: 'acd-web', state: 'Enabled', env: [{ name: 'COLOUR', value: 'blue' }] }],
};

function digest(world: World, address?: string): string | undefined {
  return world.machine(address).projects.get(project)?.state?.applied?.digest;
}

function reasonOf({ status }: JtelStack): string | undefined {
  return status?.conditions?.find(({ type }) => type === 'Stalled')?.reason;
}

/** A stack that was changed after the snapshot; the objects are those of the snapshot again, and no operator runs. */
async function broughtBack(
  since: Partial<JtelStackSpec> = newer,
): Promise<{ world: World; before?: string }> {
  const world = await installed(await World.create());
  await world.kill();
  const restore = world.cluster.snapshot();
  const before = digest(world);
  world.start();
  await world.change(since);
  await world.until('the change', async () => (await ready(world)) && digest(world) !== before);
  await world.kill();
  restore();
  return { world, ...(before === undefined ? {} : { before }) };
}

async function annotate(world: World, value: string): Promise<void> {
  await world.cluster.patchAnnotations(
    stackKind,
    { metadata: stackKey } as JtelStack,
    { [annotations.acceptOlderStatus]: value },
    { signal: never },
  );
}

async function refused(world: World): Promise<JtelStack> {
  await world.until('the refusal', async () => reasonOf(await world.stack()) === 'StatusOlderThanHost');
  return await world.stack();
}

/** Notes every reason that is written to the stack. */
function watchReasons(world: World, seen: Set<string | undefined>): void {
  const apply = world.cluster.applyStatus.bind(world.cluster);
  world.cluster.applyStatus = async (kind, key, status, ...rest) => {
    if (kind.kind === stackKind.kind) seen.add(reasonOf({ status } as JtelStack));
    return await apply(kind, key, status, ...rest);
  };
}

describe('objects from an older snapshot', () => {
  it('do not take the newer configuration back, until somebody consents to what the host knows', async () => {
    const { world, before } = await broughtBack();
    const newest = digest(world);
    const since = effects(world).length;
    world.start();
    const { status } = await refused(world);
    const seen = looksAt(world.machine());
    await annotate(world, '2026-01-01T00:00:00.000Z');
    await world.until('looks after another consent', () => looksAt(world.machine()) >= seen + 2);
    expect(await refused(world)).toMatchObject({ status: { phase: 'Stalled' } });
    expect(effects(world).slice(since)).toEqual([]);
    expect(digest(world)).toBe(newest);

    const change = world.machine().projects.get(project)?.state?.change;
    expect(status?.hostChange?.unknown).toEqual({ kind: 'Configured', time: change?.time });
    await annotate(world, change?.time ?? '');
    await world.until('the older spec', async () => (await ready(world)) && digest(world) === before);
    expect((await world.stack()).status?.hostChange?.unknown).toBeUndefined();
  });

  it('continue by themselves once the spec is what runs there', async () => {
    const { world } = await broughtBack();
    const newest = digest(world);
    const since = effects(world).length;
    world.start();
    await refused(world);
    await world.change(newer);
    await world.until('the stack to be Ready', () => ready(world));
    expect(digest(world)).toBe(newest);
    expect(effects(world).slice(since)).not.toContain('composeUp');
    await world.change({ components: [] });
    await world.until('the next change', async () => (await ready(world)) && digest(world) !== newest);
  });

  it('are refused while they would stop what runs', async () => {
    const world = await installed(await World.create());
    await world.change({ powerState: 'Stopped' });
    await world.until('the stack to stop', async () => (await world.stack()).status?.phase === 'Stopped');
    await world.kill();
    const restore = world.cluster.snapshot();
    world.start();
    await world.change({ powerState: 'Running' });
    await world.until('the stack to run', () => ready(world));
    await world.change(newer);
    await world.until('the change', () => ready(world));
    await world.change({ components: [] });
    await world.until('the change to be taken back', () => ready(world));
    await world.kill();
    restore();
    world.start();
    await refused(world);
    expect(runs(world, oldAddress)).toBe(true);
  });

  it('are not what a stack is that was deleted and applied again in the middle of its installation', async () => {
    const world = await World.create();
    const { runJob } = world;
    world.runJob = () => ({ error: { reason: 'JobFailed', message: 'no' } });
    await world.apply(stackOf());
    world.start();
    await world.until('a load that fails', () =>
      world.machine().calls.some(({ method }) => method === 'removeJob'),
    );
    expect(world.machine().projects.get(project)?.state).toMatchObject({ change: { number: 1 } });
    await world.cluster.delete(stackKind, stackKey, {}, { signal: never });
    await world.until('the object to be gone', async () => (await world.find()) === undefined);
    const reasons = new Set<string | undefined>();
    watchReasons(world, reasons);
    world.runJob = runJob;
    await world.apply(stackOf());
    await world.until('the stack to be Ready', () => ready(world));
    expect(reasons).not.toContain('StatusOlderThanHost');
  });

  it('are as good as newer ones if nothing was configured since', async () => {
    const world = await installed(await World.create());
    await world.kill();
    const restore = world.cluster.snapshot();
    world.start();
    const seen = looksAt(world.machine());
    await world.until('a look', () => looksAt(world.machine()) > seen);
    await world.kill();
    restore();
    const reasons = new Set<string | undefined>();
    watchReasons(world, reasons);
    world.start();
    await world.change(newer);
    await world.until('the stack to be Ready', () => ready(world));
    expect(reasons).not.toContain('StatusOlderThanHost');
  });

  it('do not start a stack where it was before a move', async () => {
    const world = await World.create();
    world.machine(newAddress).withoutDocker();
    await installed(world);
    await world.kill();
    const restore = world.cluster.snapshot();
    await moveTo(world, { address: newAddress });
    world.start();
    await world.until('the stack to arrive', () => arrived(world, newAddress));
    await world.kill();
    restore();
    world.start();
    const { status } = await refused(world);
    expect(status?.hostChange?.unknown).toMatchObject({ kind: 'Moved', address: newAddress });
    expect(runs(world, newAddress)).toBe(true);
    expect(runs(world, oldAddress)).toBe(false);
    expect(world.machine(oldAddress).projects.get(project)?.state?.moved?.address).toBe(newAddress);
  });
});

describe('an operator that is killed anywhere', () => {
  it('never takes its own change for one that it does not know', async () => {
    const reasons = new Set<string | undefined>();
    const results = await killedEverywhere(
      async () => {
        const world = await installed(await World.create());
        await world.kill();
        watchReasons(world, reasons);
        await world.change(newer);
        return world;
      },
      async (world) =>
        (await ready(world)) &&
        (await world.stack()).status?.hostChange?.number ===
          world.machine().projects.get(project)?.state?.change?.number,
    );
    expect(results.length).toBeGreaterThan(5);
    expect(reasons).not.toContain('StatusOlderThanHost');
  });

  it('carries a consent through', async () => {
    const results = await killedEverywhere(
      async () => {
        const { world } = await broughtBack();
        await annotate(world, world.machine().projects.get(project)?.state?.change?.time ?? '');
        return world;
      },
      async (world) => {
        const { change } = world.machine().projects.get(project)?.state ?? {};
        const consent = (await world.stack()).metadata.annotations?.[annotations.acceptOlderStatus];
        return (await ready(world)) && change?.time !== consent;
      },
    );
    for (const { endState } of results) expect(endState).toEqual(results[0]?.endState);
    expect(results.length).toBeGreaterThan(5);
  });
});
