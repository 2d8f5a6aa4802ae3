/** Who may change a host: its owner with the newest epoch. */
import { describe, expect, it } from 'vitest';
import { aFence, anOwner, aRelease } from '../../support/host-builders.ts';
import { signal } from './bench.ts';
import type { HostBench } from './bench.ts';

export function claimCases(bench: HostBench): void {
  describe('who may change it', () => {
    it('is the first to claim it, for good', async () => {
      const { host, project } = await bench.start();
      const state = await host.claim(project, aFence(3), signal);
      const { facts, state: seen } = await host.observe(project, 'quick', signal);
      expect(state).toMatchObject({
        formatVersion: 1,
        owner: anOwner(),
        epoch: 3,
        machineID: facts.machineID,
      });
      expect(seen).toEqual(state);
      expect(await host.claim(project, aFence(3), signal)).toEqual(state);
    });

    it('is nobody before a claim', async () => {
      const { host, project, image } = await bench.start();
      await expect(
        host.writeRelease(project, aRelease(project, image), aFence(), signal),
      ).rejects.toMatchObject({ reason: 'Fenced' });
      expect((await host.observe(project, 'quick', signal)).releases).toEqual([]);
    });

    it('is not another stack: it is told who owns the host', async () => {
      const { host, project } = await bench.start();
      await host.claim(project, aFence(), signal);
      const other = aFence(9, anOwner({ name: 'other', uid: 'uid-other' }));
      await expect(host.claim(project, other, signal)).rejects.toMatchObject({
        reason: 'HostOwned',
        message: expect.stringContaining('demo/acme'),
      });
      await expect(host.prune(project, [], other, signal)).rejects.toMatchObject({ reason: 'HostOwned' });
      await expect(host.destroy(project, other, signal)).rejects.toMatchObject({ reason: 'HostOwned' });
      expect((await host.observe(project, 'quick', signal)).state).toMatchObject({
        owner: anOwner(),
        epoch: 1,
      });
    });

    it('is the stack of the same name that was deleted and applied again, from its first claim with a newer epoch', async () => {
      const { host, project } = await bench.start();
      const later = anOwner({ uid: 'uid-later' });
      await host.claim(project, aFence(3), signal);
      await host.record(project, { data: { source: 'vanilla 1' } }, aFence(3), signal);
      for (const epoch of [2, 3])
        await expect(host.claim(project, aFence(epoch, later), signal)).rejects.toMatchObject({
          reason: 'HostOwned',
        });
      await expect(host.prune(project, [], aFence(4, later), signal)).rejects.toMatchObject({
        reason: 'HostOwned',
      });
      expect(await host.claim(project, aFence(4, later), signal)).toMatchObject({
        owner: later,
        epoch: 4,
        data: { source: 'vanilla 1' },
      });
      expect((await host.observe(project, 'quick', signal)).state).toMatchObject({ owner: later, epoch: 4 });
      await host.prune(project, [], aFence(4, later), signal);
      await expect(host.prune(project, [], aFence(3), signal)).rejects.toMatchObject({ reason: 'HostOwned' });
      await expect(host.claim(project, aFence(4), signal)).rejects.toMatchObject({ reason: 'HostOwned' });
    });

    it('is not a stack of the same name in another namespace or cluster, however new its epoch', async () => {
      const { host, project } = await bench.start();
      await host.claim(project, aFence(), signal);
      for (const other of [{ namespace: 'prod' }, { clusterID: 'cluster-2' }]) {
        await expect(
          host.claim(project, aFence(9, anOwner({ ...other, uid: 'uid-other' })), signal),
        ).rejects.toMatchObject({ reason: 'HostOwned' });
      }
    });

    it('is not who holds an older epoch', async () => {
      const { host, project, image } = await bench.start();
      await host.claim(project, aFence(5), signal);
      await expect(host.claim(project, aFence(4), signal)).rejects.toMatchObject({ reason: 'Fenced' });
      await expect(
        host.writeRelease(project, aRelease(project, image), aFence(4), signal),
      ).rejects.toMatchObject({ reason: 'Fenced' });
      await expect(host.record(project, { data: { source: 'x' } }, aFence(4), signal)).rejects.toMatchObject({
        reason: 'Fenced',
      });
    });

    it('a newer epoch takes over with its first step, whatever that is', async () => {
      const { host, project } = await bench.start();
      await host.claim(project, aFence(5), signal);
      await host.prune(project, [], aFence(7), signal);
      expect((await host.observe(project, 'quick', signal)).state?.epoch).toBe(7);
      await expect(host.prune(project, [], aFence(6), signal)).rejects.toMatchObject({ reason: 'Fenced' });
    });
  });
}
