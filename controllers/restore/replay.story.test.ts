/**
 * An order to restore counts once. Tools that keep objects in git, and backups of clusters, create it again without its status
 * and with another uid. This runs over a Kubernetes API, stores and hosts in memory.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { restoreKind, stackKind, type JtelRestore } from '../../crds/index.ts';
import {
  aRestore,
  ask,
  backupID,
  effects,
  ended,
  endState,
  installed,
  project,
  ready,
  restoreOf,
  stackOf,
} from '../../test/support/world/restores.ts';
import { killAll, World } from '../../test/support/world/world.ts';
import { storeBackup } from '../../test/support/stored-backup.ts';
import { carriedOutBefore, orderID } from '../loading/restore-orders.ts';

const { signal: never } = new AbortController();
const newer = '20260302t020000z-00000b';
const storeRef = { name: 'customer' };

// Whole lives of a stack: a busy machine needs its time.
vi.setConfig({ testTimeout: 60_000 });

afterEach(killAll);

/** Creates the object as a tool does that has it in a file: no uid, no status. */
async function createAnew(
  world: World,
  spec: Partial<JtelRestore['spec']>,
  ...names: readonly string[]
): Promise<void> {
  for (const name of names)
    await world.cluster.delete(restoreKind, { namespace: 'acme', name }, {}, { signal: never });
  for (const name of names) await world.cluster.create(restoreKind, aRestore(spec, name), { signal: never });
}

async function removeRestores(world: World, ...names: readonly string[]): Promise<void> {
  for (const name of names)
    await world.cluster.delete(restoreKind, { namespace: 'acme', name }, {}, { signal: never });
}

/** The stack and its restores are gone from the cluster; the host and the store are as they were. */
async function loseCluster(world: World): Promise<void> {
  await world.kill();
  const { metadata } = await world.stack();
  await world.cluster.replace(
    stackKind,
    { ...(await world.stack()), metadata: { ...metadata, finalizers: [] } },
    { signal: never },
  );
  await world.cluster.delete(stackKind, metadata, {}, { signal: never });
}

const source = { backupID, storeRef };

async function expectReplay(world: World, name = 'back'): Promise<void> {
  await world.until('the order to end', () => ended(world, name));
  const { status } = await restoreOf(world, name);
  expect(status).toMatchObject({
    phase: 'Completed',
    conditions: expect.arrayContaining([expect.objectContaining({ reason: 'AlreadyCarriedOut' })]),
  });
  // Nothing was measured, so it must not count as a recovery.
  expect(status?.recoveryTimeSeconds).toBeUndefined();
}

/** A stack whose data were overwritten by the order `back`, and then by a newer backup. */
async function restoredTwice(): Promise<World> {
  const world = await installed(await World.create());
  storeBackup(world.customer, { backupID });
  storeBackup(world.customer, { backupID: newer });
  await ask(world, { source });
  await ask(world, { source: { backupID: newer, storeRef } }, 'later');
  await world.until('the stack to be Ready', () => ready(world));
  return world;
}

describe('an order whose object is made anew', () => {
  it('is not carried out again, and nor are several at once', async () => {
    const world = await restoredTwice();
    const before = effects(world).length;
    await createAnew(world, { source }, 'back');
    await expectReplay(world);
    await removeRestores(world, 'later');
    await world.cluster.create(restoreKind, aRestore({ source: { backupID: newer, storeRef } }, 'later'), {
      signal: never,
    });
    await createAnew(world, { source }, 'back');
    await world.until('both to end', async () => (await ended(world)) && (await ended(world, 'later')));
    for (const name of ['back', 'later'])
      expect((await restoreOf(world, name)).status?.conditions).toContainEqual(
        expect.objectContaining({ reason: 'AlreadyCarriedOut' }),
      );
    expect(effects(world).slice(before)).toEqual([]);
    expect(endState(world)).toMatchObject({ data: `backup ${newer}` });
    expect(await ready(world)).toBe(true);
  });

  it('is carried out under another name, and with another notAfter', async () => {
    const world = await restoredTwice();
    expect((await ask(world, { source }, 'back-once-more')).status?.conditions).toContainEqual(
      expect.objectContaining({ reason: 'RestoreCompleted' }),
    );
    await ask(world, { source: { backupID: newer, storeRef } }, 'later-again');
    await createAnew(world, { source, notAfter: '2100-01-01T00:00:00Z' }, 'back');
    await world.until('the restore to end', () => ended(world));
    expect((await restoreOf(world)).status?.conditions).toContainEqual(
      expect.objectContaining({ reason: 'RestoreCompleted' }),
    );
    expect(endState(world)).toMatchObject({ data: `backup ${backupID}` });
  });

  it('is known to the host when the cluster is lost', async () => {
    const world = await restoredTwice();
    await loseCluster(world);
    await removeRestores(world, 'back', 'later');
    await world.cluster.create(restoreKind, aRestore({ source }), { signal: never });
    await installed(world);
    await expectReplay(world);
    expect(endState(world)).toMatchObject({ data: `backup ${newer}` });
  });

  it('is known to the cluster when the host lost its memory', async () => {
    const world = await restoredTwice();
    const here = world.machine().projects.get(project);
    if (here?.state === undefined) throw new Error('the host has no state');
    const { carriedOut: _forgotten, ...state } = here.state;
    here.state = state;
    await createAnew(world, { source }, 'back');
    await expectReplay(world);
    expect(endState(world)).toMatchObject({ data: `backup ${newer}` });
  });

  it('is known to the newest backup when cluster and host are lost, also after its data came to the new host', async () => {
    const world = await World.create();
    const time = '2026-03-01T03:00:00Z';
    const carriedOut = [aRestore({ source }), aRestore({ source }, 'older')].map((order) => ({
      id: orderID(order),
      name: order.metadata.name,
      requestUID: 'of-another-life',
      backupID,
      time,
    }));
    storeBackup(world.customer, { backupID });
    storeBackup(world.customer, { backupID: newer, change: (manifest) => ({ ...manifest, carriedOut }) });
    await world.cluster.create(restoreKind, aRestore({ source }), { signal: never });
    await installed(world, { initialData: { source: 'Auto' } });
    await expectReplay(world);
    expect(endState(world)).toMatchObject({ data: `backup ${newer}` });
    await world.cluster.create(restoreKind, aRestore({ source }, 'older'), { signal: never });
    await world.until('the order to end', () => ended(world, 'older'));
    expect((await restoreOf(world, 'older')).status?.conditions).toContainEqual(
      expect.objectContaining({ reason: 'AlreadyCarriedOut' }),
    );
    expect(endState(world)).toMatchObject({ data: `backup ${newer}` });
  });

  it('of mode Plan tells again, for it changes nothing', async () => {
    const world = await restoredTwice();
    await ask(world, { source, mode: 'Plan' }, 'look');
    await createAnew(world, { source, mode: 'Plan' }, 'look');
    await world.until('the plan to end', () => ended(world, 'look'));
    expect((await restoreOf(world, 'look')).status?.conditions).toContainEqual(
      expect.objectContaining({ reason: 'ChecksPassed' }),
    );
  });
});

describe('an order that is too old', () => {
  it('ends before anything is touched', async () => {
    const world = await installed(await World.create());
    storeBackup(world.customer, { backupID });
    const before = effects(world).length;
    const { status } = await ask(world, { source, notAfter: '2026-01-01T00:00:00Z' });
    expect(status).toMatchObject({
      phase: 'Failed',
      conditions: expect.arrayContaining([expect.objectContaining({ reason: 'OrderExpired' })]),
    });
    expect(effects(world).slice(before)).toEqual([]);
  });
});

describe('what makes it the same order', () => {
  const order = aRestore({ source });
  it('is its name and what it asks for, whatever a later version adds', () => {
    expect(
      orderID({ ...order, spec: { ...order.spec, somethingNew: 'with a default' } as JtelRestore['spec'] }),
    ).toBe(orderID(order));
    const others = [
      aRestore({ source }, 'other'),
      aRestore({ source: { ...source, backupID: newer } }),
      aRestore({ source, ifNotEmpty: 'Fail' }),
      aRestore({ source, notAfter: '2100-01-01T00:00:00Z' }),
    ];
    expect(new Set([order, ...others].map((one) => orderID(one))).size).toBe(5);
  });

  const earlier = { id: 'a', name: 'back', requestUID: 'first', time: '2026-03-01T03:00:00Z' };
  it.each([
    ['one by another object', 'second', { requestUID: 'x' }, true],
    ['the very object that is being carried out', 'first', { requestUID: 'first' }, false],
    [
      'one that left the data half overwritten',
      'second',
      { requestUID: 'first', state: 'Incomplete' },
      false,
    ],
    ['one that is making them whole now', 'second', { requestUID: 'second', state: 'Incomplete' }, false],
    [
      'one before another that left them half overwritten',
      'second',
      { requestUID: 'x', state: 'Incomplete' },
      true,
    ],
  ])('with %s', (_, requestUID, data, counts) => {
    expect(carriedOutBefore({ id: 'a', requestUID }, [earlier], data)).toEqual(counts ? earlier : undefined);
    expect(carriedOutBefore({ id: 'b', requestUID }, [earlier], data)).toBeUndefined();
  });
});

it('a stack that is applied anew in the same cluster gets no old order either', async () => {
  const world = await restoredTwice();
  await loseCluster(world);
  await installed(world);
  await createAnew(world, { source }, 'back');
  await expectReplay(world);
  expect((await world.stack()).status?.carriedOut?.map(({ name }) => name)).toEqual(['back', 'later']);
  expect(stackOf().metadata.name).toBe('main');
});
