/** A stack that lives on another host now: this host keeps its data, and starts nothing of it. */
import { describe, expect, it } from 'vitest';
import { aFence, aJob } from '../../support/host-builders.ts';
import { signal } from './bench.ts';
import type { HostBench } from './bench.ts';

const elsewhere = { address: 'new-host.example' };

export function moveCases(bench: HostBench): void {
  describe('a stack that was moved away', () => {
    it('has no containers any more, but its data, and says where it is', async () => {
      const { host, project } = await bench.applied();
      const state = await host.markMoved(project, elsewhere, aFence(2), signal);
      const seen = await host.observe(project, 'full', signal);
      expect(seen.state).toEqual(state);
      expect(seen.state).toMatchObject({
        epoch: 2,
        moved: { ...elsewhere, time: expect.stringMatching(/^\d{4}-/) },
      });
      expect(seen).toMatchObject({ containers: [], volumes: [`${project}_data`] });
    });

    it('is told once: said again, the time stays', async () => {
      const { host, project } = await bench.applied();
      const first = await host.markMoved(project, elsewhere, aFence(), signal);
      expect(await host.markMoved(project, elsewhere, aFence(), signal)).toEqual(first);
      await host.record(
        project,
        { data: { source: 'backup', backupID: '20260105t020000z-3f9a1c', requestUID: 'uid-restore' } },
        aFence(),
        signal,
      );
      const { state } = await host.observe(project, 'quick', signal);
      expect(state).toMatchObject({
        moved: first.moved,
        data: { source: 'backup', backupID: '20260105t020000z-3f9a1c', requestUID: 'uid-restore' },
      });
    });

    it('is not started here, wholly or in part, and no job is', async () => {
      const { host, project, image, release } = await bench.applied();
      await host.markMoved(project, elsewhere, aFence(), signal);
      const moved = { reason: 'Moved', message: expect.stringContaining(elsewhere.address) };
      await expect(host.composeUp(project, release, 'all', aFence(), signal)).rejects.toMatchObject(moved);
      await expect(host.composeUp(project, release, ['db'], aFence(), signal)).rejects.toMatchObject(moved);
      await expect(
        host.startJob(project, aJob(`${project}-late`, project, image), aFence(), signal),
      ).rejects.toMatchObject(moved);
      expect(await host.observe(project, 'quick', signal)).toMatchObject({ containers: [], jobs: [] });
    });

    it('is stopped, pruned and removed like any other, also its jobs', async () => {
      const { host, project, image, release } = await bench.applied();
      await host.startJob(project, aJob(`${project}-early`, project, image), aFence(), signal);
      await host.markMoved(project, elsewhere, aFence(), signal);
      await host.composeStop(project, aFence(), signal);
      await host.removeJob(`${project}-early`, aFence(), signal);
      await host.writeRelease(project, release, aFence(), signal);
      await host.prune(project, [], aFence(), signal);
      await host.destroy(project, aFence(), signal);
      expect((await host.observe(project, 'quick', signal)).state).toBeUndefined();
    });

    it('comes back when it is told to, with its data', async () => {
      const { host, project, release } = await bench.applied();
      await host.markMoved(project, elsewhere, aFence(), signal);
      const state = await host.markMoved(project, undefined, aFence(), signal);
      expect(state).not.toHaveProperty('moved');
      await host.composeUp(project, release, 'all', aFence(), signal);
      const seen = await host.observe(project, 'quick', signal);
      expect(seen.containers.map((one) => one.state)).toEqual(['running', 'running']);
      expect(seen.volumes).toEqual([`${project}_data`]);
    });

    it('is not moved by the outdated, nor by a stranger', async () => {
      const { host, project } = await bench.applied();
      await host.prune(project, [], aFence(3), signal);
      await expect(host.markMoved(project, elsewhere, aFence(2), signal)).rejects.toMatchObject({
        reason: 'Fenced',
      });
      expect((await host.observe(project, 'quick', signal)).containers).toHaveLength(2);
    });
  });
}
