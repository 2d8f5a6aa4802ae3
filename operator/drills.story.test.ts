/** Drills under the real controllers, with hosts and stores in memory: from a backup to a clean host, killed anywhere. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { aBackup, aDrill, aDrillHost } from '../controllers/drill/testing.ts';
import { aStack } from '../controllers/stack/testing.ts';
import { backupKind, drillKind, restoreKind, type JtelBackup, type JtelDrill } from '../crds/index.ts';
import type { FakeJobOutcome } from '../host-driver/fake/machine.ts';
import { findCondition } from '../runtime/report/conditions.ts';
import { storeBackup } from '../test/support/stored-backup.ts';
import { backupID, installed, killedEverywhere, project } from '../test/support/world/restores.ts';
import { killAll, World } from '../test/support/world/world.ts';

const { signal: never } = new AbortController();

vi.setConfig({ testTimeout: 60_000 });

afterEach(killAll);

const [drillHost] = [aDrillHost(1)];
const { address } = drillHost.host;
const counted = {
  tables: [{ schema: 'jtel', name: 't', rows: 5 }],
  sequences: 0,
  fileTrees: [{ name: 'files', files: 1, bytes: 100 }],
};

/** A Ready stack with a completed backup, the keys of the drill's host, and no operator. */
async function withBackup(): Promise<World> {
  const world = await World.create();
  world.machine(address);
  await world.addSecret('drill-ssh', { 'ssh-privatekey': 'key' });
  world.runJob = ({ type }): FakeJobOutcome => ({ result: type === 'count' ? counted : {} });
  await installed(world);
  await world.kill();
  storeBackup(world.customer, { backupID, version: '3.44.0' });
  await complete(world, 'made');
  return world;
}

async function complete(world: World, name: string): Promise<void> {
  const { spec } = aBackup(name);
  const metadata = { namespace: 'acme', name } as JtelBackup['metadata'];
  const backup: JtelBackup = { apiVersion: 'jtel.de/v1alpha1', kind: 'JtelBackup', metadata, spec };
  await world.cluster.create(backupKind, backup, { signal: never });
  await world.cluster.applyStatus(
    backupKind,
    metadata,
    {
      phase: 'Completed',
      backupID,
      identity: 'acme.main',
      storeRef: { name: 'customer' },
      startTime: '2026-03-01T02:00:00Z',
      totalBytes: 1000,
    },
    {},
    { signal: never },
  );
}

async function begin(world: World, drill: JtelDrill = aDrill()): Promise<World> {
  await world.cluster.create(drillKind, drill, { signal: never });
  return world;
}

function drillOf(world: World): Promise<JtelDrill> {
  return world.cluster.get(drillKind, { namespace: '', name: 'nightly' }, { signal: never });
}

function testOf(world: World, name = 'made-drill') {
  return world.cluster.find(restoreKind, { namespace: 'acme', name }, { signal: never });
}

async function isDone(world: World): Promise<boolean> {
  const { status } = await drillOf(world);
  return status?.testsDone === 1 && (status.tests ?? []).length === 0 && status.waiting === 0;
}

const reasonOf = async (world: World): Promise<string | undefined> =>
  findCondition((await drillOf(world)).status?.conditions, 'Ready')?.reason;

describe('a drill', () => {
  it('restores a backup on its own host, tells it of the stack, and leaves nothing behind', async () => {
    const world = await begin(await withBackup());
    const before = world.machine().calls.length;
    world.start();
    await world.until('the test to be over', () => isDone(world));
    expect((await testOf(world))?.status).toMatchObject({ phase: 'Completed' });
    expect([...world.machine(address).projects.keys()]).toEqual([]);
    expect(world.machine(address).jobs.size).toBe(0);
    expect(world.machine(address).calls.map(({ method }) => method)).toContain('composeUp');
    expect(
      world
        .machine()
        .calls.slice(before)
        .filter(({ project: of = project }) => of !== project),
    ).toEqual([]);
    await world.until(
      'the stack to know',
      async () => (await world.stack()).status?.backup?.lastRestoreTestResult === 'Passed',
    );
    await world.until('the drill to count it', async () => (await drillOf(world)).status?.tested === 1);
    const { status } = await drillOf(world);
    expect(status).toMatchObject({ testedPercent: 100, failed: 0, running: 0, cycleHours: 1 });
    expect(status?.message).toMatch(
      /^1 of 1 stacks .* With this host every backup is tested each \d+\.\d days\.$/,
    );
    expect(await reasonOf(world)).toBe('DrillDone');
  });

  it('ends the same if the operator is killed before or after any effect', async () => {
    const [, ...killed] = await killedEverywhere(
      async () => begin(await withBackup()),
      async (world) => {
        if (!(await isDone(world))) return false;
        // Whatever happened, nothing is left when a place is given on.
        expect([...world.machine(address).projects.keys()]).toEqual([]);
        expect(world.machine(address).jobs.size).toBe(0);
        return true;
      },
    );
    expect(killed.length).toBeGreaterThan(20);
  }, 120_000);

  it('begins nothing on the host of a stack, and says whose it is', async () => {
    const { host } = aStack().spec;
    const world = await begin(await withBackup(), aDrill({ hosts: [{ ...drillHost, host }] }));
    world.start();
    await world.until('it to be refused', async () => (await reasonOf(world)) === 'DrillHostRefused');
    expect((await drillOf(world)).status).toMatchObject({
      running: 0,
      hosts: [{ state: 'Refused', message: expect.stringContaining('JtelStack acme/main') }],
    });
    expect(await testOf(world)).toBeUndefined();
  });

  it('tells that a backup has no room', async () => {
    const world = await begin(await withBackup(), aDrill({ hosts: [{ ...drillHost, keepFreeGiB: 65_536 }] }));
    world.start();
    await world.until('it to be told', async () => (await reasonOf(world)) === 'DrillNoRoom');
    expect((await drillOf(world)).status?.message).toContain('acme/main');
    expect(await testOf(world)).toBeUndefined();
  });

  it('wipes what a test left whose object was let go, before anything else begins there', async () => {
    const world = await withBackup();
    world.runJob = ({ type }) => (type === 'restore' ? { durationMilliseconds: 1e9 } : { result: {} });
    await begin(world);
    world.start();
    await world.until('the load', () => world.machine(address).jobs.size > 0);
    await world.kill();
    const test = await testOf(world);
    if (test === undefined) throw new Error('there is no test');
    await world.cluster.replace(
      restoreKind,
      { ...test, metadata: { ...test.metadata, finalizers: [] } },
      { signal: never },
    );
    await world.cluster.delete(restoreKind, { namespace: 'acme', name: 'made-drill' }, {}, { signal: never });
    const left = [...world.machine(address).projects.keys()];
    world.runJob = ({ type }): FakeJobOutcome => ({ result: type === 'count' ? counted : {} });
    world.start();
    await world.until('the backup to be tested again', () => isDone(world));
    expect(left).toHaveLength(1);
    expect([...world.machine(address).projects.keys()]).toEqual([]);
    const { calls } = world.machine(address);
    const wiped = calls.findIndex(({ method, project: of }) => method === 'destroy' && of === left[0]);
    const next = calls.findIndex(({ method, project: of }) => method === 'claim' && of !== left[0]);
    expect(wiped).toBeGreaterThan(-1);
    expect(next).toBeGreaterThan(wiped);
  });

  it('that is deleted waits for its tests, which clean up with its keys', async () => {
    const world = await begin(await withBackup());
    world.start();
    await world.until('the test to begin', async () => (await testOf(world))?.status?.testHost !== undefined);
    await world.cluster.delete(drillKind, { namespace: '', name: 'nightly' }, {}, { signal: never });
    await world.until(
      'it to be gone',
      async () =>
        (await world.cluster.find(drillKind, { namespace: '', name: 'nightly' }, { signal: never })) ===
        undefined,
    );
    expect((await testOf(world))?.status?.phase).toBe('Completed');
    expect([...world.machine(address).projects.keys()]).toEqual([]);
  });
});

it('a test restore that no drill asked for never begins on its host', async () => {
  const world = await begin(await withBackup(), aDrill({ state: 'Suspended' }));
  const made = {
    apiVersion: 'jtel.de/v1alpha1',
    kind: 'JtelRestore',
    metadata: { namespace: 'acme', name: 'mine' },
    spec: {
      stackRef: { name: 'main' },
      source: { backupRef: { name: 'made' } },
      mode: 'Test',
      test: { drillRef: { name: 'nightly' } },
    },
  };
  await world.cluster.create(restoreKind, made as never, { signal: never });
  world.start();
  await world.until('it to be told', async () => {
    const { status } = (await testOf(world, 'mine')) ?? {};
    return findCondition(status?.conditions, 'Ready')?.reason === 'DrillTurnMissing';
  });
  expect(world.machine(address).calls.filter(({ method }) => method !== 'observe')).toEqual([]);
});
