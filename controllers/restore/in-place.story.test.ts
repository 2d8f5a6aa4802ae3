/** Restores over data on a host without room for both: refused, or done in place if somebody accepted that. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { restoreKind } from '../../crds/index.ts';
import { isNew, runJob, volumes, withBackup } from '../../test/support/world/over-data.ts';
import {
  aRestore,
  ask,
  backupID,
  effects,
  endState,
  ready,
  restoreOf,
} from '../../test/support/world/restores.ts';
import { killAll, type World } from '../../test/support/world/world.ts';
import type { storeBackup } from '../../test/support/stored-backup.ts';

const { signal: never } = new AbortController();

// Whole lives of a stack: a busy machine needs its time.
vi.setConfig({ testTimeout: 60_000 });

afterEach(killAll);

async function full(options: Parameters<typeof storeBackup>[1] = {}): Promise<World> {
  const world = await withBackup(options);
  world.machine().facts = { ...world.machine().facts, diskFreeBytes: 2 ** 20 };
  await world.until(
    'the disk to be seen',
    async () => ((await world.stack()).status?.host?.diskFreeBytes ?? 0) <= 2 ** 20,
  );
  return world;
}

const big = (manifest: { dataSets: readonly { name: string }[]; totals: object }): object => ({
  ...manifest,
  dataSets: manifest.dataSets.map((set) => (set.name === 'files' ? { ...set, bytes: 2 ** 30 } : set)),
  totals: { ...manifest.totals, totalBytes: 2 ** 30 + 900 },
});

describe('without room for both', () => {
  it('is refused with the numbers, before anything is touched', async () => {
    const world = await full({ change: big });
    const { status } = await ask(world);
    expect(status).toMatchObject({
      phase: 'Failed',
      conditions: expect.arrayContaining([expect.objectContaining({ reason: 'NoRoomBeside' })]),
    });
    expect(effects(world)).not.toContain('composeStop');
  });

  it('is done in place when that was accepted: the stack is stopped first, and there is nothing to undo', async () => {
    const world = await full({ change: big });
    const before = effects(world).length;
    const { status } = await ask(world, { inPlace: 'Accept' });
    expect(status).toMatchObject({ phase: 'Completed' });
    const done = effects(world).slice(before);
    expect(done.indexOf('composeStop')).toBeLessThan(done.lastIndexOf('startJob'));
    await world.until('the stack to be Ready', () => ready(world));
    expect(volumes(world).some((name) => isNew(name))).toBe(false);
    expect((await world.stack()).status?.previousData).toBeUndefined();
  });

  it('a load that breaks while it writes leaves the stack stopped, says so, and can be made good by another', async () => {
    const world = await full({ change: big });
    runJob(world, { '-restore': { error: { reason: 'DataSetCorrupt', message: 'a pack is damaged.' } } });
    const { status } = await ask(world, { inPlace: 'Accept' });
    expect(status).toMatchObject({
      phase: 'Failed',
      conditions: expect.arrayContaining([expect.objectContaining({ reason: 'BackupInvalid' })]),
    });
    await world.until(
      'the stack to say so',
      async () =>
        (await world.stack()).status?.conditions?.find(({ type }) => type === 'DataLoaded')?.reason ===
        'DataIncomplete',
    );
    expect(endState(world)).toMatchObject({ incomplete: 'Incomplete', version: undefined });
    world.runJob = () => ({ result: {} });
    expect((await ask(world, { inPlace: 'Accept' }, 'again')).status).toMatchObject({
      phase: 'Completed',
    });
    expect(endState(world)).toMatchObject({ incomplete: undefined, data: `backup ${backupID}` });
  });

  it('a restore that is deleted while it overwrites ends, and nothing is started on what it left', async () => {
    const world = await full({ change: big });
    runJob(world, { '-restore': { durationMilliseconds: 1e9 } });
    await world.cluster.create(restoreKind, aRestore({ inPlace: 'Accept' }), { signal: never });
    await world.until('the load', async () => (await world.stack()).status?.dataOrder?.state === 'Loading');
    expect((await restoreOf(world)).status?.phase).toBe('Loading');
    await world.cluster.delete(restoreKind, { namespace: 'acme', name: 'back' }, {}, { signal: never });
    await world.until(
      'the stack to say so',
      async () =>
        (await world.stack()).status?.conditions?.find(({ type }) => type === 'DataLoaded')?.reason ===
        'DataIncomplete',
    );
    expect(endState(world)).toMatchObject({ incomplete: 'Incomplete', jobs: 0 });
  });
});
