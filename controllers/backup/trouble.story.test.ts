/** The story of a backup that goes wrong, over a world in memory: stores, hosts and jobs fail. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { backupKind, stackKind, type JtelBackup, type JtelStack } from '../../crds/index.ts';
import { findCondition } from '../../runtime/report/conditions.ts';
import {
  backupAskedFor,
  backupOf,
  ended,
  expectRestorable,
  key,
  manifests,
  untilOver,
  type BackupOptions,
} from '../../test/support/world/backups.ts';
import { effects, ready } from '../../test/support/world/restores.ts';
import { noteTold, troublesIn } from '../../test/support/world/told.ts';
import { killAll, stackKey } from '../../test/support/world/world.ts';
import { waitFor } from '../../test/support/wait.ts';
import { storeLikeAJob } from './testing.ts';

// Whole lives of a stack: a busy machine needs its time.
vi.setConfig({ testTimeout: 60_000 });

afterEach(killAll);

describe('a backup that meets trouble', () => {
  it.each(['rlc', 'rwl'])(
    'to a store with nothing but a SAS (%s) fails at once, says what to do, and touches no host',
    async (rights) => {
      const { world } = await backupAskedFor();
      world.customer.sasRights = rights;
      const before = effects(world).length;
      const backup = await ended(world);
      expect(backup.status?.phase).toBe('Failed');
      expect(backup.status?.conditions).toContainEqual(
        expect.objectContaining({ reason: 'StoreCannotSign' }),
      );
      expect(effects(world).slice(before)).toEqual([]);
    },
  );

  it('is committed when its store lost the account key while the job ran', async () => {
    const { world } = await backupAskedFor({
      job: (_count, input, { customer: blobs }) => {
        blobs.sasRights = 'rlc';
        return { result: storeLikeAJob(blobs, input) };
      },
    });
    expect((await ended(world)).status).toMatchObject({ phase: 'Completed', attempt: 1 });
  });

  it('is tried again after a reboot, and succeeds', async () => {
    const { world } = await backupAskedFor({
      job: (count, input, { customer: blobs }) =>
        count < 3
          ? { error: { reason: 'JobFailed', message: 'it was ended with exit code 255' } }
          : { result: storeLikeAJob(blobs, input) },
    });
    const backup = await ended(world);
    expect(backup.status).toMatchObject({ phase: 'Completed', attempt: 3 });
    expect(world.machine().jobs.size).toBe(0);
    await expectRestorable(world, backup);
  });

  it('is not given up, nor let go, while Docker on its host does not answer', async () => {
    const { world } = await backupAskedFor({
      job: (_count, input, { customer: blobs }) => ({
        durationMilliseconds: 1e9,
        result: storeLikeAJob(blobs, input),
      }),
    });
    // Otherwise the operator would repair it.
    const { spec } = await world.stack();
    await world.change({ host: { ...spec.host, bootstrap: 'Preinstalled' } });
    world.start();
    await waitFor('the job', () => world.machine().jobs.size === 1, { intervalMilliseconds: 2 });
    const { facts } = world.machine();
    world.machine().withoutDocker();
    const hiding = [...world.machine().jobs];
    world.machine().jobs.clear();
    await waitFor(
      'that to be told',
      async () => (await backupOf(world))?.status?.message?.includes('does not answer'),
      { intervalMilliseconds: 2 },
    );
    world.machine().facts = facts;
    for (const [uid, job] of hiding)
      world.machine().jobs.set(uid, { ...job, outcome: { ...job.outcome, durationMilliseconds: 0 } });
    expect(await untilOver(world)).toMatchObject({ status: { phase: 'Completed', attempt: 1 } });
    expect(world.machine().jobs.size).toBe(0);
  });

  it.each([
    ['runs', 'Orphan', 1e9],
    ['runs', 'Stop', 1e9],
    ['has ended', 'Orphan', 0],
    ['has ended', 'Stop', 0],
  ] as const)(
    'leaves no job on the host when its stack is deleted while it %s (%s)',
    async (_, deletionPolicy, durationMilliseconds) => {
      const { world } = await backupAskedFor({
        job: (_count, input, { customer: blobs }) => ({
          durationMilliseconds,
          result: storeLikeAJob(blobs, input),
        }),
      });
      await world.change({ deletionPolicy });
      const { jobs } = world.machine();
      const started = world.start();
      const isStarted = (): boolean => jobs.size === 1 && started.log.includes('after startJob');
      await world.until('the job', isStarted);
      const { signal } = new AbortController();
      await world.cluster.delete(stackKind, stackKey, {}, { signal });
      await world.until('the stack to go', async () => (await world.find()) === undefined);
      expect([...jobs.keys()]).toEqual([]);
      const backup = await untilOver(world);
      expect(backup).toMatchObject({
        status: { phase: durationMilliseconds === 0 ? 'Completed' : 'Failed' },
      });
    },
  );

  it('does not take the host for a stack that was deleted by force and applied again: that is for the stack', async () => {
    const { world } = await backupAskedFor({
      job: (_count, input, { customer: blobs }) => ({
        durationMilliseconds: 1e9,
        result: storeLikeAJob(blobs, input),
      }),
    });
    const { jobs } = world.machine();
    world.start();
    await world.until('the job', () => jobs.size === 1);
    await world.kill();
    const { signal } = new AbortController();
    const before = await world.stack();
    await world.cluster.patchFinalizers(stackKind, before, [], { signal });
    await world.cluster.delete(stackKind, stackKey, {}, { signal });
    const { apiVersion, kind, spec } = before;
    const metadata = { ...stackKey } as JtelStack['metadata'];
    await world.apply({ apiVersion, kind, metadata, spec: { ...spec, suspend: true } });
    await world.cluster.delete(backupKind, key, {}, { signal });
    const told = noteTold(world);
    world.start();
    const reason = async (): Promise<unknown> =>
      findCondition((await backupOf(world))?.status?.conditions, 'Progressing')?.reason;
    await world.until('the backup to wait for the stack', async () => (await reason()) === 'HostOwned');
    expect(world.machine().projects.get('jtel-acme-main')?.owner.uid).toBe(before.metadata.uid);
    await world.change({ suspend: false });
    await world.until('the stack to be Ready', () => ready(world));
    expect(await untilOver(world)).toBe('gone');
    expect(jobs.size).toBe(0);
    expect(troublesIn(told, () => false)).toEqual([]);
  });

  it('fails after its last try, leaves no manifest and no job', async () => {
    const { world } = await backupAskedFor({ job: () => ({ oomKilled: true }) });
    const backup = await ended(world);
    expect(backup.status).toMatchObject({
      phase: 'Failed',
      attempt: 6,
      conditions: expect.arrayContaining([expect.objectContaining({ reason: 'JobFailed' })]),
    });
    expect(manifests(world)).toEqual([]);
    expect(world.machine().jobs.size).toBe(0);
  });

  it('whose packs are not all there relies on nothing in its next try', async () => {
    const { world, jobs } = await backupAskedFor({
      job: (count, input, { customer: blobs }) => {
        const result = storeLikeAJob(blobs, input);
        if (count === 1)
          for (const name of blobs.blobs.keys()) if (name.includes('/packs/')) blobs.blobs.delete(name);
        return { result };
      },
    });
    const backup = await ended(world);
    expect(backup.status).toMatchObject({ phase: 'Completed', attempt: 2 });
    expect(jobs.map(({ input }) => input.known.length)).toEqual([0, 0]);
    await expectRestorable(world, backup);
  });

  it.each([
    ['lies about its sizes', { totalBytes: -1 }],
    ['is of another backup', { backupID: '20200101t000000z-abcdef' }],
    ['names a path', { packList: { name: '../../x', bytes: 1, sha256: 'a'.repeat(64), md5: '' } }],
    ['has no data sets', { dataSets: [], totalBytes: 0 }],
  ])('by a job that %s is no backup', async (_, lie) => {
    const { world } = await backupAskedFor({
      job: (_count, input, { customer: blobs }) => ({ result: { ...storeLikeAJob(blobs, input), ...lie } }),
    });
    const backup = await ended(world);
    expect(backup.status).toMatchObject({ phase: 'Failed' });
    expect(manifests(world)).toEqual([]);
  });

  const statusOf = async (options: BackupOptions): Promise<JtelBackup['status']> =>
    (await ended((await backupAskedFor(options)).world)).status;

  it('in a store that would let it be deleted is Failed where that must not be, Completed and told where it may', async () => {
    expect(await statusOf({ immutable: false })).toMatchObject({
      phase: 'Failed',
      immutability: { state: 'Unprotected' },
      conditions: expect.arrayContaining([expect.objectContaining({ reason: 'NotImmutable' })]),
    });
    expect(await statusOf({ immutable: false, policy: 'Preferred' })).toMatchObject({
      phase: 'Completed',
      immutability: { state: 'Unprotected' },
    });
  });

  it('is not Completed where the store demands immutability and its policy can be removed or is too short', async () => {
    expect(await statusOf({ retention: { kind: 'TimeBased', days: 365, isLocked: false } })).toMatchObject({
      phase: 'Failed',
      immutability: { state: 'Unprotected' },
      conditions: expect.arrayContaining([expect.objectContaining({ reason: 'NotImmutable' })]),
    });
    expect(await statusOf({ retention: { kind: 'TimeBased', days: 200, isLocked: true } })).toMatchObject({
      phase: 'Failed',
      conditions: expect.arrayContaining([expect.objectContaining({ reason: 'NotImmutable' })]),
    });
    expect(await statusOf({ retention: { kind: 'TimeBased', days: 210, isLocked: true } })).toMatchObject({
      phase: 'Completed',
      immutability: { state: 'Verified' },
    });
  });
});
