/** The story of a backup over a world in memory that goes wrong: stores, hosts and jobs that do not do as they should. */
import { afterEach, describe, expect, it } from 'vitest';
import type { JtelBackup } from '../../crds/index.ts';
import { expectRestorable, Process, untilEnded, untilOver, World } from '../../test/support/backup-world.ts';
import { waitFor } from '../../test/support/wait.ts';
import { storeLikeAJob } from './testing.ts';

let running: Process | undefined;
afterEach(() => running?.kill());

async function ended(world: World): Promise<JtelBackup> {
  running = new Process(world);
  return await untilEnded(world, running);
}

describe('a backup that meets trouble', () => {
  it.each(['rlc', 'rwl'])(
    'to a store with nothing but a SAS (%s) fails at once, says what to do, and touches no host',
    async (rights) => {
      const world = await World.create();
      world.blobs.sasRights = rights;
      const calls = world.machine.calls.length;
      const backup = await ended(world);
      expect(backup.status).toMatchObject({
        phase: 'Failed',
        message: expect.stringContaining('give the account key'),
      });
      expect(backup.status?.conditions).toContainEqual(
        expect.objectContaining({ reason: 'StoreCannotSign' }),
      );
      expect(
        world.machine.calls
          .slice(calls)
          .map(({ method }) => method)
          .filter((method) => method !== 'observe'),
      ).toEqual([]);
    },
  );

  it('is committed when its store lost the account key while the job ran', async () => {
    const world = await World.create({
      job: (_count, input, { blobs }) => {
        blobs.sasRights = 'rlc';
        return { result: storeLikeAJob(blobs, input) };
      },
    });
    expect((await ended(world)).status).toMatchObject({ phase: 'Completed', attempt: 1 });
  });

  it('is tried again after a reboot, and succeeds', async () => {
    const world = await World.create({
      job: (count, input, { blobs }) =>
        count < 3
          ? { error: { reason: 'JobFailed', message: 'it was ended with exit code 255' } }
          : { result: storeLikeAJob(blobs, input) },
    });
    const backup = await ended(world);
    expect(backup.status).toMatchObject({ phase: 'Completed', attempt: 3 });
    expect(world.machine.jobs.size).toBe(0);
    await expectRestorable(world, backup);
  });

  it('is not given up, nor let go, while Docker on its host does not answer', async () => {
    const world = await World.create({
      job: (_count, input, { blobs }) => ({ durationMilliseconds: 50, result: storeLikeAJob(blobs, input) }),
    });
    running = new Process(world);
    await waitFor('the job', () => world.machine.jobs.size === 1, { intervalMilliseconds: 2 });
    const { facts } = world.machine;
    world.machine.withoutDocker();
    const hiding = [...world.machine.jobs];
    world.machine.jobs.clear();
    await waitFor(
      'that to be told',
      async () => (await world.backup())?.status?.message?.includes('does not answer'),
      { intervalMilliseconds: 2 },
    );
    world.machine.facts = facts;
    for (const [uid, job] of hiding) world.machine.jobs.set(uid, job);
    expect(await untilOver(world, running)).toMatchObject({ status: { phase: 'Completed', attempt: 1 } });
    expect(world.machine.jobs.size).toBe(0);
  });

  it('fails after its last try, leaves no manifest and no job', async () => {
    const world = await World.create({ job: () => ({ oomKilled: true }) });
    const backup = await ended(world);
    expect(backup.status).toMatchObject({
      phase: 'Failed',
      attempt: 6,
      message: expect.stringContaining('needed more memory'),
    });
    expect(world.manifests()).toEqual([]);
    expect(world.machine.jobs.size).toBe(0);
  });

  it('whose packs are not all there relies on nothing in its next try', async () => {
    const world = await World.create({
      job: (count, input, { blobs }) => {
        const result = storeLikeAJob(blobs, input);
        if (count === 1)
          for (const name of blobs.blobs.keys()) if (name.includes('/packs/')) blobs.blobs.delete(name);
        return { result };
      },
    });
    const backup = await ended(world);
    expect(backup.status).toMatchObject({ phase: 'Completed', attempt: 2 });
    expect(world.jobs.map(({ known }) => known.length)).toEqual([0, 0]);
    await expectRestorable(world, backup);
  });

  it.each([
    ['lies about its sizes', { totalBytes: -1 }],
    ['is of another backup', { backupID: '20200101t000000z-abcdef' }],
    ['names a path', { packList: { name: '../../x', bytes: 1, sha256: 'a'.repeat(64), md5: '' } }],
    ['has no data sets', { dataSets: [], totalBytes: 0 }],
  ])('by a job that %s is no backup', async (_, lie) => {
    const world = await World.create({
      job: (_count, input, { blobs }) => ({ result: { ...storeLikeAJob(blobs, input), ...lie } }),
    });
    const backup = await ended(world);
    expect(backup.status).toMatchObject({ phase: 'Failed' });
    expect(world.manifests()).toEqual([]);
  });

  it('in a store that would let it be deleted is Failed where that must not be, Completed and told where it may', async () => {
    const required = await ended(await World.create({ immutable: false }));
    expect(required.status).toMatchObject({
      phase: 'Failed',
      immutability: { state: 'Unprotected' },
      message: expect.stringContaining('demands immutability'),
    });
    await running?.kill();
    const preferred = await ended(await World.create({ immutable: false, policy: 'Preferred' }));
    expect(preferred.status).toMatchObject({ phase: 'Completed', immutability: { state: 'Unprotected' } });
  });

  it('is not Completed where the store demands immutability and its policy can be removed or is too short', async () => {
    const unlocked = await ended(
      await World.create({ retention: { kind: 'TimeBased', days: 365, isLocked: false } }),
    );
    expect(unlocked.status).toMatchObject({
      phase: 'Failed',
      immutability: { state: 'Unprotected' },
      message: expect.stringMatching(/demands immutability.*is not locked/),
    });
    await running?.kill();
    const short = await ended(
      await World.create({ retention: { kind: 'TimeBased', days: 200, isLocked: true } }),
    );
    expect(short.status).toMatchObject({
      phase: 'Failed',
      message: expect.stringMatching(/200 days are fewer than the 210/),
    });
    await running?.kill();
    const good = await ended(
      await World.create({ retention: { kind: 'TimeBased', days: 210, isLocked: true } }),
    );
    expect(good.status).toMatchObject({ phase: 'Completed', immutability: { state: 'Verified' } });
  });
});
