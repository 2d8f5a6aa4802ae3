/** Test restores from the first look to the end; and all kinds of restore with the operator killed before and after each effect. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { backupKind, restoreKind, stackKind, type JtelBackup } from '../../crds/index.ts';
import {
  aRestore,
  ask,
  backupID,
  effects,
  ended,
  endState,
  installed,
  killedEverywhere,
  project,
  ready,
  restoreOf,
  stackOf,
} from '../../test/support/world/restores.ts';
import { killAll, stackKey, World } from '../../test/support/world/world.ts';
import { storeBackup } from '../../test/support/stored-backup.ts';

const { signal: never } = new AbortController();

// Whole lives of a stack: a busy machine needs its time.
vi.setConfig({ testTimeout: 60_000 });

afterEach(killAll);

const counted = {
  tables: [{ schema: 'jtel', name: 't', rows: 5 }],
  sequences: 0,
  fileTrees: [{ name: 'files', files: 1, bytes: 100 }],
};

describe('a test restore', () => {
  it('restores beside the stack, counts, and leaves nothing behind', async () => {
    const world = await installed(await World.create());
    storeBackup(world.customer, { backupID, version: '3.44.0' });
    world.runJob = ({ type }) => ({ result: type === 'count' ? counted : {} });
    const { status } = await ask(world, {
      mode: 'Test',
      ifNotEmpty: 'Fail',
      preRestoreBackup: 'Skip',
    });
    expect(status).toMatchObject({
      phase: 'Completed',
      recoveryTimeSeconds: expect.any(Number),
    });
    expect(endState(world)).toMatchObject({ data: 'vanilla 3.44.0', projects: [project], jobs: 0 });
    expect(effects(world)).not.toContain('composeStop');
    await world.until(
      'the finalizer to go',
      async () =>
        (await restoreOf(world)).metadata.finalizers?.length === 0 ||
        (await restoreOf(world)).metadata.finalizers === undefined,
    );
  });

  it('fails when what was restored is not what was backed up, and still leaves nothing behind', async () => {
    const world = await installed(await World.create());
    storeBackup(world.customer, { backupID, version: '3.44.0' });
    world.runJob = ({ type }) => ({
      result: type === 'count' ? { ...counted, fileTrees: [{ name: 'files', files: 0, bytes: 0 }] } : {},
    });
    const { status } = await ask(world, {
      mode: 'Test',
      ifNotEmpty: 'Fail',
      preRestoreBackup: 'Skip',
    });
    expect(status).toMatchObject({
      phase: 'Failed',
      conditions: expect.arrayContaining([expect.objectContaining({ reason: 'VerificationFailed' })]),
    });
    expect(endState(world)).toMatchObject({ projects: [project], jobs: 0 });
  });

  it('that is deleted on the way removes what it made', async () => {
    const world = await installed(await World.create());
    storeBackup(world.customer, { backupID, version: '3.44.0' });
    world.runJob = ({ type }) => (type === 'restore' ? { durationMilliseconds: 1e9 } : { result: {} });
    await world.cluster.create(restoreKind, aRestore({ mode: 'Test', ifNotEmpty: 'Fail' }), {
      signal: never,
    });
    await world.until('the load', async () => world.machine().jobs.size > 0);
    await world.cluster.delete(restoreKind, { namespace: 'acme', name: 'back' }, {}, { signal: never });
    await world.until(
      'it to be gone',
      async () =>
        (await world.cluster.find(restoreKind, { namespace: 'acme', name: 'back' }, { signal: never })) ===
        undefined,
    );
    expect(endState(world)).toMatchObject({ projects: [project], jobs: 0 });
  });

  it.each([
    [
      'whose backup is forgotten',
      'BackupNotFound',
      async (world: World) =>
        world.cluster.delete(backupKind, { namespace: 'acme', name: 'made' }, {}, { signal: never }),
    ],
    [
      'whose manifest is no longer what it was',
      'BackupInvalid',
      async (world: World) => damageManifest(world),
    ],
    [
      'whose stack is deleted',
      expect.stringMatching(/^(Deleting|StackNotFound)$/),
      async (world: World) => world.cluster.delete(stackKind, stackKey, {}, { signal: never }),
    ],
  ])('%s on the way fails, and still leaves nothing behind', async (_, reason, spoil) => {
    const world = await installed(await World.create());
    storeBackup(world.customer, { backupID, version: '3.44.0' });
    await world.cluster.create(backupKind, madeBackup, { signal: never });
    await world.cluster.applyStatus(
      backupKind,
      { namespace: 'acme', name: 'made' },
      { phase: 'Completed', backupID, identity: 'acme.main', storeRef: { name: 'customer' } },
      {},
      { signal: never },
    );
    world.runJob = ({ type }) => (type === 'restore' ? { durationMilliseconds: 1e9 } : { result: {} });
    await world.cluster.create(
      restoreKind,
      aRestore({ mode: 'Test', ifNotEmpty: 'Fail', source: { backupRef: { name: 'made' } } }),
      { signal: never },
    );
    await world.until(
      'the load',
      async () => world.machine().jobs.size > 0 && (await restoreOf(world)).status?.phase === 'Loading',
    );
    await spoil(world);
    await world.until('the test to end', () => ended(world));
    expect((await restoreOf(world)).status).toMatchObject({
      phase: 'Failed',
      conditions: expect.arrayContaining([expect.objectContaining({ reason })]),
    });
    expect(endState(world)).toMatchObject({ projects: [project], jobs: 0 });
  });
});

it.each(['DatabaseKeysMissing', 'BlobArchived', 'StatementRefused'])(
  'a test restore whose load ends with %s is not tried again',
  async (reason) => {
    const world = await installed(await World.create());
    storeBackup(world.customer, { backupID, version: '3.44.0' });
    const said = 'it went wrong.';
    let tries = 0;
    world.runJob = ({ type }) => {
      if (type === 'restore') tries += 1;
      return type === 'restore' ? { error: { reason, message: said } } : { result: {} };
    };
    const { status } = await ask(world, {
      mode: 'Test',
      ifNotEmpty: 'Fail',
      preRestoreBackup: 'Skip',
    });
    expect(status).toMatchObject({ phase: 'Failed', message: expect.stringContaining(said) });
    expect(tries).toBe(1);
    expect(endState(world)).toMatchObject({ projects: [project], jobs: 0 });
  },
);

describe('a test restore that is deleted', () => {
  const elsewhere = {
    host: {
      address: '192.0.2.11',
      port: 22,
      user: 'jtel',
      bootstrap: 'Managed' as const,
      sshSecretRef: { name: 'ssh' },
      hostKeyFingerprints: ['SHA256:x'] as [string],
    },
  };

  it.each([
    ['with its stack leaves nothing behind on the stack’s host', {}, '192.0.2.10', forget],
    ['with its stack leaves nothing behind on another host', { test: elsewhere }, '192.0.2.11', forget],
    [
      'after its stack was sent to another host leaves nothing behind where it was made',
      {},
      '192.0.2.10',
      move,
    ],
  ])('%s', async (_, spec, address, change) => {
    const world = await installed(await World.create());
    storeBackup(world.customer, { backupID, version: '3.44.0' });
    world.runJob = ({ type }) => (type === 'restore' ? { durationMilliseconds: 1e9 } : { result: {} });
    const { projects, jobs } = world.machine(address);
    await world.cluster.create(restoreKind, aRestore({ mode: 'Test', ifNotEmpty: 'Fail', ...spec }), {
      signal: never,
    });
    await world.until('the load', async () => jobs.size > 0);
    await world.kill();
    // No operator runs now: the next one finds all of it at once.
    await world.cluster.delete(restoreKind, { namespace: 'acme', name: 'back' }, {}, { signal: never });
    await change(world);
    world.start();
    await world.until(
      'it to be gone',
      async () =>
        (await world.cluster.find(restoreKind, { namespace: 'acme', name: 'back' }, { signal: never })) ===
        undefined,
    );
    expect([...projects.keys()].filter((name) => name.startsWith('jtel-test-'))).toEqual([]);
    expect([...jobs.keys()].filter((uid) => uid.endsWith('-restore'))).toEqual([]);
  });
});

async function move(world: World): Promise<void> {
  const stack = await world.stack();
  await world.cluster.replace(
    stackKind,
    { ...stack, spec: { ...stack.spec, host: { ...stack.spec.host, address: '192.0.2.12' } } },
    { signal: never },
  );
}

/** Deletes the stack's object, as `kubectl delete` does after somebody removed its finalizer. */
async function forget(world: World): Promise<void> {
  const stack = await world.stack();
  await world.cluster.replace(
    stackKind,
    { ...stack, metadata: { ...stack.metadata, finalizers: [] } },
    { signal: never },
  );
  await world.cluster.delete(stackKind, stackKey, {}, { signal: never });
}

const madeBackup = {
  apiVersion: 'jtel.de/v1alpha1',
  kind: 'JtelBackup',
  metadata: { namespace: 'acme', name: 'made' },
  spec: { stackRef: { name: 'main' }, trigger: 'Manual', verify: 'Checksum' },
} as unknown as JtelBackup;

function damageManifest({ customer }: World): void {
  for (const [name, blob] of customer.blobs)
    if (name.endsWith('/manifest.json')) customer.blobs.set(name, { ...blob, content: Buffer.from('{}') });
}

describe('killed before or after any effect', () => {
  const completed = async (world: World): Promise<boolean> =>
    (await restoreOf(world)).status?.phase === 'Completed';

  it.each([
    [
      'a test restore',
      15,
      async () => {
        const world = await withBackup('3.44.0');
        world.runJob = ({ type }) => ({ result: type === 'count' ? counted : {} });
        await world.cluster.create(restoreKind, aRestore({ mode: 'Test', ifNotEmpty: 'Fail' }), {
          signal: never,
        });
        return world;
      },
      completed,
    ],
    [
      'a restore over data',
      20,
      async () => {
        const world = await withBackup();
        await world.cluster.create(restoreKind, aRestore(), { signal: never });
        return world;
      },
      async (world: World) => (await completed(world)) && (await ready(world)),
    ],
    [
      'a first load from a backup',
      20,
      async () => {
        const world = await World.create();
        storeBackup(world.customer, { backupID });
        await world.apply(stackOf({ initialData: { source: 'Auto' } }));
        return world;
      },
      ready,
    ],
  ] as const)(
    '%s ends the same',
    async (_, atLeast, create, done) => {
      const [whole, ...killed] = await killedEverywhere(create, done);
      for (const { crashAt, endState: end } of killed)
        expect(end, `after a kill at effect ${crashAt}`).toEqual(whole?.endState);
      expect(killed.length).toBeGreaterThan(atLeast);
    },
    120_000,
  );
});

/** A Ready stack, a backup in its store, and no operator. */
async function withBackup(version = '3.43.2'): Promise<World> {
  const world = await World.create();
  const process = await installed(world);
  storeBackup(world.customer, { backupID, version });
  await process.kill();
  return world;
}
