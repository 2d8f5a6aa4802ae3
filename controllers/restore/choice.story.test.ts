/** Which backup is restored when nobody names one: not the newest, if its stack had lost its data. */
import { afterEach, expect, it, vi } from 'vitest';
import { restoreKind, stackKind } from '../../crds/index.ts';
import { events } from '../../runtime/client/kinds.ts';
import type { Manifest } from '../../backup-format/manifest.ts';
import { ask, backupID, endState, installed } from '../../test/support/world/restores.ts';
import { killAll, World } from '../../test/support/world/world.ts';
import { storeBackup } from '../../test/support/stored-backup.ts';

const { signal: never } = new AbortController();
const emptyID = '20260302t020000z-00000b';
const ofNothing = (manifest: Manifest): Manifest => ({
  ...manifest,
  doubt: { emptied: [{ dataSet: 'database', backupID }] },
});

// Whole lives of a stack: a busy machine needs its time.
vi.setConfig({ testTimeout: 60_000 });

afterEach(killAll);

async function twoBackups(): Promise<World> {
  const world = await World.create();
  storeBackup(world.customer, { backupID });
  storeBackup(world.customer, { backupID: emptyID, change: ofNothing });
  return world;
}

it('a stack without data begins with the newest that has some, and says so', async () => {
  const world = await twoBackups();
  await installed(world, { initialData: { source: 'Auto' } });
  expect((await world.stack()).status?.data).toMatchObject({
    backupID,
    source: `backup ${backupID} (newer ones without content were skipped)`,
  });
  const told = await world.cluster.list(events, { namespace: 'acme' }, { signal: never });
  expect(told).toContainEqual(
    expect.objectContaining({
      type: 'Warning',
      reason: 'BackupEmptied',
      note: expect.stringContaining(emptyID),
    }),
  );
});

it('latestOf skips it and says so; by its backupID, or once it is accepted, it is brought back', async () => {
  const world = await twoBackups();
  await installed(world);
  const { status } = await ask(world);
  expect(status).toMatchObject({ phase: 'Completed', backupID });
  expect(status?.checks).toContainEqual({
    name: 'Choice',
    result: 'Passed',
    message: expect.stringContaining(emptyID),
  });
  const named = await ask(
    world,
    { source: { backupID: emptyID, storeRef: { name: 'customer' } }, mode: 'Plan' },
    'named',
  );
  expect(named.status).toMatchObject({ phase: 'Completed', backupID: emptyID });
  const manifest = named.status?.checks?.find(({ name }) => name === 'Manifest');
  expect(manifest?.message).toContain(`Nothing is in its database (${backupID} was the last`);
  const stack = await world.stack();
  await world.cluster.replace(
    stackKind,
    { ...stack, metadata: { ...stack.metadata, annotations: { 'jtel.de/accept-backup': emptyID } } },
    { signal: never },
  );
  expect((await ask(world, {}, 'accepted')).status).toMatchObject({
    phase: 'Completed',
    backupID: emptyID,
  });
  expect(endState(world)).toMatchObject({ data: `backup ${emptyID}` });
});

it('where only such backups are left, nothing is chosen, and no vanilla data are loaded in their place', async () => {
  const world = await World.create();
  storeBackup(world.customer, { backupID: emptyID, change: ofNothing });
  await installed(world, { initialData: { source: 'Vanilla' } });
  const { status } = await ask(world);
  expect(status).toMatchObject({
    phase: 'Failed',
    conditions: expect.arrayContaining([expect.objectContaining({ reason: 'BackupEmptied' })]),
  });
  await world.cluster.delete(restoreKind, { namespace: 'acme', name: 'back' }, {}, { signal: never });
});
